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

package io.github.reliablekafka.deadletter;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

/**
 * An application that redrives, in a process that can be killed.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({ DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
		DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class })
public class RedriveMain {

	@KafkaListener(topics = "${topic}", autoStartup = "false")
	void listen(String record) {
	}

	public static void main(String[] args) {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(RedriveMain.class)
			.web(WebApplicationType.NONE)
			.run(args);
		String topic = context.getEnvironment().getRequiredProperty("topic") + "-dlt";
		// One that was killed is a member of the group for a while.
		while (context.getBean(DeadLetters.class)
			.redrive(Redrive.of(topic).atMost(Integer.MAX_VALUE))
			.failure() != null) {
			Thread.onSpinWait();
		}
	}

}
