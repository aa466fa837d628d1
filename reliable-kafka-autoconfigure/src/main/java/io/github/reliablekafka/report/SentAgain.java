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

package io.github.reliablekafka.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;

/**
 * Remembers which numbers need not be sent again by this process: those that were, that
 * somebody is about to send, and that have come after all. Of at most
 * {@value #REMEMBERED} sessions and partitions, those that came last. Safe for use by
 * many threads.
 */
final class SentAgain {

	private static final int REMEMBERED = 1000;

	private final Map<Stream, NumberRanges> numbers = Collections.synchronizedMap(new LinkedHashMap<>() {

		private static final long serialVersionUID = 1L;

		@Override
		protected boolean removeEldestEntry(Map.Entry<Stream, NumberRanges> eldest) {
			return size() > REMEMBERED;
		}

	});

	/**
	 * Leave out what need not be sent.
	 * @param stream whose numbers they are
	 * @param wanted some numbers
	 * @return the others
	 */
	NumberRanges without(Stream stream, NumberRanges wanted) {
		return wanted.remove(this.numbers.getOrDefault(stream, NumberRanges.EMPTY));
	}

	/**
	 * Begin to send a record.
	 * @param stream whose number it is
	 * @param number its number
	 * @return {@code false} if it need not be sent
	 */
	boolean claim(Stream stream, long number) {
		synchronized (this.numbers) {
			if (this.numbers.getOrDefault(stream, NumberRanges.EMPTY).contains(number)) {
				return false;
			}
			add(stream, NumberRanges.of(number, number));
			return true;
		}
	}

	/**
	 * A record was not sent after all.
	 * @param stream whose number it is
	 * @param number its number
	 */
	void release(Stream stream, long number) {
		this.numbers.computeIfPresent(stream, (key, claimed) -> claimed.remove(number, number));
	}

	/**
	 * Records have come after all.
	 * @param stream whose numbers they are
	 * @param come their numbers
	 */
	void add(Stream stream, NumberRanges come) {
		this.numbers.merge(stream, come, NumberRanges::add);
	}

	/**
	 * The records of one session in one partition.
	 *
	 * @param cluster the addresses of the cluster
	 * @param lane the partition
	 * @param session the session
	 */
	record Stream(Set<String> cluster, Lane lane, long session) {

		/**
		 * Those of a cluster, whoever the application is there.
		 * @param board one of the cluster
		 * @param lane the partition
		 * @param session the session
		 * @return the same for all boards of the cluster
		 */
		static Stream of(SequenceBoard board, Lane lane, long session) {
			return new Stream(Set.copyOf(ConnectionSettings.bootstrapServers(board.connection())), lane, session);
		}

	}

}
