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

import java.util.Map;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Tells the pass that is being measured what was committed. Kafka creates it, so what it
 * tells is static.
 *
 * @since 0.1.0
 */
public final class CommitWatch implements ConsumerInterceptor<byte[], byte[]> {

	private static volatile Consumer<Map<TopicPartition, OffsetAndMetadata>> watcher = (offsets) -> {
	};

	/**
	 * Called by Kafka.
	 */
	public CommitWatch() {
	}

	static void watch(Consumer<Map<TopicPartition, OffsetAndMetadata>> watcher) {
		CommitWatch.watcher = watcher;
	}

	@Override
	public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
		return records;
	}

	@Override
	public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
		watcher.accept(offsets);
	}

	@Override
	public void close() {
	}

	@Override
	public void configure(Map<String, ?> configs) {
	}

}
