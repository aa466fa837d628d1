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

package io.github.reliablekafka.producer;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

import org.springframework.kafka.support.SendResult;

/**
 * Turns the result of a send into a receipt, unless the record is safe before: future and
 * callback in one object, as there is one for each record.
 */
final class PendingReceipt extends CompletableFuture<DeliveryReceipt>
		implements BiConsumer<SendResult<?, ?>, Throwable> {

	/**
	 * From {@code deliver} to the producer, which Spring Kafka calls on one thread.
	 */
	private static final ThreadLocal<@Nullable PendingReceipt> current = new ThreadLocal<>();

	private final String topic;

	PendingReceipt(String topic) {
		this.topic = topic;
	}

	/**
	 * The record that is sent next on this thread is waited for.
	 */
	void begin() {
		current.set(this);
	}

	static void end() {
		current.remove();
	}

	static @Nullable PendingReceipt take() {
		PendingReceipt receipt = current.get();
		if (receipt != null) {
			current.remove();
		}
		return receipt;
	}

	void spooled(int partition) {
		complete(DeliveryReceipt.spooled(this.topic, partition));
	}

	@Override
	public void accept(@Nullable SendResult<?, ?> result, @Nullable Throwable failure) {
		if (result != null) {
			complete(DeliveryReceipt.delivered(result.getRecordMetadata()));
		}
		else {
			completeExceptionally(ReliableKafkaTemplate.rejected(this.topic, Objects.requireNonNull(failure), false));
		}
	}

	@Override
	public <U> CompletableFuture<U> newIncompleteFuture() {
		return new CompletableFuture<>();
	}

}
