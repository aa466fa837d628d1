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

package io.github.reliablekafka.spool;

import java.util.Random;

/**
 * {@link SegmentSpool} does what a store has to do, on a disk whose power is cut.
 */
class SegmentSpoolContractTests extends SpoolStoreContract {

	private static final SpoolOptions OPTIONS = new SpoolOptions("shop", 64 * 64 * 1024, 64 * 1024, 0, false);

	@Override
	Place place() {
		return new Place() {

			private CrashDisk disk = new CrashDisk();

			private final Random survivors = new Random(1);

			@Override
			public SpoolStore open() throws Exception {
				return SegmentSpool.open(this.disk, OPTIONS);
			}

			@Override
			public void kill(SpoolStore store) {
				this.disk = this.disk.restart(this.survivors);
			}

		};
	}

}
