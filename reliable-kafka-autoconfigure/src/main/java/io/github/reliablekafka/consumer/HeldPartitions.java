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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * Polls without the partitions that are held back: they are paused for as long as that
 * takes, and only then, so that nobody else sees a pause that is not theirs. What could
 * not be resumed is resumed with a later poll: nobody else would. For use by the polling
 * thread.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class HeldPartitions<K, V> {

	private static final Log logger = LogFactory.getLog(HeldPartitions.class);

	private final Consumer<K, V> consumer;

	private final ConsumerSession session;

	private final Set<TopicPartition> paused = new HashSet<>();

	/**
	 * Hold nothing back yet.
	 * @param consumer is polled
	 * @param session knows what is held back
	 */
	HeldPartitions(Consumer<K, V> consumer, ConsumerSession session) {
		this.consumer = consumer;
		this.session = session;
	}

	/**
	 * Poll.
	 * @param timeout how long to wait at most; it is shorter if something is held back
	 * for less
	 * @return records of other partitions
	 */
	ConsumerRecords<K, V> poll(Duration timeout) {
		resume();
		Set<TopicPartition> heldBack = this.session.heldBack(this.consumer.assignment());
		if (heldBack.isEmpty()) {
			return this.consumer.poll(timeout);
		}
		heldBack.removeAll(this.consumer.paused());
		try {
			pause(heldBack);
			return this.consumer.poll(this.session.untilRelease(timeout));
		}
		finally {
			resume();
		}
	}

	private void pause(Set<TopicPartition> partitions) {
		this.paused.addAll(partitions);
		try {
			this.consumer.pause(partitions);
		}
		catch (IllegalStateException ex) {
			eachThatIsAssigned(partitions, (partition) -> this.consumer.pause(Set.of(partition)));
		}
	}

	// What is thrown here would take the records of the poll along.
	private void resume() {
		if (this.paused.isEmpty()) {
			return;
		}
		try {
			this.paused.retainAll(this.consumer.assignment());
			this.consumer.resume(this.paused);
			this.paused.clear();
		}
		catch (IllegalStateException ex) {
			List.copyOf(this.paused).forEach(this::resume);
		}
		catch (RuntimeException ex) {
			logger.debug("Resumed later: %s".formatted(this.paused), ex);
		}
	}

	private void resume(TopicPartition partition) {
		try {
			eachThatIsAssigned(List.of(partition), (assigned) -> this.consumer.resume(Set.of(assigned)));
			this.paused.remove(partition);
		}
		catch (RuntimeException ex) {
			logger.debug("Resumed later: %s".formatted(partition), ex);
		}
	}

	// A rebalance takes partitions away on another thread in the newer protocol: also
	// between asking what is assigned and acting on it. Of several, Kafka then leaves out
	// those behind the one that is gone. How many there were is returned.
	private static int eachThatIsAssigned(Collection<TopicPartition> partitions,
			java.util.function.Consumer<TopicPartition> call) {
		int done = 0;
		for (TopicPartition partition : partitions) {
			try {
				call.accept(partition);
				done++;
			}
			catch (IllegalStateException ex) {
				logger.debug("%s is not assigned any more".formatted(partition), ex);
			}
		}
		return done;
	}

	/**
	 * What is paused for another reason.
	 * @return for the application
	 */
	Set<TopicPartition> pausedByOthers() {
		Set<TopicPartition> all = this.consumer.paused();
		if (this.paused.isEmpty()) {
			return all;
		}
		Set<TopicPartition> others = new HashSet<>(all);
		others.removeAll(this.paused);
		return others;
	}

	/**
	 * Somebody else has paused partitions. If a rebalance listener does so during a poll,
	 * that has to last.
	 * @param partitions the partitions
	 */
	void pausedByAnother(Collection<TopicPartition> partitions) {
		this.paused.removeAll(partitions);
	}

	/**
	 * Pause for a listener container, which has asked a moment ago what is assigned, or
	 * knows it from rebalances: those that are still assigned. If that fails, Kafka may
	 * yet do it, and the container would not know.
	 * @param partitions what the container believes to have
	 */
	void pauseForContainer(Collection<TopicPartition> partitions) {
		pauseThoseAssigned(partitions, false);
	}

	/**
	 * Pause for the listener of a container: those that are still assigned. It is told,
	 * in Kafka's words, if that is none.
	 * @param partitions what the listener believes to have
	 */
	void pauseForListener(Collection<TopicPartition> partitions) {
		pauseThoseAssigned(partitions, true);
	}

	private void pauseThoseAssigned(Collection<TopicPartition> partitions, boolean atLeastOne) {
		// Afterwards, Kafka may have done it in spite of a failure.
		Set<TopicPartition> before = this.consumer.paused();
		try {
			this.consumer.pause(partitions);
		}
		catch (IllegalStateException ex) {
			int done = eachThatIsAssigned(partitions, (partition) -> this.consumer.pause(Set.of(partition)));
			if (atLeastOne && done == 0) {
				throw ex;
			}
		}
		catch (ConcurrentModificationException ex) {
			// Another thread has done nothing, and must not touch what is held here.
			throw ex;
		}
		catch (RuntimeException ex) {
			Set<TopicPartition> undone = new HashSet<>(partitions);
			undone.removeAll(before);
			this.paused.addAll(undone);
			throw ex;
		}
		pausedByAnother(partitions);
	}

	/**
	 * Resume for a listener container: those that are still assigned, now or with a later
	 * poll. The container tries it once, and what it leaves paused is paused for ever.
	 * @param partitions what the container believes to have
	 */
	void resumeForContainer(Collection<TopicPartition> partitions) {
		// The others are resumed when the poll is over.
		Set<TopicPartition> theirs = new HashSet<>(partitions);
		theirs.removeAll(this.paused);
		try {
			this.consumer.resume(theirs);
		}
		catch (IllegalStateException ex) {
			this.paused.addAll(theirs);
			theirs.forEach(this::resume);
		}
		catch (ConcurrentModificationException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			logger.debug("Resumed later: %s".formatted(theirs), ex);
			this.paused.addAll(theirs);
		}
	}

}
