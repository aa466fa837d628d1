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

import java.util.List;
import java.util.Map;

import io.github.reliablekafka.ledger.GuardIntervention;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.MessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CommitGuard} in Spring Kafka's containers, against a broker: each
 * passes a record by without the starter.
 */
class CommitGuardIntegrationTests extends CommitGuardApplications {

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pollThatSpringKafkaDropsAfterAFailedCommitComesAgain(boolean numbered) {
		run(FailingCommits.class, (context) -> {
			send(context, numbered, "one", "two", "three");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three");
		}, "spring.kafka.consumer.max-poll-records=1", "reliable.kafka.sequence.enabled=" + numbered);
		assertThat(this.ledger.findings()).isEmpty();
		assertThat(counted(GuardIntervention.READ_AGAIN)).isOne();
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordThatIsNotAcknowledgedIsNotPassedByThoseBehindIt(String mode) {
		for (String value : List.of("one", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(AcknowledgingLast.class, (context) -> {
			await().until(() -> context.getBean(Seen.class).values.size() == 3);
			probe.send(this.topic, 0, "a", "four");
			await().until(() -> context.getBean(Seen.class).values.size() == 4);
		}, "spring.kafka.listener.ack-mode=" + mode);
		assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(0);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isPositive();
		run(Acknowledging.class, (context) -> {
			awaitCommitted(4);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three", "four");
		}, "spring.kafka.listener.ack-mode=" + mode);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordsThatAreAcknowledgedInAnyOrderByOtherThreadsAreCommitted(String mode) {
		for (int i = 0; i < 50; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(AcknowledgingLater.class, (context) -> awaitCommitted(50), "spring.kafka.listener.ack-mode=" + mode,
				"spring.kafka.consumer.max-poll-records=20");
		assertThat(counted(GuardIntervention.READ_AGAIN)).isZero();
	}

	@Test
	void recordThatAFilterHoldsBackNeedsNoAcknowledgement() {
		run(AcknowledgingFiltered.class, (context) -> {
			send(context, true, "one", "fail", "two", "fail", "three");
			awaitCommitted(5);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void recordThatIsGivenBackComesAgain() {
		run(GivingBack.class, (context) -> {
			send(context, true, "one", "again", "two");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "again", "again", "two");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void partOfABatchThatIsAcknowledgedIsCommittedAndTheRestComesAgain() {
		for (String value : List.of("one", "two", "again", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(BatchGivingBack.class, (context) -> {
			awaitCommitted(4);
			assertThat(context.getBean(Seen.class).values).containsSubsequence("one", "two", "again", "again", "three")
				.containsOnlyOnce("one", "two", "three");
		}, "spring.kafka.listener.ack-mode=manual_immediate", "spring.kafka.listener.type=batch");
	}

	@Test
	void listenerThatCommitsWithTheConsumerIsLeftAlone() {
		run(Committing.class, (context) -> {
			send(context, true, "one", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void recordWhoseReplyTheBrokerRefusesIsDeadLettered(String type) {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1, Map.of("max.message.bytes", "1000"));
		for (String value : List.of("one", "large", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(type.equals("batch") ? BatchReplying.class : Replying.class, (context) -> {
			awaitCommitted(4);
			await().until(() -> probe.values(replies).containsAll(List.of("one", "two", "three")));
			await().until(() -> probe.values(this.deadLetters).contains("large"));
		}, "replies=" + replies, "spring.kafka.listener.type=" + type, "spring.kafka.consumer.max-poll-records=2");
		assertThat(this.ledger.findings()).isEmpty();
	}

	@Test
	void recordWhoseReplyCannotBeSentIsDeadLettered() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		run(Replying.class, (context) -> {
			send(context, true, "one", "large", "two");
			awaitCommitted(3);
			assertThat(probe.values(this.deadLetters)).containsExactly("large");
			assertThat(probe.values(replies)).containsExactly("one", "two");
		}, "replies=" + replies, "spring.kafka.producer.properties[max.request.size]=2000");
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isZero();
	}

	@Test
	void repliesAreNotWaitedForOneByOne() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		for (int i = 0; i < 300; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(Replying.class, (context) -> {
			awaitCommitted(300);
			assertThat(probe.values(replies)).hasSize(300);
		}, "replies=" + replies, "spring.kafka.producer.properties[linger.ms]=200");
		assertThat(counted(GuardIntervention.READ_AGAIN)).isZero();
	}

	@Test
	void commitThatFailsWhileTheContainerStopsDoesNotKeepItsPartitionsFromOthers() {
		run(FailingLastCommit.class, (context) -> {
			send(context, true, "one", "two");
			await().until(() -> context.getBean(Seen.class).values.size() == 2);
			context.getBean(FailingLastCommit.class).fail();
			MessageListenerContainer container = context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.iterator()
				.next();
			container.stop();
			context.getBean(FailingLastCommit.class).failing = false;
			assertThat(context.getBean(FailingLastCommit.class).closed()).isOne();
			container.start();
			await().until(() -> context.getBean(Seen.class).values.size() == 4);
		}, "spring.kafka.listener.ack-mode=count", "spring.kafka.listener.ack-count=1000");
		assertThat(counted(GuardIntervention.LAST_COMMIT_FAILED)).isOne();
		assertThat(probe.committed(this.group, this.topic, 0)).isEqualTo(2);
	}

	private long counted(GuardIntervention intervention) {
		return this.deliveries.consumption(this.topic, this.group).counted(intervention);
	}

}
