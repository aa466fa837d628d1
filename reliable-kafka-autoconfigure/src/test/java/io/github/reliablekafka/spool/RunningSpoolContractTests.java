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

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.io.TempDir;

/**
 * {@link SegmentSpool} does what a store has to do while its own threads write, in files.
 * Its process does not die here: the lock of the directory is its.
 */
class RunningSpoolContractTests extends SpoolStoreContract {

	@TempDir
	Path directory;

	@Override
	boolean isToldByFlush() {
		return false;
	}

	@Override
	Place place() throws Exception {
		Path base = Files.createTempDirectory(this.directory, "spool");
		return new Place() {

			@Override
			public SpoolStore open() throws Exception {
				return SpoolDirectory.open(base, SpoolOptions.of("shop", 4 << 20, 0, false));
			}

			@Override
			public void kill(SpoolStore store) {
				store.close();
			}

		};
	}

}
