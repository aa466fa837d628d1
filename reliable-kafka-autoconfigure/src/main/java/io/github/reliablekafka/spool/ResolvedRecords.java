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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is resolved and still to be noted, so that whoever resolves a record need not wait
 * for those who append others. Safe for use by many threads; noted by one at a time.
 */
final class ResolvedRecords {

	/**
	 * From then on memory counts more than a lock.
	 */
	private static final int MANY = 4096;

	private final Queue<Resolved> records = new ConcurrentLinkedQueue<>();

	private final AtomicInteger count = new AtomicInteger();

	/**
	 * Add a record.
	 * @param lane its lane
	 * @param position its position
	 * @return whether so many are there that somebody has to note them now
	 */
	boolean add(SpoolLane lane, long position) {
		this.records.add(new Resolved(lane, position));
		return this.count.incrementAndGet() >= MANY;
	}

	/**
	 * Note what is there.
	 * @param action is told of each record, in the order in which they came
	 */
	void forEach(Action action) {
		for (Resolved record = this.records.poll(); record != null; record = this.records.poll()) {
			this.count.decrementAndGet();
			action.resolved(record.lane(), record.position());
		}
	}

	/**
	 * Notes a record.
	 */
	@FunctionalInterface
	interface Action {

		/**
		 * A record is resolved.
		 * @param lane its lane
		 * @param position its position
		 */
		void resolved(SpoolLane lane, long position);

	}

	private record Resolved(SpoolLane lane, long position) {

	}

}
