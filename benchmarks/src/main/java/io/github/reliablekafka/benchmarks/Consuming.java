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

package io.github.reliablekafka.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.util.Assert;

/**
 * An application that consumes a topic that is full, again and again: between two passes
 * the listener stops and its group's offsets are set back. Only the passes are measured.
 */
final class Consuming implements Work {

	static final String LISTENER = "benchmark";

	private final Mode mode;

	private final ConfigurableApplicationContext context;

	private final ModeSettings settings;

	private final Map<TopicPartition, Long> ends;

	private final long inTopic;

	private long consumed;

	Consuming(Mode mode, String[] args) {
		this.mode = mode;
		Class<?> application = switch (mode.workload()) {
			case BATCH_LISTENER -> BatchListener.class;
			case MANUAL_LISTENER -> ManualListener.class;
			default -> RecordListener.class;
		};
		this.context = SpringApplication.run(application, args);
		this.settings = ModeSettings.of(this.context.getEnvironment());
		this.ends = ends(this.context, this.settings.topic());
		this.inTopic = this.ends.values().stream().mapToLong(Long::longValue).sum();
	}

	@Override
	public void warmUp() {
		long start = System.nanoTime();
		while (!this.settings.isWarm(start, this.consumed)) {
			pass();
		}
	}

	@Override
	public Figures turn() {
		JvmUsage usage = JvmUsage.NONE;
		long records = 0;
		while (records < this.settings.records()) {
			System.gc();
			usage = usage.plus(pass());
			records += this.inTopic;
		}
		if (this.mode.isCovered()) {
			Starter.requireProcessed(this.context, this.consumed, this.mode.isNumbered());
		}
		return Figures.of(records, usage);
	}

	@Override
	public void close() {
		this.context.close();
	}

	private JvmUsage pass() {
		try {
			setBack(this.context, this.ends);
			Pass pass = this.context.getBean(Passes.class).begin(this.inTopic);
			MessageListenerContainer container = container(this.context);
			container.start();
			try {
				return pass.await();
			}
			finally {
				container.stop();
				this.consumed += this.inTopic;
			}
		}
		catch (ExecutionException | InterruptedException ex) {
			throw new IllegalStateException("Consuming failed", ex);
		}
	}

	private static MessageListenerContainer container(ConfigurableApplicationContext context) {
		MessageListenerContainer container = context.getBean(KafkaListenerEndpointRegistry.class)
			.getListenerContainer(LISTENER);
		Assert.state(container != null, "No container '%s'".formatted(LISTENER));
		return container;
	}

	private static void setBack(ConfigurableApplicationContext context, Map<TopicPartition, Long> ends)
			throws ExecutionException, InterruptedException {
		Map<TopicPartition, OffsetAndMetadata> zero = new HashMap<>();
		ends.keySet().forEach((partition) -> zero.put(partition, new OffsetAndMetadata(0)));
		String group = context.getEnvironment().getRequiredProperty("benchmark.group");
		try (Admin admin = admin(context)) {
			admin.alterConsumerGroupOffsets(group, zero).all().get();
		}
	}

	private static Map<TopicPartition, Long> ends(ConfigurableApplicationContext context, String topic) {
		try (Admin admin = admin(context)) {
			TopicDescription description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
			Assert.state(description != null, "No topic '%s'".formatted(topic));
			Map<TopicPartition, OffsetSpec> latest = description.partitions()
				.stream()
				.collect(Collectors.toMap((partition) -> new TopicPartition(topic, partition.partition()),
						(partition) -> OffsetSpec.latest()));
			Map<TopicPartition, Long> ends = new HashMap<>();
			admin.listOffsets(latest).all().get().forEach((partition, offset) -> ends.put(partition, offset.offset()));
			return ends;
		}
		catch (ExecutionException | InterruptedException ex) {
			throw new IllegalStateException("No ends of topic '%s'".formatted(topic), ex);
		}
	}

	private static Admin admin(ConfigurableApplicationContext context) {
		return Admin.create(context.getBean(KafkaAdmin.class).getConfigurationProperties());
	}

}
