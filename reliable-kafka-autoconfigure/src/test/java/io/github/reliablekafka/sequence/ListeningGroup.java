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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A group of the application under test, what it has processed, and a group without the
 * starter that is started and stopped with it.
 */
final class ListeningGroup {

	private final ConcurrentKafkaListenerContainerFactory<String, String> factory;

	private final String topic;

	private final String name;

	private final PlainReader plain;

	private final List<ConcurrentMessageListenerContainer<String, String>> members = new ArrayList<>();

	final Deliveries got = new Deliveries();

	final Set<String> processed = this.got.values;

	final AtomicInteger deliveries = new AtomicInteger();

	ListeningGroup(ConcurrentKafkaListenerContainerFactory<String, String> factory, String topic, String name,
			PlainReader plain) {
		this.factory = factory;
		this.topic = topic;
		this.name = name;
		this.plain = plain;
	}

	String topic() {
		return this.topic;
	}

	String name() {
		return this.name;
	}

	PlainReader plain() {
		return this.plain;
	}

	ListeningGroup start(int partitions) {
		this.plain.start();
		join();
		awaitAssigned(partitions);
		await().atMost(Duration.ofSeconds(60)).until(() -> {
			int known = 0;
			for (int partition = 0; partition < partitions; partition++) {
				known += (this.plain.position(partition) >= 0) ? 1 : 0;
			}
			return known == partitions;
		});
		return this;
	}

	/**
	 * Add a member, which makes the group assign its partitions anew.
	 */
	void join() {
		ConcurrentMessageListenerContainer<String, String> container = this.factory.createContainer(this.topic);
		container.getContainerProperties().setGroupId(this.name);
		container.getContainerProperties()
			.getKafkaConsumerProperties()
			.setProperty("isolation.level", this.plain.readCommitted() ? "read_committed" : "read_uncommitted");
		container.getContainerProperties()
			.setMessageListener(
					(MessageListener<String, String>) (ConsumerRecord<String, String> record) -> process(record));
		container.setBeanName(this.name + "-" + this.members.size());
		container.start();
		this.members.add(container);
	}

	private void process(ConsumerRecord<String, String> record) {
		this.got.got(record.partition(), record.offset(), record.value());
		this.deliveries.incrementAndGet();
	}

	/**
	 * Stop the member that came last.
	 */
	void leave() {
		this.members.remove(this.members.size() - 1).stop();
	}

	void awaitAssigned(int partitions) {
		await().atMost(Duration.ofSeconds(60)).until(() -> assigned() == partitions);
	}

	private int assigned() {
		return this.members.stream()
			.mapToInt((member) -> (member.getAssignedPartitions() != null) ? member.getAssignedPartitions().size() : 0)
			.sum();
	}

	void stop() {
		while (!this.members.isEmpty()) {
			leave();
		}
		this.plain.stop();
	}

	void awaitProcessed(Set<String> values) {
		await().atMost(Duration.ofSeconds(90))
			.untilAsserted(() -> assertThat(this.processed.containsAll(values))
				.as(() -> "%s has processed %d, wants %d".formatted(this.name, this.processed.size(), values.size()))
				.isTrue());
	}

}
