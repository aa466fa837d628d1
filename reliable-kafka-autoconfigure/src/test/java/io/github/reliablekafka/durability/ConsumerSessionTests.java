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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerSession}.
 */
class ConsumerSessionTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private long nanos = Long.MAX_VALUE - 10;

	private final ConsumerSession session = new ConsumerSession(Map.of("max.poll.interval.ms", "5000", "group.id", "g"),
			() -> this.nanos);

	@AfterEach
	void exit() {
		this.session.exit();
	}

	@Test
	void currentWhenAListenerPollsAnotherConsumerStaysThatOfTheContainer() {
		this.session.attend();
		this.session.enterPoll();
		this.session.leavePoll();
		ConsumerSession other = new ConsumerSession(Map.of());
		other.enterPoll();
		assertThat(ConsumerSession.current()).isSameAs(other);
		other.leavePoll();
		assertThat(ConsumerSession.current()).isSameAs(this.session);
		other.exit();
		assertThat(ConsumerSession.current()).isSameAs(this.session);
	}

	@Test
	void currentWhenPollingIsTheSessionOfTheThread() throws InterruptedException {
		assertThat(ConsumerSession.current()).isNull();
		this.session.enterPoll();
		assertThat(ConsumerSession.current()).isSameAs(this.session);
		ConsumerSession[] ofOther = { this.session };
		Thread other = new Thread(() -> ofOther[0] = ConsumerSession.current());
		other.start();
		other.join();
		assertThat(ofOther[0]).isNull();
		new ConsumerSession(Map.of()).exit();
		assertThat(ConsumerSession.current()).isSameAs(this.session);
		this.session.exit();
		assertThat(ConsumerSession.current()).isNull();
	}

	@Test
	void untilPollOverdueCountsFromTheLastPoll() {
		this.session.enterPoll();
		pass(Duration.ofSeconds(2));
		assertThat(this.session.untilPollOverdue()).isEqualTo(Duration.ofSeconds(3));
		pass(Duration.ofSeconds(4));
		assertThat(this.session.untilPollOverdue()).isNegative();
		this.session.enterPoll();
		assertThat(this.session.untilPollOverdue()).isEqualTo(Duration.ofSeconds(5));
	}

	@Test
	void effectiveSettingsLeaveOutWhatIsNull() {
		Map<String, Object> settings = new HashMap<>();
		settings.put("group.id", null);
		settings.put("client.id", "c");
		ConsumerSession lenient = new ConsumerSession(settings);
		assertThat(lenient.effectiveSettings()).containsExactly(Map.entry("client.id", "c"));
		assertThat(lenient.group()).isEmpty();
	}

	@Test
	void deadLetteredRecordIsRememberedUntilItsPartitionIsPassed() {
		ConsumerRecord<String, String> record = record(7, 1000);
		this.session.enterPoll();
		assertThat(this.session.hasDeadLetteredSincePoll()).isFalse();
		this.session.deadLettered(record);
		assertThat(this.session.hasDeadLetteredSincePoll()).isTrue();
		this.session.enterPoll();
		assertThat(this.session.hasDeadLetteredSincePoll()).isFalse();
		assertThat(this.session.isDeadLettered(record)).isTrue();
		assertThat(this.session.isDeadLettered(record(8, 1000))).isFalse();
		assertThat(this.session.isDeadLettered(record(7, 1001))).isFalse();
		this.session.passed(List.of(ONE));
		assertThat(this.session.isDeadLettered(record)).isTrue();
		this.session.passed(List.of(ZERO));
		assertThat(this.session.isDeadLettered(record)).isFalse();
	}

	private static ConsumerRecord<String, String> record(long offset, long timestamp) {
		return new ConsumerRecord<>(ZERO.topic(), ZERO.partition(), offset, timestamp, TimestampType.CREATE_TIME, 0, 0,
				null, "value", new RecordHeaders(), Optional.empty());
	}

	@Test
	void maxPollIntervalWhenNotSetIsKafkasDefault() {
		assertThat(new ConsumerSession(Map.of()).maxPollInterval()).isEqualTo(Duration.ofMinutes(5));
	}

	@Test
	void heldBackWhenTimeIsOverIsEmpty() {
		this.session.holdBack(ZERO, Duration.ofSeconds(1));
		this.session.holdBack(ONE, Duration.ofSeconds(3));
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).containsExactlyInAnyOrder(ZERO, ONE);
		assertThat(this.session.untilRelease(Duration.ofSeconds(9))).isEqualTo(Duration.ofSeconds(1));
		pass(Duration.ofSeconds(1));
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).containsExactly(ONE);
		pass(Duration.ofSeconds(2));
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).isEmpty();
		assertThat(this.session.untilRelease(Duration.ofSeconds(9))).isEqualTo(Duration.ofSeconds(9));
	}

	@Test
	void heldBackWhenPartitionWasTakenAwayForgetsIt() {
		this.session.holdBack(ZERO, Duration.ofSeconds(1));
		assertThat(this.session.heldBack(Set.of(ONE))).isEmpty();
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).isEmpty();
	}

	@Test
	void heldBackWhenAllAreHoldsNewPartitionsToo() {
		this.session.holdBackAll(Duration.ofSeconds(1));
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).containsExactlyInAnyOrder(ZERO, ONE);
		assertThat(this.session.untilRelease(Duration.ofMillis(5))).isEqualTo(Duration.ofMillis(5));
		pass(Duration.ofSeconds(1));
		assertThat(this.session.heldBack(Set.of(ZERO, ONE))).isEmpty();
	}

	private void pass(Duration duration) {
		this.nanos += duration.toNanos();
	}

}
