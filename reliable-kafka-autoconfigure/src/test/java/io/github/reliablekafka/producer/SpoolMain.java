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

import io.github.reliablekafka.sequence.ChildProcess;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * An application that sends until it is killed, and says what it has a receipt for.
 */
@EnableAutoConfiguration
@Configuration(proxyBeanMethods = false)
public class SpoolMain {

	private static final int BURST = 20;

	@SuppressWarnings("unchecked")
	public static void main(String[] args) throws InterruptedException {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(SpoolMain.class)
			.web(WebApplicationType.NONE)
			.run(args);
		ReliableKafkaTemplate<String, String> template = context.getBean(ReliableKafkaTemplate.class);
		String topic = Objects.requireNonNull(context.getEnvironment().getProperty("topic"));
		int from = context.getEnvironment().getRequiredProperty("from", Integer.class);
		for (int i = from; context.isActive(); i++) {
			int number = i;
			template.deliver(topic, "key-" + i % 20, i + "-" + "x".repeat(300)).whenComplete((receipt, failure) -> {
				if (receipt != null) {
					ChildProcess.say("SAFE", number, receipt.outcome());
				}
			});
			if (i % BURST == 0) {
				Thread.sleep(4);
			}
		}
	}

}
