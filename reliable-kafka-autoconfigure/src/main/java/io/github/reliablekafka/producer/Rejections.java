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

import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

import org.springframework.kafka.core.KafkaProducerException;

/**
 * What a client's exception means for the record.
 */
final class Rejections {

	private Rejections() {
	}

	/**
	 * Find the reason behind an exception.
	 * @param failure what the client threw or handed to the callback
	 * @param beforeSend whether it did so before {@code send} returned, so that nothing
	 * can have been written
	 * @return the reason
	 */
	static RejectionReason reason(Throwable failure, boolean beforeSend) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			RejectionReason reason = reasonOf(cause, beforeSend);
			if (reason != RejectionReason.OTHER) {
				return reason;
			}
		}
		return RejectionReason.OTHER;
	}

	/**
	 * The client's own exception under those that Spring Kafka and futures wrap around
	 * it.
	 * @param failure the outermost exception
	 * @return the innermost wrapper's cause
	 */
	static Throwable unwrap(Throwable failure) {
		Throwable unwrapped = failure;
		while (unwrapped.getCause() != null && (unwrapped instanceof KafkaProducerException
				|| unwrapped instanceof java.util.concurrent.CompletionException
				|| unwrapped.getClass() == org.springframework.kafka.KafkaException.class)) {
			unwrapped = unwrapped.getCause();
		}
		return unwrapped;
	}

	/**
	 * What to keep and log of an exception.
	 * @param reason the reason
	 * @param failure what the client threw or handed to the callback
	 * @return its message, unless that may have the record's content in it
	 */
	static String describe(RejectionReason reason, Throwable failure) {
		if (reason != RejectionReason.NOT_SERIALIZABLE) {
			return String.valueOf(failure);
		}
		// Serializers like to print what they could not serialize.
		Throwable cause = failure.getCause();
		return failure.getClass().getName() + ((cause != null) ? " by " + cause.getClass().getName() : "");
	}

	private static RejectionReason reasonOf(Throwable cause, boolean beforeSend) {
		if (cause instanceof UnsafeSettingsException) {
			return RejectionReason.UNSAFE_CLIENT;
		}
		if (cause instanceof RecordTooLargeException || cause instanceof RecordBatchTooLargeException) {
			return RejectionReason.RECORD_TOO_LARGE;
		}
		if (cause instanceof SerializationException) {
			return RejectionReason.NOT_SERIALIZABLE;
		}
		if (cause instanceof AuthorizationException || cause instanceof AuthenticationException) {
			return RejectionReason.NOT_AUTHORIZED;
		}
		if (cause instanceof InvalidTopicException) {
			return RejectionReason.INVALID_TOPIC;
		}
		if (cause instanceof UnknownTopicOrPartitionException) {
			return RejectionReason.TOPIC_NOT_FOUND;
		}
		if (cause instanceof TimeoutException) {
			return timeout(cause, beforeSend);
		}
		if (cause instanceof InvalidTimestampException || cause instanceof InvalidRecordException
				|| cause instanceof PolicyViolationException || cause instanceof CorruptRecordException) {
			return RejectionReason.INVALID_RECORD;
		}
		if (cause instanceof ProducerFencedException || cause instanceof InvalidProducerEpochException) {
			return RejectionReason.FENCED;
		}
		if (cause instanceof TransactionAbortedException) {
			return RejectionReason.ABORTED;
		}
		if (cause instanceof InterruptException) {
			return RejectionReason.INTERRUPTED;
		}
		return isClosed(cause) ? RejectionReason.CLOSED : RejectionReason.OTHER;
	}

	private static RejectionReason timeout(Throwable cause, boolean beforeSend) {
		if (cause.getCause() instanceof UnknownTopicOrPartitionException) {
			return RejectionReason.TOPIC_NOT_FOUND;
		}
		if (cause instanceof BufferExhaustedException) {
			return RejectionReason.NO_ROOM;
		}
		return beforeSend ? RejectionReason.UNREACHABLE : RejectionReason.EXPIRED;
	}

	private static boolean isClosed(Throwable cause) {
		// A closed client has no exception type of its own.
		String message = cause.getMessage();
		return message != null && (cause instanceof IllegalStateException || cause.getClass() == KafkaException.class)
				&& (message.contains("producer has been closed") || message.contains("Producer is closed")
						|| message.contains("Producer closed"));
	}

}
