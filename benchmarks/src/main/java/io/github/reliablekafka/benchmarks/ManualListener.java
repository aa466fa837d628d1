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

package io.github.reliablekafka.benchmarks;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;

/**
 * An application with a listener for one record at a time, which it acknowledges.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class ManualListener {

	private final Passes passes;

	ManualListener(@Value("${benchmark.json}") boolean json) {
		this.passes = new Passes(json);
	}

	@Bean
	Passes passes() {
		return this.passes;
	}

	@KafkaListener(id = Consuming.LISTENER, topics = "${benchmark.topic}", groupId = "${benchmark.group}",
			autoStartup = "${benchmark.listen}", ackMode = "MANUAL")
	void onRecord(ConsumerRecord<byte[], byte[]> record, Acknowledgment acknowledgment) {
		this.passes.processed(record.value());
		acknowledgment.acknowledge();
	}

}
