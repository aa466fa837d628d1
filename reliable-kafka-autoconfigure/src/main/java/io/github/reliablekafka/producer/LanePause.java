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

package io.github.reliablekafka.producer;

import java.util.function.IntToLongFunction;

/**
 * When a lane may be tried again, and for how long the cluster has refused what is in it,
 * or the spool has been too busy to take it elsewhere. Guarded by the monitor of the
 * lane.
 */
final class LanePause {

	private int failures;

	private long notBefore;

	private boolean delayed;

	/**
	 * Since when the cluster refuses what it may take later, or 0.
	 */
	private long refusedSince;

	/**
	 * Since when the spool has been busy whenever something was to leave the lane, or 0.
	 */
	private long heldUpSince;

	boolean isOn(long now) {
		return this.delayed && now - this.notBefore < 0;
	}

	boolean hasFailed() {
		return this.failures > 0;
	}

	/**
	 * Wait before the next attempt, unless that is the case already.
	 * @param now in nanoseconds
	 * @param pause in nanoseconds, by how many attempts have failed
	 */
	void begin(long now, IntToLongFunction pause) {
		if (!isOn(now)) {
			this.notBefore = now + pause.applyAsLong(this.failures++);
			this.delayed = true;
		}
	}

	void end() {
		this.delayed = false;
		this.failures = 0;
	}

	void accepted() {
		this.refusedSince = 0;
	}

	/**
	 * The cluster does not take a record for a reason that may pass.
	 * @param now in nanoseconds
	 * @param patience how long to hope for that, in nanoseconds
	 * @return whether that was too long
	 */
	boolean isRefused(long now, long patience) {
		if (this.refusedSince == 0) {
			this.refusedSince = now | 1;
		}
		return now - this.refusedSince >= patience;
	}

	void moved() {
		this.heldUpSince = 0;
	}

	/**
	 * The spool is too busy to take a record elsewhere. Not told by the attempts that
	 * have failed: those may have been the cluster's fault.
	 * @param now in nanoseconds
	 * @param patience how long to hope that it passes, in nanoseconds
	 * @return whether that was too long
	 */
	boolean isHeldUp(long now, long patience) {
		if (this.heldUpSince == 0) {
			this.heldUpSince = now | 1;
		}
		return now - this.heldUpSince >= patience;
	}

}
