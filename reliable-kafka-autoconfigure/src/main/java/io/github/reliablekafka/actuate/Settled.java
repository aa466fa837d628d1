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

package io.github.reliablekafka.actuate;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Keeps what is bad from looking good between two bad moments: it is bad at once, and
 * good again only after it has been good for a while. Safe for use by many threads.
 */
final class Settled {

	private final Duration settleAfter;

	private final LongSupplier nanoClock;

	private boolean bad;

	private long lastBadNanos;

	Settled(Duration settleAfter, LongSupplier nanoClock) {
		this.settleAfter = settleAfter;
		this.nanoClock = nanoClock;
	}

	/**
	 * Take note of how it is.
	 * @param badNow whether it is bad
	 * @return whether it counts as bad
	 */
	synchronized boolean isBad(boolean badNow) {
		long now = this.nanoClock.getAsLong();
		if (badNow) {
			this.bad = true;
			this.lastBadNanos = now;
		}
		else if (this.bad && now - this.lastBadNanos >= this.settleAfter.toNanos()) {
			this.bad = false;
		}
		return this.bad;
	}

}
