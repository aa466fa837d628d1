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

import java.util.Optional;
import java.util.UUID;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The orders that reached their end. The tables of {@code schema.sql} make a repeated
 * delivery harmless: the primary key recognises it.
 */
@Repository
class OrderRepository {

	private final JdbcClient jdbc;

	OrderRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	void fulfil(Order order) {
		int repeated = this.jdbc.sql("update orders set deliveries = deliveries + 1 where id = ?")
			.param(order.id())
			.update();
		if (repeated == 0) {
			this.jdbc.sql("insert into orders (id, item, quantity, deliveries) values (?, ?, ?, 1)")
				.params(order.id(), order.item(), order.quantity())
				.update();
		}
	}

	void noteDead(UUID id) {
		this.jdbc.sql("merge into dead_orders (id) key (id) values (?)").param(id).update();
	}

	Optional<FulfilledOrder> find(UUID id) {
		return this.jdbc.sql("select id, item, quantity, deliveries from orders where id = ?")
			.param(id)
			.query(FulfilledOrder.class)
			.optional();
	}

}
