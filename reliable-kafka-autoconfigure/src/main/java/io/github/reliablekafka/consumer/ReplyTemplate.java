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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.SendResult;
import org.springframework.messaging.Message;

/**
 * Sends what listeners return, with a template of the application, and remembers for the
 * thread of each listener what it has sent: Spring Kafka looks at none of it, and not
 * even at what the template throws. Safe for use by many threads.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class ReplyTemplate<K, V> extends KafkaTemplate<K, V> {

	private static final ThreadLocal<List<CompletableFuture<?>>> SENT = new ThreadLocal<>();

	private final KafkaTemplate<K, V> template;

	ReplyTemplate(KafkaTemplate<K, V> template) {
		super(template.getProducerFactory());
		this.template = template;
	}

	/**
	 * Take what this thread has sent since the last time.
	 * @return completed as the template completes them; mostly empty
	 */
	static List<CompletableFuture<?>> takeSent() {
		List<CompletableFuture<?>> sent = SENT.get();
		if (sent == null) {
			// To remove nothing costs each record of each listener an entry.
			return List.of();
		}
		SENT.remove();
		return sent;
	}

	@Override
	public CompletableFuture<SendResult<K, V>> send(String topic, @Nullable V data) {
		try {
			return remember(this.template.send(topic, data));
		}
		catch (RuntimeException ex) {
			throw failed(ex);
		}
	}

	@Override
	public CompletableFuture<SendResult<K, V>> send(Message<?> message) {
		try {
			return remember(this.template.send(message));
		}
		catch (RuntimeException ex) {
			throw failed(ex);
		}
	}

	// The transaction itself fails if one of its records does.
	private CompletableFuture<SendResult<K, V>> remember(CompletableFuture<SendResult<K, V>> sent) {
		if (!this.template.inTransaction()) {
			sent().add(sent);
		}
		return sent;
	}

	private RuntimeException failed(RuntimeException failure) {
		sent().add(CompletableFuture.failedFuture(failure));
		return failure;
	}

	private static List<CompletableFuture<?>> sent() {
		List<CompletableFuture<?>> sent = SENT.get();
		if (sent == null) {
			sent = new ArrayList<>(1);
			SENT.set(sent);
		}
		return sent;
	}

}
