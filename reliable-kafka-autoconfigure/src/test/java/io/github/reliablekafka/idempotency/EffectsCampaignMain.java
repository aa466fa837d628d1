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

import java.util.Random;
import java.util.concurrent.CompletableFuture;

import javax.sql.DataSource;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.sequence.ChildProcess;
import io.github.reliablekafka.testing.SaidRebalances;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * An instance of the application of {@link OneEffectChaosIntegrationTests}, in a process
 * that can be killed. Its effects are rows that nothing keeps from being there twice. It
 * throws, hangs and returns futures that fail in front of its transaction and within it.
 */
@Configuration(proxyBeanMethods = false)
@Import(SaidRebalances.class)
@ImportAutoConfiguration({ DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
		DeadLetterAutoConfiguration.class, IdempotencyAutoConfiguration.class, DataSourceAutoConfiguration.class,
		DataSourceTransactionManagerAutoConfiguration.class, KafkaAutoConfiguration.class })
public class EffectsCampaignMain {

	private static final String CLASSIC = "session.timeout.ms=6000";

	private static final String NEWER = "group.protocol=consumer";

	private static final String HANGING = "max.poll.interval.ms=8000";

	private final JdbcTemplate jdbc;

	private final TransactionTemplate transaction;

	private final Random random;

	EffectsCampaignMain(DataSource dataSource, PlatformTransactionManager transactionManager,
			@Value("${seed}") long seed) {
		this.jdbc = new JdbcTemplate(dataSource);
		this.transaction = new TransactionTemplate(transactionManager);
		this.random = new Random(seed ^ ProcessHandle.current().pid());
	}

	public static void main(String[] args) {
		new SpringApplicationBuilder(EffectsCampaignMain.class).web(WebApplicationType.NONE).run(args);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-classic", ackMode = "RECORD",
			properties = { CLASSIC, HANGING })
	void classic(ConsumerRecord<?, String> record) {
		process("classic", record.value());
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-newer", properties = { NEWER, HANGING })
	void newer(ConsumerRecord<?, String> record) {
		process("newer", record.value());
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-static",
			properties = { CLASSIC, "group.instance.id=${instance}" })
	void member(ConsumerRecord<?, String> record) {
		process("static", record.value());
	}

	/**
	 * The transaction is the consumer's thread's, and nothing fails behind it.
	 */
	@KafkaListener(topics = "${topic}", groupId = "${topic}-future",
			properties = { NEWER, HANGING, "group.instance.id=${instance}-future" })
	CompletableFuture<Void> future(ConsumerRecord<?, String> record) {
		if (this.random.nextDouble() < 0.01) {
			return CompletableFuture.runAsync(() -> {
				ChildProcess.say("SEEN", "future");
				fail(1);
			});
		}
		process("future", record.value());
		return CompletableFuture.runAsync(() -> pause(this.random.nextInt(5)));
	}

	private void process(String group, String value) {
		ChildProcess.say("SEEN", group);
		fail(0.01);
		this.transaction.executeWithoutResult((status) -> {
			this.jdbc.update("INSERT INTO EFFECTS (CONSUMER_GROUP, NAME) VALUES (?, ?)", group, value);
			if (value.startsWith("poison")) {
				throw new IllegalStateException("fails always");
			}
			fail(0.01);
			if (this.random.nextDouble() < 0.0003) {
				ChildProcess.say("HANGS", group);
				pause(10_000);
			}
		});
		if (this.random.nextDouble() < 0.05) {
			pause(50);
		}
	}

	private void fail(double probability) {
		if (this.random.nextDouble() < probability) {
			throw new IllegalStateException("fails this time");
		}
	}

	private static void pause(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
