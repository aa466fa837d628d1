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

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;

/**
 * Remembers which numbers need not be sent again by this process: those that were, or are
 * in the log, and for now those that somebody is about to send. Of at most
 * {@value #REMEMBERED} sessions and partitions, those that came last. Safe for use by
 * many threads.
 */
final class SentAgain {

	private static final int REMEMBERED = 1000;

	private final Map<Stream, Numbers> streams = new LinkedHashMap<>() {

		private static final long serialVersionUID = 1L;

		@Override
		protected boolean removeEldestEntry(Map.Entry<Stream, Numbers> eldest) {
			return size() > REMEMBERED;
		}

	};

	/**
	 * Leave out what need not be sent. What somebody is about to send is not left out, as
	 * that may fail.
	 * @param stream whose numbers they are
	 * @param wanted some numbers
	 * @return the others
	 */
	synchronized NumberRanges without(Stream stream, NumberRanges wanted) {
		return wanted.remove(numbers(stream).done());
	}

	/**
	 * Begin to send a record.
	 * @param stream whose number it is
	 * @param number its number
	 * @return {@code false} if it need not be sent, or somebody else is about to
	 */
	synchronized boolean claim(Stream stream, long number) {
		Numbers numbers = numbers(stream);
		if (numbers.done().contains(number) || numbers.claimed().contains(number)) {
			return false;
		}
		put(stream, new Numbers(numbers.done(), numbers.claimed().add(number, number)));
		return true;
	}

	/**
	 * Nobody sends these any more, whatever became of them.
	 * @param stream whose numbers they are
	 * @param claimed their numbers
	 */
	synchronized void release(Stream stream, NumberRanges claimed) {
		Numbers numbers = numbers(stream);
		put(stream, new Numbers(numbers.done(), numbers.claimed().remove(claimed)));
	}

	/**
	 * Records were sent, or have come after all.
	 * @param stream whose numbers they are
	 * @param done their numbers
	 */
	synchronized void add(Stream stream, NumberRanges done) {
		Numbers numbers = numbers(stream);
		put(stream, new Numbers(numbers.done().add(done), numbers.claimed()));
	}

	/**
	 * Somebody has read records that were lost: if they are missed once more, that is
	 * another loss.
	 * @param stream whose numbers they are
	 * @param read their numbers
	 */
	synchronized void forget(Stream stream, NumberRanges read) {
		Numbers numbers = numbers(stream);
		put(stream, new Numbers(numbers.done().remove(read), numbers.claimed()));
	}

	private Numbers numbers(Stream stream) {
		return this.streams.getOrDefault(stream, Numbers.NONE);
	}

	private void put(Stream stream, Numbers numbers) {
		if (numbers.equals(Numbers.NONE)) {
			this.streams.remove(stream);
		}
		else {
			this.streams.put(stream, numbers);
		}
	}

	/**
	 * Numbers of one session in one partition.
	 *
	 * @param done those that need not be sent
	 * @param claimed those that somebody is about to send
	 */
	private record Numbers(NumberRanges done, NumberRanges claimed) {

		private static final Numbers NONE = new Numbers(NumberRanges.EMPTY, NumberRanges.EMPTY);

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
