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
import java.util.Map;
import java.util.concurrent.TimeoutException;

import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SpooledLetters}.
 */
class SpooledLettersTests {

	private static final ProducerRecord<byte[], byte[]> LETTER = new ProducerRecord<>("orders-dlt", 1, null,
			new byte[] { 1 });

	private final KafkaException passing = new KafkaException("not in time", new TimeoutException());

	private final Spool spool = new Spool();

	private final SpooledLetters letters = letters(this.spool);

	@Test
	void failureThatMayPassWithoutAnybodyIsTold() {
		assertThat(SpooledLetters.isPassing(this.passing)).isTrue();
		assertThat(isPassing(new NotEnoughReplicasException())).isTrue();
		assertThat(isPassing(new NotLeaderOrFollowerException())).isTrue();
		assertThat(isPassing(new org.apache.kafka.common.errors.TimeoutException("expired"))).isTrue();
		assertThat(isPassing(new KafkaException("Producer is closed forcefully."))).isTrue();
		assertThat(isPassing(new KafkaException("Producer closed while send in progress"))).isTrue();
		assertThat(isPassing(new TopicAuthorizationException("t"))).isFalse();
		assertThat(isPassing(new ClusterAuthorizationException("t"))).isFalse();
		assertThat(isPassing(new AuthenticationException("t"))).isFalse();
		assertThat(isPassing(new RecordTooLargeException())).isFalse();
		assertThat(isPassing(new UnknownTopicOrPartitionException())).isFalse();
		assertThat(isPassing(new CorruptRecordException())).isFalse();
		assertThat(isPassing(new org.apache.kafka.common.errors.TimeoutException("not present in metadata",
				new UnknownTopicOrPartitionException())))
			.isFalse();
		assertThat(isPassing(new KafkaException("anything"))).isFalse();
	}

	private static boolean isPassing(Exception cause) {
		return SpooledLetters.isPassing(new KafkaException("did not take the record", cause));
	}

	@Test
	void letterIsTakenIfTheFailurePassesAndTheSpoolTakesIt() {
		assertThat(this.letters.isTaken(LETTER, 0, "cluster", this.passing, Duration.ofSeconds(1))).isTrue();
		assertThat(this.spool.taken.partition()).isEqualTo(1);
		this.spool.taken = null;
		assertThat(this.letters.isTaken(LETTER, 0, "cluster", new RecordTooLargeException(), Duration.ofSeconds(1)))
			.isFalse();
		assertThat(this.letters.isTaken(LETTER, 0, null, this.passing, Duration.ofSeconds(1))).isFalse();
		assertThat(this.spool.taken).isNull();
		this.spool.refusal = "full";
		assertThat(this.letters.isTaken(LETTER, 0, "cluster", this.passing, Duration.ofSeconds(1))).isFalse();
	}

	@Test
	void letterWithoutAPartitionGetsOne() {
		assertThat(this.letters.isBehind(new ProducerRecord<>("orders-dlt", new byte[1]), "cluster")).isFalse();
		assertThat(this.letters.isTaken(new ProducerRecord<>("orders-dlt", new byte[1]), 7, "cluster", this.passing,
				Duration.ofSeconds(1)))
			.isTrue();
		assertThat(this.spool.taken.partition()).isEqualTo(7);
	}

	@Test
	void letterBehindOthersGoesNoOtherWay() {
		assertThat(this.letters.isBehind(LETTER, "cluster")).isTrue();
		assertThat(this.letters.isBehind(LETTER, null)).isFalse();
		this.letters.put(LETTER, "cluster", Duration.ofSeconds(1));
		this.spool.refusal = "full";
		assertThatExceptionOfType(KafkaException.class)
			.isThrownBy(() -> this.letters.put(LETTER, "cluster", Duration.ofSeconds(1)))
			.withMessageContaining("does not take one more: full");
	}

	@Test
	void nothingIsTakenWithoutASpool() {
		SpooledLetters without = letters(null);
		assertThat(without.isBehind(LETTER, "cluster")).isFalse();
		assertThat(without.isTaken(LETTER, 0, "cluster", this.passing, Duration.ofSeconds(1))).isFalse();
	}

	private static SpooledLetters letters(@Nullable SpoolEntrance entrance) {
		DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
		if (entrance != null) {
			beans.registerSingleton("entrance", entrance);
		}
		return new SpooledLetters(beans.getBeanProvider(SpoolEntrance.class), Map.of());
	}

	private static final class Spool implements SpoolEntrance {

		private @Nullable SpoolRecord taken;

		private @Nullable String refusal;

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public boolean isWaiting(Map<String, Object> connection, String clusterId, String topic, int partition) {
			return partition == 1;
		}

		@Override
		public @Nullable String put(Map<String, Object> connection, String clusterId, String topic, SpoolRecord record,
				@Nullable Throwable failure, Duration patience) {
			this.taken = (this.refusal == null) ? record : null;
			return this.refusal;
		}

	}

}
