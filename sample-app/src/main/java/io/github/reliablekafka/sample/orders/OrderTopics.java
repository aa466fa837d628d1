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

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.TopicBuilder;

/**
 * The topics. A record in them survives the loss of one machine: it is on at least two of
 * three before it is acknowledged, and no replica that lacks it becomes the leader.
 */
@Configuration(proxyBeanMethods = false)
class OrderTopics {

	static final String ORDERS = "orders";

	static final String DEAD_ORDERS = "orders-dlt";

	@Bean
	NewTopic orders() {
		return durable(ORDERS).build();
	}

	@Bean
	NewTopic deadOrders() {
		// Dead letters wait for people.
		return durable(DEAD_ORDERS).config(TopicConfig.RETENTION_MS_CONFIG, "-1").build();
	}

	private static TopicBuilder durable(String name) {
		return TopicBuilder.name(name)
			.partitions(6)
			.replicas(3)
			.config(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2")
			.config(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
	}

}
