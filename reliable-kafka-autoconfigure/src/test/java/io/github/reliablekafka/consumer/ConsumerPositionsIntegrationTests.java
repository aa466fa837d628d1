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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for where groups read, against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConsumerPositionsIntegrationTests extends ConsumerPositionsSetup {

	@Test
	void listenerWithAPolicyOfItsOwnFollowsIt() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "old");
		run(LatestListener.class, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "new");
			awaitCommitted(2);
			assertThat(context.getBean(Seen.class).values).containsExactly("new");
		});
	}

	@Test
	void latestWhenGroupIsNewBeginsAtTheEndWithoutLosingWhatComesNext() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a", "old");
		probe.send(this.topic, 1, "a", "old");
		ThrowingConsumer<ApplicationContext> assigned = (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1
					&& probe.committed(this.group, this.topic, 1) == 1);
			assertThat(context.getBean(Seen.class).values).isEmpty();
		};
		run(Listener.class, assigned, "spring.kafka.consumer.auto-offset-reset=latest",
				"spring.kafka.listener.concurrency=2");
		probe.send(this.topic, 0, "a", "new-0");
		probe.send(this.topic, 1, "a", "new-1");
		run(Listener.class, (context) -> await().untilAsserted(
				() -> assertThat(context.getBean(Seen.class).values).containsExactlyInAnyOrder("new-0", "new-1")),
				"spring.kafka.consumer.auto-offset-reset=latest", "spring.kafka.listener.concurrency=2");
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void latestWhenPartitionsAreAddedLosesNothing(String protocol) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			awaitCommitted(0);
			probe.addPartitions(this.topic, 3);
			for (int i = 0; i < 10; i++) {
				probe.send(this.topic, 1 + i % 2, "a", "value-" + i);
			}
			await().untilAsserted(() -> assertThat(context.getBean(Seen.class).values).hasSize(10));
		}, "spring.kafka.consumer.auto-offset-reset=latest",
				"spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void groupThatLagsBehindWhatIsDeletedGoesOnAtTheStart(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> awaitCommitted(0));
		for (int i = 0; i < 10; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		probe.deleteRecords(this.topic, 0, 4);
		run(Listener.class, (context) -> {
			awaitCommitted(10);
			assertThat(context.getBean(Seen.class).values).hasSize(6).startsWith("value-4");
			assertThat(output).contains("begins at 4: group '" + this.group + "' has not read 0 to 3");
		}, "spring.kafka.consumer.auto-offset-reset=latest");
	}

	@Test
	void byDurationBeginsWithTheFirstRecordThatIsYoungEnough() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", "two");
		run(Listener.class, (context) -> {
			awaitCommitted(2);
			assertThat(context.getBean(Seen.class).values).isEmpty();
		}, "reliable.kafka.consumer.reset=by_duration:PT0S");
		String other = this.group + "-other";
		run(Listener.class, (context) -> {
			await().until(() -> probe.committed(other, this.topic, 0) == 2);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two");
		}, "reliable.kafka.consumer.reset=by_duration:PT1H", "spring.kafka.consumer.group-id=" + other);
	}

	@Test
	void failStopsTheContainer(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		run(Listener.class, (context) -> {
			await().until(() -> context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.stream()
				.noneMatch((container) -> container.isRunning()));
			assertThat(output).contains("No offset and no reset policy");
			assertThat(probe.committed(this.group, this.topic, 0)).isEqualTo(-1);
		}, "reliable.kafka.consumer.reset=fail");
	}

	@Test
	void listenerThatSeeksReadsFromThere() {
		probe.createTopic(this.topic, 1);
		for (int i = 0; i < 5; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(SeekingListener.class, (context) -> {
			awaitCommitted(5);
			assertThat(context.getBean(Seen.class).values).containsExactly("value-3", "value-4");
			assertThat(context.getBean(SeekingListener.class).current).isZero();
		});
	}

	@Test
	void consumerOfTheApplicationWhenItFailsIsTold() {
		probe.createTopic(this.topic, 1);
		run(Seen.class, (context) -> {
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer()) {
				consumer.assign(List.of(new TopicPartition(this.topic, 0)));
				assertThatExceptionOfType(NoOffsetForPartitionException.class).isThrownBy(() -> pollOne(consumer));
			}
		}, "spring.kafka.consumer.auto-offset-reset=none");
	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class LatestListener {

		private final Seen seen;

		LatestListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}", properties = "auto.offset.reset=latest")
		void listen(String value) {
			this.seen.values.add(value);
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class SeekingListener implements ConsumerSeekAware {

		private final Seen seen;

		private volatile long current = -1;

		SeekingListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.values.add(value);
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			assignments.forEach((partition, offset) -> {
				this.current = offset;
				callback.seek(partition.topic(), partition.partition(), 3);
			});
		}

	}

}
