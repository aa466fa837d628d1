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

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * What the listeners of a group have got. A record counts as soon as a listener has it,
 * and no longer if the group ends before it has committed it: it then comes again, or is
 * lost like any other. Safe for use by many threads.
 */
final class Deliveries {

	/** The values of the records. */
	final Set<String> values = ConcurrentHashMap.newKeySet();

	/**
	 * Those that were cut off from the log, and of which nobody knows whether they were
	 * committed before. If they were not, they are lost to the next member.
	 */
	final Set<String> cutOff = ConcurrentHashMap.newKeySet();

	private final Map<String, Place> uncommitted = new ConcurrentHashMap<>();

	void got(int partition, long offset, String value) {
		this.uncommitted.put(value, new Place(partition, offset));
		this.values.add(value);
	}

	/**
	 * The group goes on, and has committed this much at least.
	 * @param offsets by partition
	 */
	void committed(Map<Integer, Long> offsets) {
		this.uncommitted.values().removeIf((place) -> place.isBelow(offsets));
	}

	Set<String> uncommitted() {
		return Set.copyOf(this.uncommitted.keySet());
	}

	/**
	 * Something has happened to the log.
	 * @param gone the values of records that it no longer has
	 */
	void cutOff(Set<String> gone) {
		this.uncommitted.keySet().forEach((value) -> {
			if (gone.contains(value)) {
				this.cutOff.add(value);
			}
		});
		this.uncommitted.keySet().removeAll(gone);
	}

	/**
	 * No member is left.
	 * @param offsets what is committed, by partition
	 * @param log whether the log has the record of a value
	 */
	void ended(Map<Integer, Long> offsets, Predicate<String> log) {
		committed(offsets);
		this.uncommitted.keySet().forEach((value) -> {
			if (log.test(value)) {
				this.values.remove(value);
			}
			else {
				this.cutOff.add(value);
			}
		});
		this.uncommitted.clear();
	}

	private record Place(int partition, long offset) {

		boolean isBelow(Map<Integer, Long> offsets) {
			return this.offset < offsets.getOrDefault(this.partition, -1L);
		}

	}

}
