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

package io.github.reliablekafka.sequence;

import java.util.Objects;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * An application that sends until it is killed or stopped, and says what was
 * acknowledged.
 */
@EnableAutoConfiguration
@Configuration(proxyBeanMethods = false)
public class SendingMain {

	private static final int BURST = 10;

	private static final long PACE = 50;

	@SuppressWarnings("unchecked")
	public static void main(String[] args) throws InterruptedException {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(SendingMain.class)
			.web(WebApplicationType.NONE)
			.run(args);
		KafkaTemplate<String, String> template = context.getBean(KafkaTemplate.class);
		String topic = Objects.requireNonNull(context.getEnvironment().getProperty("topic"));
		String prefix = context.getEnvironment().getProperty("prefix");
		for (int i = 0; context.isActive(); i++) {
			send(template, SentHeaders.record(topic, null, prefix + "-" + i));
			if (i % BURST == 0) {
				Thread.sleep(PACE);
			}
		}
	}

	private static void send(KafkaTemplate<String, String> template, ProducerRecord<String, String> record) {
		try {
			template.send(record).thenAccept((result) -> {
				RecordMetadata metadata = result.getRecordMetadata();
				String value = result.getProducerRecord().value();
				Stamp stamp = SentHeaders.stamp(value, metadata);
				ChildProcess.say("ACK", metadata.partition(), metadata.offset(), value, stamp.session(), stamp.number(),
						stamp.appendNumber());
			});
		}
		catch (RuntimeException ex) {
			// Rejected at once, for want of a cluster or since this ends: nothing was
			// promised.
		}
	}

}
