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
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.MessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What the guard of commits is for: each application of
 * {@link CommitGuardIntegrationTests} loses a record without the starter. A test that
 * fails here tells that Spring Kafka has got better, and that the guard may have less to
 * do.
 */
class PlainSpringKafkaIntegrationTests extends CommitGuardApplications {

	@Test
	void pollIsDroppedAfterAFailedCommit() {
		runPlain(FailingCommits.class, (context) -> {
			send(context, true, "one", "two", "three");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "three");
		}, "spring.kafka.consumer.max-poll-records=1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordThatIsNotAcknowledgedIsPassed(String mode) {
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", "two");
		runPlain(AcknowledgingLast.class, (context) -> awaitCommitted(2), "spring.kafka.listener.ack-mode=" + mode);
	}

	@Test
	void recordWhoseReplyCannotBeSentIsCommitted() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		for (String value : List.of("one", "large", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		runPlain(Replying.class, (context) -> {
			awaitCommitted(3);
			await().until(() -> probe.values(replies).size() == 2);
		}, "replies=" + replies, "spring.kafka.producer.properties[max.request.size]=2000");
		assertThat(probe.values(replies)).containsExactly("one", "two");
	}

	@Test
	void consumerStaysOpenAfterALastCommitThatFailed() {
		runPlain(FailingLastCommit.class, (context) -> {
			send(context, true, "one", "two");
			await().until(() -> context.getBean(Seen.class).values.size() == 2);
			FailingLastCommit faults = context.getBean(FailingLastCommit.class);
			faults.fail();
			MessageListenerContainer container = context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.iterator()
				.next();
			container.stop();
			await().during(Duration.ofSeconds(2)).until(() -> faults.closed() == 0);
			// Or the test leaves it behind.
			faults.close();
		}, "spring.kafka.listener.ack-mode=count", "spring.kafka.listener.ack-count=1000");
	}

	@Test
	void failedRecordIsLoggedAndCommitted() {
		runPlain(Failing.class, (context) -> {
			send(context, true, "one", "fail", "two");
			awaitCommitted(3);
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class Failing extends Listener {

		Failing(Seen seen) {
			super(seen);
		}

	}

}
