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

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A listener whose effect is a row for each record, which nothing keeps from being there
 * twice.
 */
@Configuration(proxyBeanMethods = false)
class EffectsListener {

	private final JdbcTemplate jdbc;

	private final TransactionTemplate transaction;

	private final long pauseMillis = Long.getLong("effects.pause", 0);

	private boolean failed;

	EffectsListener(DataSource dataSource, PlatformTransactionManager transactionManager) {
		this.jdbc = new JdbcTemplate(dataSource);
		this.transaction = new TransactionTemplate(transactionManager);
	}

	@KafkaListener(id = "effects", idIsGroup = false, topics = "${topic}")
	void listen(ConsumerRecord<?, String> record) throws InterruptedException {
		boolean fails = record.value().equals("fail") && !this.failed;
		this.failed |= fails;
		this.transaction.executeWithoutResult((status) -> {
			if (fails) {
				status.setRollbackOnly();
			}
			this.jdbc.update("INSERT INTO EFFECTS (NAME) VALUES (?)", record.value());
		});
		if (fails) {
			throw new IllegalStateException("failed on purpose");
		}
		Thread.sleep(this.pauseMillis);
	}

	List<String> effects() {
		return this.jdbc.queryForList("SELECT NAME FROM EFFECTS ORDER BY NAME", String.class);
	}

}
