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

package io.github.reliablekafka.survey;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link UsedTopics}.
 */
class UsedTopicsTests {

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final MockEnvironment environment = new MockEnvironment();

	private UsedTopics topics;

	@BeforeEach
	void setUp() {
		this.beanFactory.registerSingleton("ledger", this.ledger);
		this.environment.setProperty("reliable.kafka.sequence.enabled", "false");
		SequenceProperties sequence = Binder.get(this.environment)
			.bind("reliable.kafka.sequence", SequenceProperties.class)
			.get();
		this.topics = new UsedTopics(this.beanFactory, new ListenerContainers(this.beanFactory), new DeclaredTopics(),
				sequence, this.environment);
	}

	@Test
	void factoriesOfARoutingTemplateAreFound() {
		this.beanFactory.registerSingleton("routing",
				new RoutingKafkaTemplate(Map.of(Pattern.compile("orders"), factory("here:9092"))));
		this.ledger.accept("orders");
		assertThat(this.topics.find()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.topics()).extracting(TopicUse::topic).containsExactly("orders"));
	}

	@Test
	void whatWasSentCountsOnlyIfOneClusterIsWrittenTo() {
		this.ledger.accept("orders");
		this.beanFactory.registerSingleton("one", factory("here:9092"));
		assertThat(this.topics.find()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.topics()).extracting(TopicUse::topic).containsExactly("orders"));
		this.beanFactory.registerSingleton("other", factory("there:9092"));
		assertThat(this.topics.find()).hasSize(2).allMatch((cluster) -> cluster.topics().isEmpty());
	}

	@Test
	void topicsOfDeadLettersAreFoundByTheirNames() {
		listen("orders");
		assertThat(this.topics.find()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.topics()).extracting((use) -> use.topic() + " " + use.purposes())
				.containsExactly("__consumer_offsets [INTERNAL]", "orders [CONSUMED]", "orders-dlt [DEAD_LETTER]",
						"orders-dlt-parking [REDRIVE]", "rk-redrive [REDRIVE]"));
	}

	@Test
	void deadLetterTopicsThatAListenerReadsHaveNoneOfTheirOwn() {
		listen("orders-gone");
		listen("orders-gone-later");
		this.environment.setProperty("reliable.kafka.dead-letter.suffix", "-gone");
		this.environment.setProperty("reliable.kafka.dead-letter.redrive.parking-suffix", "-later");
		this.environment.setProperty("reliable.kafka.dead-letter.redrive.topic", "redrives");
		assertThat(this.topics.find()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.topics()).extracting(TopicUse::topic)
				.containsExactly("__consumer_offsets", "orders-gone", "orders-gone-later", "redrives"));
		this.environment.setProperty("reliable.kafka.dead-letter.enabled", "false");
		assertThat(this.topics.find()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.topics()).extracting(TopicUse::topic)
				.containsExactly("__consumer_offsets", "orders-gone", "orders-gone-later"));
	}

	private void listen(String topic) {
		ContainerProperties properties = new ContainerProperties(topic);
		properties.setGroupId("billing");
		properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
		});
		this.beanFactory.registerSingleton("listener of " + topic,
				new ConcurrentMessageListenerContainer<>(
						new DefaultKafkaConsumerFactory<>(Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "here:9092")),
						properties));
	}

	@Test
	void mocksAreLeftOut() {
		this.beanFactory.registerSingleton("template", mock(KafkaTemplate.class));
		this.beanFactory.registerSingleton("routing", mock(RoutingKafkaTemplate.class));
		this.beanFactory.registerSingleton("factory", mock(ProducerFactory.class));
		assertThat(this.topics.find()).isEmpty();
	}

	@Test
	void recordThatWaitsLongIsAReasonToLookAgain() {
		DeliveryLedger slow = mock(DeliveryLedger.class);
		this.beanFactory.destroySingleton("ledger");
		this.beanFactory.registerSingleton("ledger", slow);
		given(slow.oldestUnacknowledgedAge()).willReturn(Duration.ofSeconds(15), Duration.ofSeconds(16));
		assertThat(this.topics.isSendingSlow()).isFalse();
		assertThat(this.topics.isSendingSlow()).isTrue();
	}

	private static ProducerFactory<Object, Object> factory(String address) {
		return new DefaultKafkaProducerFactory<>(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, address));
	}

}
