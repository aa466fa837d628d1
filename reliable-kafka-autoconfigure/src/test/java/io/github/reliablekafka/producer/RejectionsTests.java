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

import java.util.stream.Stream;

import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Rejections}.
 */
class RejectionsTests {

	static Stream<Arguments> failures() {
		return Stream.of(Arguments.of(new RecordTooLargeException(), true, RejectionReason.RECORD_TOO_LARGE),
				Arguments.of(new SerializationException(), true, RejectionReason.NOT_SERIALIZABLE),
				Arguments.of(new TopicAuthorizationException("orders"), false, RejectionReason.NOT_AUTHORIZED),
				Arguments.of(new ClusterAuthorizationException("no"), false, RejectionReason.NOT_AUTHORIZED),
				Arguments.of(new SaslAuthenticationException("no"), true, RejectionReason.NOT_AUTHORIZED),
				Arguments.of(new InvalidTopicException(), true, RejectionReason.INVALID_TOPIC),
				Arguments.of(new TimeoutException("no metadata", new UnknownTopicOrPartitionException()), true,
						RejectionReason.TOPIC_NOT_FOUND),
				Arguments.of(new BufferExhaustedException("full"), true, RejectionReason.NO_ROOM),
				Arguments.of(new TimeoutException("no metadata"), true, RejectionReason.UNREACHABLE),
				Arguments.of(new TimeoutException("expired"), false, RejectionReason.EXPIRED),
				Arguments.of(new InvalidTimestampException("future"), false, RejectionReason.INVALID_RECORD),
				Arguments.of(new ProducerFencedException("other"), false, RejectionReason.FENCED),
				Arguments.of(new TransactionAbortedException(), false, RejectionReason.ABORTED),
				Arguments.of(new KafkaException("Producer is closed forcefully."), false, RejectionReason.CLOSED),
				Arguments.of(new IllegalStateException("Cannot perform operation after producer has been closed"), true,
						RejectionReason.CLOSED),
				Arguments.of(new UnknownServerException(), false, RejectionReason.OTHER),
				Arguments.of(new IllegalStateException("unrelated"), true, RejectionReason.OTHER));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void reasonOfAFailureWrappedOrNot(Exception failure, boolean beforeSend, RejectionReason expected) {
		assertThat(Rejections.reason(failure, beforeSend)).isEqualTo(expected);
		Exception wrapped = new org.springframework.kafka.KafkaException("Send failed", failure);
		assertThat(Rejections.reason(wrapped, beforeSend)).isEqualTo(expected);
		assertThat(Rejections.unwrap(wrapped)).isSameAs(failure);
	}

}
