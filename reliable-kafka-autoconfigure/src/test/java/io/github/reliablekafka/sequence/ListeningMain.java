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

import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

/**
 * An application of three groups that listens until it is killed, and says what it got,
 * what it found, and what it has yet to find.
 */
@EnableAutoConfiguration
@Configuration(proxyBeanMethods = false)
public class ListeningMain {

	private static final String[] GROUPS = { "classic", "newer", "batch" };

	@Value("${topic}")
	private String topic;

	public static void main(String[] args) throws InterruptedException {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(ListeningMain.class)
			.web(WebApplicationType.NONE)
			.run(args);
		LossLedger ledger = context.getBean(LossLedger.class);
		ledger.addPublisher((finding) -> {
			ChildProcess.say("FINDING", finding.id(), finding.cause());
			return CompletableFuture.completedFuture(null);
		});
		String topic = context.getBean(ListeningMain.class).topic;
		while (context.isRunning()) {
			for (String group : GROUPS) {
				ChildProcess.say("SUSPECTS", group, ledger.coverage(topic, topic + "-" + group).suspects());
			}
			Thread.sleep(500);
		}
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-classic", concurrency = "3",
			properties = { "session.timeout.ms=6000", "heartbeat.interval.ms=1000" })
	void classic(ConsumerRecord<String, String> record) {
		got("classic", record);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-newer", concurrency = "3",
			properties = "group.protocol=consumer")
	void newer(ConsumerRecord<String, String> record) {
		got("newer", record);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-batch", concurrency = "3", batch = "true",
			properties = { "session.timeout.ms=6000", "heartbeat.interval.ms=1000" })
	void batch(List<ConsumerRecord<String, String>> records) {
		records.forEach((record) -> got("batch", record));
	}

	private static void got(String group, ConsumerRecord<String, String> record) {
		ChildProcess.say("GOT", group, record.partition(), record.offset(), record.value());
	}

}
