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

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.support.SendResult;
import org.springframework.util.Assert;

/**
 * A {@link KafkaTemplate} whose {@code deliver} methods have one way to fail. It takes
 * the place of Spring Boot's {@code kafkaTemplate}.
 * <ul>
 * <li>{@code send} keeps the contract of {@link KafkaTemplate}: the future completes when
 * every in-sync replica has acknowledged the record, and some failures are thrown instead
 * of being put in the future.</li>
 * <li>{@code deliver} completes with a {@link DeliveryReceipt} as soon as the record is
 * safe, or exceptionally with a {@link DeliveryRejectedException} that says why it never
 * will be. It throws nothing that is a problem of delivery.</li>
 * </ul>
 * Either may block the calling thread for up to {@code max.block.ms}
 * ({@code reliable.kafka.producer.max-block}) while the cluster cannot be reached or the
 * client's memory is full. A record that waits for its acknowledgement is in the memory
 * of this process: it survives the death of any broker and any outage of the cluster, but
 * not the death of this process.
 * <p>
 * {@code flush} waits until every record has its outcome, which during an outage of the
 * cluster may be days: wait for receipts instead.
 * <p>
 * Safe for use by many threads. Records with the same key that one thread sends arrive in
 * the order of the calls. Callbacks run on the producer's network thread and must not
 * block.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @since 0.1.0
 */
public class ReliableKafkaTemplate<K, V> extends KafkaTemplate<K, V> {

	/**
	 * Create a template.
	 * @param producerFactory creates the producers
	 */
	public ReliableKafkaTemplate(ProducerFactory<K, V> producerFactory) {
		super(producerFactory);
	}

	/**
	 * Create a template whose producers have some settings of their own.
	 * @param producerFactory creates the producers
	 * @param configOverrides settings that replace those of the factory
	 */
	public ReliableKafkaTemplate(ProducerFactory<K, V> producerFactory, @Nullable Map<String, Object> configOverrides) {
		super(producerFactory, configOverrides);
	}

	/**
	 * Send a record without a key.
	 * @param topic the topic
	 * @param value the value, {@code null} for a tombstone
	 * @return completes as {@link #deliver(ProducerRecord)} says
	 */
	public CompletableFuture<DeliveryReceipt> deliver(String topic, @Nullable V value) {
		return deliver(new ProducerRecord<>(topic, value));
	}

	/**
	 * Send a record with a key.
	 * @param topic the topic
	 * @param key the key; records with the same key keep their order
	 * @param value the value, {@code null} for a tombstone
	 * @return completes as {@link #deliver(ProducerRecord)} says
	 */
	public CompletableFuture<DeliveryReceipt> deliver(String topic, K key, @Nullable V value) {
		return deliver(new ProducerRecord<>(topic, key, value));
	}

	/**
	 * Send a record.
	 * @param record the record
	 * @return completes with a receipt when the record is safe, or exceptionally with a
	 * {@link DeliveryRejectedException}; while the cluster is away it stays incomplete,
	 * for days if need be, and the record stays on its way
	 * @throws IllegalStateException if called in a transaction, whose commit alone
	 * decides whether the record is delivered, or outside of one on a template that needs
	 * one: use {@code send}
	 */
	@SuppressWarnings("FutureReturnValueIgnored") // the receipt is completed in each case
	public CompletableFuture<DeliveryReceipt> deliver(ProducerRecord<K, V> record) {
		Assert.state(!inTransaction() && (!isTransactional() || isAllowNonTransactional()),
				"In a transaction no record is safe before the commit: "
						+ "use send in one, and take the commit for the receipt of all");
		CompletableFuture<SendResult<K, V>> sent;
		PendingReceipt receipt = new PendingReceipt(record.topic());
		receipt.begin();
		try {
			sent = send(record);
		}
		catch (RuntimeException ex) {
			return CompletableFuture.failedFuture(rejected(record.topic(), ex, true));
		}
		finally {
			PendingReceipt.end();
		}
		sent.whenComplete(receipt);
		return receipt;
	}

	/**
	 * Send a record and wait until it is safe. Waiting is bounded by {@code timeout}
	 * after the time that {@code send} itself may block.
	 * @param record the record
	 * @param timeout how long to wait
	 * @return the receipt
	 * @throws DeliveryRejectedException if the record will not be delivered
	 * @throws DeliveryPendingException if there was no outcome in time; the record is
	 * still on its way, and its outcome will be in the ledger
	 * @throws IllegalStateException if called in a transaction
	 */
	public DeliveryReceipt deliver(ProducerRecord<K, V> record, Duration timeout) {
		CompletableFuture<DeliveryReceipt> receipt = deliver(record);
		try {
			return receipt.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			throw new DeliveryPendingException(record.topic(), timeout);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new DeliveryPendingException(record.topic(), ex);
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof DeliveryRejectedException rejected) {
				throw rejected;
			}
			throw new IllegalStateException("Unexpected outcome", ex.getCause());
		}
	}

	static DeliveryRejectedException rejected(String topic, Throwable failure, boolean beforeSend) {
		RejectionReason reason = Rejections.reason(failure, beforeSend);
		return new DeliveryRejectedException(topic, reason, Rejections.unwrap(failure));
	}

}
