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

import java.util.UUID;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.stereotype.Component;

/**
 * Fulfils orders. What it throws is tried again and then goes to the dead letter topic.
 */
@Component
class OrderListener {

	/**
	 * An item that nobody can deliver.
	 */
	static final String CURSED = "cursed";

	private final OrderRepository orders;

	OrderListener(OrderRepository orders) {
		this.orders = orders;
	}

	@KafkaListener(topics = OrderTopics.ORDERS)
	void fulfil(Order order) {
		if (CURSED.equals(order.item())) {
			throw new IllegalArgumentException("Order %s is for a cursed item".formatted(order.id()));
		}
		this.orders.fulfil(order);
	}

	@KafkaListener(topics = OrderTopics.DEAD_ORDERS, concurrency = "1")
	void note(ConsumerRecord<String, ?> record) {
		this.orders.noteDead(UUID.fromString(record.key()));
	}

}
