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

package io.github.reliablekafka.sample.orders;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.producer.DeliveryPendingException;
import io.github.reliablekafka.producer.DeliveryReceipt;
import io.github.reliablekafka.producer.DeliveryRejectedException;
import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import org.apache.kafka.clients.producer.ProducerRecord;

import org.springframework.stereotype.Service;

/**
 * Places orders.
 */
@Service
class OrderService {

	private final ReliableKafkaTemplate<String, Order> kafkaTemplate;

	OrderService(ReliableKafkaTemplate<String, Order> kafkaTemplate) {
		this.kafkaTemplate = kafkaTemplate;
	}

	/**
	 * Place an order.
	 * @param order the order
	 * @return completes when the order is safe, or with a
	 * {@link DeliveryRejectedException} when it never will be
	 */
	CompletableFuture<DeliveryReceipt> place(Order order) {
		return this.kafkaTemplate.deliver(record(order));
	}

	/**
	 * Place an order and wait until it is safe.
	 * @param order the order
	 * @param timeout how long to wait
	 * @return says where the order is
	 * @throws DeliveryRejectedException if the order will not be delivered
	 * @throws DeliveryPendingException if it is still on its way when the time is over
	 */
	DeliveryReceipt place(Order order, Duration timeout) {
		return this.kafkaTemplate.deliver(record(order), timeout);
	}

	private static ProducerRecord<String, Order> record(Order order) {
		return new ProducerRecord<>(OrderTopics.ORDERS, order.id().toString(), order);
	}

}
