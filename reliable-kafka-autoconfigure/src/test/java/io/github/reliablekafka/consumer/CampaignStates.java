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

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.util.ReflectionUtils;

/**
 * Why an instance of a campaign does not go on: for each consumer, what Spring Kafka's
 * container, the wrapper around the consumer and Kafka's client believe. Read out of
 * their fields while they work, so that only what stands still is exact.
 */
final class CampaignStates {

	private static final List<String> CONTAINER = List.of("assignedPartitions", "consumerPaused", "pausedForNack",
			"nackWakeTimeMillis", "nackSleepDurationMillis", "nackIndex", "pausedPartitions", "pauseForPending",
			"pausedForAsyncAcks", "remainingRecords", "commitsDuringRebalance", "offsets", "acks", "seeks",
			"batchFailed", "lastPoll");

	private final KafkaListenerEndpointRegistry registry;

	CampaignStates(KafkaListenerEndpointRegistry registry) {
		this.registry = registry;
	}

	/** Describe all consumers whenever there is a line to read. */
	void describeWhenAsked() {
		Thread thread = new Thread(() -> {
			try {
				InputStream input = System.in;
				for (int read = input.read(); read >= 0; read = input.read()) {
					if (read == '\n') {
						System.out.println(describe());
					}
				}
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		});
		thread.setDaemon(true);
		thread.start();
	}

	private String describe() {
		List<String> lines = new ArrayList<>();
		lines.add("Now " + System.currentTimeMillis() + "/" + System.nanoTime());
		for (MessageListenerContainer container : this.registry.getListenerContainers()) {
			lines.add("%s running=%s".formatted(container.getGroupId(), container.isRunning()));
			if (container instanceof ConcurrentMessageListenerContainer<?, ?> concurrent) {
				concurrent.getContainers().forEach((child) -> {
					try {
						describe(get(child, "listenerConsumer"), lines);
					}
					catch (RuntimeException ex) {
						lines.add("    " + ex);
					}
				});
			}
		}
		return String.join(System.lineSeparator(), lines);
	}

	private static void describe(@Nullable Object listenerConsumer, List<String> lines) {
		Map<String, Object> container = fieldsOf(listenerConsumer);
		container.keySet().retainAll(CONTAINER);
		lines.add("    container " + container);
		Object consumer = get(listenerConsumer, "consumer");
		if (!(consumer instanceof ReliableConsumer<?, ?>)) {
			lines.add("    consumer " + consumer);
			return;
		}
		lines.add("    session " + plain(get(consumer, "session")));
		lines.add("    held " + get(get(consumer, "held"), "paused"));
		lines.add("    refusal " + get(get(consumer, "membership"), "refusal"));
		Object commits = get(get(consumer, "assigned"), "commits");
		lines.add("    refusedAt=%s warnedOf=%s".formatted(get(commits, "refusedAt"), get(commits, "warnedOf")));
		Object partitions = get(get(consumer, "assigned"), "partitions");
		if (partitions instanceof Map<?, ?> map) {
			map.values().forEach((assigned) -> {
				lines.add("    assigned %s %s".formatted(assigned, plain(assigned)));
				Object open = get(assigned, "open");
				lines.add("      open " + plain(open));
				if (get(open, "batches") instanceof Collection<?> batches) {
					batches.forEach((batch) -> lines.add("        " + fieldsOf(batch)));
				}
			});
		}
		Object delegate = get(get(consumer, "consumer"), "delegate");
		Object kafkas = get(get(get(delegate, "subscriptions"), "assignment"), "map");
		if (kafkas instanceof Map<?, ?> map) {
			map.forEach((partition, state) -> lines.add("    client %s %s".formatted(partition, fieldsOf(state))));
		}
	}

	private static Map<String, Object> plain(@Nullable Object object) {
		Map<String, Object> fields = fieldsOf(object);
		fields.values()
			.removeIf((value) -> !(value instanceof Number || value instanceof Boolean || value instanceof Set<?>
					|| (value instanceof Map<?, ?> map && !map.containsKey("group.id"))));
		return fields;
	}

	private static Map<String, Object> fieldsOf(@Nullable Object object) {
		Map<String, Object> fields = new TreeMap<>();
		if (object != null) {
			ReflectionUtils.doWithFields(object.getClass(), (field) -> {
				if (!Modifier.isStatic(field.getModifiers())) {
					field.setAccessible(true);
					Object value = field.get(object);
					fields.put(field.getName(), (value instanceof long[] numbers) ? numbers.length : value);
				}
			});
			fields.values().removeIf((value) -> value == null);
		}
		return fields;
	}

	private static @Nullable Object get(@Nullable Object object, String name) {
		if (object == null) {
			return null;
		}
		Field field = ReflectionUtils.findField(object.getClass(), name);
		if (field == null) {
			return "no field " + name + " in " + object.getClass().getName();
		}
		field.setAccessible(true);
		return ReflectionUtils.getField(field, object);
	}

}
