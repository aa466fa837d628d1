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

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Makes the order of numbers in a partition the order in which its records are appended:
 * whoever took a number holds the lock until the record is appended.
 */
final class NumberedLane {

	private final Lane lane;

	private final ReentrantLock lock = new ReentrantLock();

	/**
	 * Changed by the holder of the lock.
	 */
	private volatile @Nullable LaneStream stream;

	NumberedLane(Lane lane) {
		this.lane = lane;
	}

	Lane lane() {
		return this.lane;
	}

	/**
	 * Wait for the turn.
	 * @param patience how long, in nanoseconds; 0 for not at all
	 * @return {@code false} if there is no turn: the thread has it already, for a record
	 * around this one, or it cannot be had without waiting and must not wait
	 * @throws InterruptedException if the thread is interrupted while it waits
	 * @throws TimeoutException if the time is over
	 */
	boolean enter(long patience) throws InterruptedException, TimeoutException {
		if (this.lock.isHeldByCurrentThread()) {
			return false;
		}
		if (this.lock.tryLock()) {
			return true;
		}
		if (patience <= 0) {
			return false;
		}
		if (!this.lock.tryLock(patience, TimeUnit.NANOSECONDS)) {
			throw new TimeoutException(
					"%d ms waited for earlier records to %s, which wait for room in the client's memory"
						.formatted(TimeUnit.NANOSECONDS.toMillis(patience), this.lane));
		}
		return true;
	}

	void leave() {
		this.lock.unlock();
	}

	@Nullable LaneStream stream() {
		return this.stream;
	}

	void use(LaneStream stream) {
		this.stream = stream;
	}

}
