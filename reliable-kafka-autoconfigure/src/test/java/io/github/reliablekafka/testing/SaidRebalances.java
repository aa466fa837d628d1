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

package io.github.reliablekafka.testing;

import java.util.Collection;

import io.github.reliablekafka.sequence.ChildProcess;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

/**
 * Has an instance of a campaign say {@value #ASSIGNED} and the id of the group whenever a
 * rebalance has given one of its consumers partitions, or none.
 */
@Configuration(proxyBeanMethods = false)
public class SaidRebalances {

	/** The first word of such a line. */
	public static final String ASSIGNED = "ASSIGNED";

	@Bean
	ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> sayRebalances() {
		return (container) -> container.getContainerProperties()
			.setConsumerRebalanceListener(new Saying(container.getGroupId()));
	}

	private record Saying(String group) implements ConsumerRebalanceListener {

		@Override
		public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
			// Whoever has them next says so.
		}

		@Override
		public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
			ChildProcess.say(ASSIGNED, this.group);
		}

	}

}
