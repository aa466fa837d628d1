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

import java.util.List;
import java.util.SplittableRandom;

/** All chance of one schedule. */
final class Randomness {

	private final SplittableRandom random;

	Randomness(long seed) {
		this.random = new SplittableRandom(seed);
	}

	boolean chance(int percent) {
		return this.random.nextInt(100) < percent;
	}

	int below(int bound) {
		return this.random.nextInt(bound);
	}

	long between(long from, long to) {
		return (to <= from) ? from : this.random.nextLong(from, to + 1);
	}

	long number() {
		return this.random.nextLong();
	}

	<T> T one(List<T> list) {
		return list.get(below(list.size()));
	}

}
