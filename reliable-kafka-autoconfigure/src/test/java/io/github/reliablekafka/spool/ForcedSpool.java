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

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.sequence.ChildProcess;

/**
 * A process that appends until its disk fails, and says what was confirmed.
 */
public final class ForcedSpool {

	private ForcedSpool() {
	}

	public static void main(String[] args) throws Exception {
		Path base = Path.of(args[0].substring("--base=".length()));
		SegmentSpool spool = SpoolDirectory.open(base, SpoolOptions.of("shop", 8 << 20, 0, false));
		SpoolLane lane = spool.lane("main", "orders", 0);
		try {
			for (long number = 0;; number++) {
				SpoolRecord record = new SpoolRecord(-1, number, 1, null, new byte[1000], List.of());
				spool.append(lane, record, TimeUnit.SECONDS.toNanos(5), confirmation(number));
				TimeUnit.MILLISECONDS.sleep(1);
			}
		}
		catch (SpoolException ex) {
			ChildProcess.say(ex.kind(), String.valueOf(ex.getMessage()).replace(' ', '_'));
		}
		TimeUnit.MINUTES.sleep(2);
	}

	private static SpoolStore.Confirmation confirmation(long number) {
		return new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				ChildProcess.say("CONFIRMED", number);
			}

			@Override
			public void failed(SpoolException failure) {
			}

		};
	}

}
