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

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Makes files ahead of their use, so that writers do not wait for them, and so that a
 * disk without room shows when a file is made and not when a record is written.
 */
final class SegmentGrowth implements Runnable {

	private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);

	private final ReentrantLock lock;

	private final Condition wanted;

	/**
	 * Signalled when there is another file, or none can be had.
	 */
	private final Condition room;

	private final SegmentFiles files;

	private boolean wanting;

	private boolean closed;

	private @Nullable String obstacle;

	private long obstacleUntil;

	SegmentGrowth(ReentrantLock lock, Condition room, SegmentFiles files) {
		this.lock = lock;
		this.wanted = lock.newCondition();
		this.room = room;
		this.files = files;
	}

	/**
	 * Why there is no other file. With the lock.
	 * @return {@code null} if nothing is in the way
	 */
	@Nullable String obstacle() {
		return this.obstacle;
	}

	/**
	 * Whether the disk had no room for another file when that was last tried; if so, it
	 * is tried again in the background. With the lock.
	 * @return {@code false} if there is one, or nobody has tried
	 */
	boolean isObstructed() {
		if (this.obstacle == null || this.files.hasFree()) {
			return false;
		}
		request();
		return true;
	}

	/**
	 * Whether there will be another file, if somebody sees to it. With the lock.
	 * @return {@code false} if waiting makes no sense
	 */
	boolean isPossible() {
		return this.files.mayGrow(0) && (this.obstacle == null || System.nanoTime() - this.obstacleUntil >= 0);
	}

	/**
	 * Have a file made in the background. With the lock.
	 */
	void request() {
		this.wanting = true;
		this.wanted.signal();
	}

	/**
	 * Make no further file. With the lock.
	 */
	void close() {
		this.closed = true;
		this.wanted.signalAll();
	}

	@Override
	public void run() {
		while (true) {
			this.lock.lock();
			try {
				while (!this.wanting && !this.closed) {
					this.wanted.await();
				}
				this.wanting = false;
				if (this.closed) {
					return;
				}
			}
			catch (InterruptedException ex) {
				return;
			}
			finally {
				this.lock.unlock();
			}
			grow(false);
		}
	}

	/**
	 * Make a file now.
	 * @param anyway whether to make one although there is one that is free
	 */
	void grow(boolean anyway) {
		String name;
		this.lock.lock();
		try {
			if ((this.files.hasFree() && !anyway) || !this.files.mayGrow(0)) {
				return;
			}
			name = this.files.nextName();
		}
		finally {
			this.lock.unlock();
		}
		Segment created = null;
		String reason = null;
		try {
			created = this.files.create(name);
		}
		catch (IOException ex) {
			reason = String.valueOf(ex.getMessage());
		}
		catch (Throwable ex) {
			// Out of memory, which may be over in a moment: nobody else makes files.
			reason = ex.toString();
		}
		this.lock.lock();
		try {
			if (created != null) {
				this.files.add(created);
			}
			this.obstacle = reason;
			this.obstacleUntil = System.nanoTime() + PAUSE;
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

}
