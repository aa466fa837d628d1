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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * When a cluster last took something, and the lanes that pause because it was away, and
 * for no reason of their own. Safe for use by many threads.
 */
final class ClusterSilence {

	/**
	 * A cluster that took something so short a time ago is not away.
	 */
	private static final long ALIVE = TimeUnit.SECONDS.toNanos(5);

	private final Set<SpooledLane> asleep = ConcurrentHashMap.newKeySet();

	/**
	 * When the cluster last took something, or 0.
	 */
	private volatile long brokenAt;

	/**
	 * Whether the cluster may be away.
	 * @return {@code false} if it took something a moment ago
	 */
	boolean isOn() {
		long last = this.brokenAt;
		return last == 0 || System.nanoTime() - last > ALIVE;
	}

	/**
	 * A lane pauses: no longer than the silence if there is one.
	 * @param lane the lane
	 */
	void paused(SpooledLane lane) {
		if (isOn()) {
			this.asleep.add(lane);
		}
	}

	/**
	 * The cluster has answered.
	 * @return whether lanes need not pause any more
	 */
	boolean isBroken() {
		this.brokenAt = System.nanoTime() | 1;
		return !this.asleep.isEmpty() && this.asleep.removeIf((lane) -> {
			lane.hurry();
			return true;
		});
	}

}
