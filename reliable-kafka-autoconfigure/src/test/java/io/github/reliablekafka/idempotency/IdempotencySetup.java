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

package io.github.reliablekafka.idempotency;

import java.util.List;

import javax.sql.DataSource;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * An application with a database, and what writes records into its topic.
 */
abstract class IdempotencySetup extends ApplicationOnBroker {

	IdempotencySetup() {
		super(DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
				ReliableConsumerAutoConfiguration.class, DeadLetterAutoConfiguration.class,
				IdempotencyAutoConfiguration.class, DataSourceAutoConfiguration.class,
				DataSourceTransactionManagerAutoConfiguration.class, KafkaAutoConfiguration.class);
		configure("reliable.kafka.consumer.retry.initial-interval=50ms");
	}

	static void createEffects(DataSource dataSource) {
		new JdbcTemplate(dataSource).execute("CREATE TABLE IF NOT EXISTS EFFECTS (NAME VARCHAR(100))");
	}

	void send(ApplicationContext context, String... values) {
		send(context, 0, List.of(values));
	}

	@SuppressWarnings("unchecked")
	void send(ApplicationContext context, int partition, List<String> values) {
		KafkaTemplate<String, String> template = context.getBean(KafkaTemplate.class);
		values.forEach((value) -> template.send(this.topic, partition, "key", value).join());
	}

	/**
	 * Write a record once more with its number, as a replay does.
	 * @param record a record of the topic
	 * @param header the name under which the number is
	 */
	void replay(ConsumerRecord<byte[], byte[]> record, String header) {
		Header number = record.headers().lastHeader("rk");
		probe.send(this.topic, record.partition(), record.key(), record.value(),
				new RecordHeader(header, number.value()));
	}

}
