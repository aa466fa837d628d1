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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;

/**
 * The way of dead letters through the spool of the application, if it has one, while
 * their partition of the dead letter topic takes nothing. Later ones of the partition
 * follow on the same way, so that none overtakes another. Safe for use by many threads.
 */
final class SpooledLetters {

	private static final Log logger = LogFactory.getLog(SpooledLetters.class);

	private final ObjectProvider<SpoolEntrance> entrance;

	private final Map<String, Object> connection;

	/**
	 * Create the way for one cluster.
	 * @param entrance to the spool
	 * @param connection how dead letters are written without it
	 */
	SpooledLetters(ObjectProvider<SpoolEntrance> entrance, Map<String, Object> connection) {
		this.entrance = entrance;
		this.connection = connection;
	}

	/**
	 * Whether dead letters of the same partition wait in the spool.
	 * @param letter a dead letter
	 * @param clusterId its cluster; {@code null} if that is not known
	 * @return {@code true} if it must go there as well
	 */
	boolean isBehind(ProducerRecord<byte[], byte[]> letter, @Nullable String clusterId) {
		SpoolEntrance present = this.entrance.getIfAvailable();
		Integer partition = letter.partition();
		return present != null && partition != null && clusterId != null
				&& present.isWaiting(this.connection, clusterId, letter.topic(), partition);
	}

	/**
	 * Put a dead letter behind others of its partition, and wait until it is on disk.
	 * @param letter the dead letter
	 * @param clusterId its cluster
	 * @param patience longest time to wait
	 * @throws KafkaException if it is not taken
	 */
	void put(ProducerRecord<byte[], byte[]> letter, @Nullable String clusterId, Duration patience) {
		String refusal = put(letter, letter.partition(), clusterId, null, patience);
		if (refusal != null) {
			throw new KafkaException("Dead letters for %s-%s wait in the spool, which does not take one more: %s"
				.formatted(letter.topic(), letter.partition(), refusal));
		}
	}

	/**
	 * The cluster does not take a dead letter now: put it into the spool, and wait until
	 * it is on disk.
	 * @param letter the dead letter
	 * @param partition where it goes if it has none
	 * @param clusterId its cluster; {@code null} if that is not known
	 * @param failure why it is not taken
	 * @param patience longest time to wait
	 * @return {@code false} if there is no spool, it does not take the letter either, or
	 * the failure is none that passes
	 */
	boolean isTaken(ProducerRecord<byte[], byte[]> letter, int partition, @Nullable String clusterId, Throwable failure,
			Duration patience) {
		if (!isOpenFor(failure)) {
			return false;
		}
		Integer given = letter.partition();
		String refusal = put(letter, (given != null) ? given : partition, clusterId, failure, patience);
		if (refusal != null) {
			refused(letter, refusal);
		}
		return refusal == null;
	}

	/**
	 * Whether there is a spool for what is not taken now.
	 * @param failure why it is not taken
	 * @return {@code false} if there is none, or the failure is none that passes
	 */
	boolean isOpenFor(Throwable failure) {
		SpoolEntrance present = this.entrance.getIfAvailable();
		return present != null && present.isOpen() && isPassing(failure);
	}

	/**
	 * Say that a dead letter does not get into the spool.
	 * @param letter the dead letter
	 * @param refusal why
	 */
	void refused(ProducerRecord<byte[], byte[]> letter, String refusal) {
		logger.warn("The spool does not take a dead letter for %s either: %s".formatted(letter.topic(), refusal));
	}

	private @Nullable String put(ProducerRecord<byte[], byte[]> letter, int partition, @Nullable String clusterId,
			@Nullable Throwable failure, Duration patience) {
		if (clusterId == null) {
			return "the cluster has not said which one it is";
		}
		List<SpoolRecord.Field> headers = new ArrayList<>();
		letter.headers().forEach((header) -> headers.add(new SpoolRecord.Field(header.key(), header.value())));
		long now = System.currentTimeMillis();
		return this.entrance.getObject()
			.put(this.connection, clusterId, letter.topic(),
					new SpoolRecord(partition, now, now, letter.key(), letter.value(), headers), failure, patience);
	}

	/**
	 * Whether a dead letter may be taken later though nobody changes anything but the
	 * state of the cluster.
	 * @param failure why it is not taken now
	 * @return {@code false} if in doubt
	 */
	static boolean isPassing(Throwable failure) {
		boolean passing = false;
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (BoundedProducer.isRefusal(cause) || cause instanceof AuthorizationException
					|| cause instanceof AuthenticationException || cause instanceof CorruptRecordException
					|| cause instanceof UnknownTopicOrPartitionException || cause instanceof UnknownTopicIdException) {
				return false;
			}
			passing |= cause instanceof RetriableException || cause instanceof java.util.concurrent.TimeoutException
					|| isGivenUp(cause);
		}
		return passing;
	}

	// Together with another dead letter, which was not acknowledged in time. Kafka has no
	// exception of its own for that.
	private static boolean isGivenUp(Throwable cause) {
		String message = cause.getMessage();
		return cause.getClass() == KafkaException.class && message != null
				&& (message.startsWith("Producer is closed") || message.startsWith("Producer closed"));
	}

}
