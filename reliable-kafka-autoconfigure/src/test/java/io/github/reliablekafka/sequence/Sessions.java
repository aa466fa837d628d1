/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.reliablekafka.sequence;

import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/** The seam to the producer's side. */
final class Sessions {

	private Sessions() {
	}

	/** Most producers are those of production, some have many more anchors than those. */
	static Numbering open(Randomness random, LongSupplier nanoClock, boolean transactional) {
		SplittableRandom ids = new SplittableRandom(random.number());
		if (random.chance(75)) {
			return new ProductionNumbering(ids::nextLong, nanoClock, transactional);
		}
		return new ModelNumbering(ids.nextLong(), 1 + random.below(8), transactional);
	}

}
