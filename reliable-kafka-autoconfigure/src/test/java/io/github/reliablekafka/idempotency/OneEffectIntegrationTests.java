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

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Instances with a listener are killed with {@code kill -9} in the middle of a batch and
 * come and go, on a real PostgreSQL: each record has one effect.
 */
class OneEffectIntegrationTests extends IdempotencySetup {

	private static final int RECORDS = 600;

	@Test
	void eachRecordHasOneEffectThoughInstancesAreKilledAndComeAndGo() throws Exception {
		probe.createTopic(this.topic, 2);
		try (EmbeddedPostgres postgres = EmbeddedPostgres.start()) {
			String url = postgres.getJdbcUrl("postgres", "postgres");
			JdbcTemplate jdbc = new JdbcTemplate(postgres.getPostgresDatabase());
			createEffects(postgres.getPostgresDatabase());
			run(Sending.class, (context) -> {
				for (int partition = 0; partition < 2; partition++) {
					String prefix = "record-" + partition + "-";
					send(context, partition,
							IntStream.range(0, RECORDS / 4).mapToObj((number) -> prefix + number).toList());
				}
			}, "spring.datasource.url=" + url, "reliable.kafka.idempotency.store=none");
			// What was replayed has the same numbers.
			probe.records(this.topic).forEach((record) -> replay(record, "rk"));
			Process first = start("first", url);
			Process second = null;
			try {
				awaitEffects(jdbc, 60);
				second = start("second", url);
				awaitEffects(jdbc, 120);
				first.destroyForcibly().waitFor();
				int redelivered = effects(jdbc) - (int) committed();
				first = start("first", url);
				awaitEffects(jdbc, 220);
				second.destroyForcibly().waitFor();
				redelivered += Math.max(0, effects(jdbc) - (int) committed());
				await().until(() -> committed() == RECORDS);
				assertThat(redelivered).isPositive();
				assertThat(jdbc.queryForObject("SELECT COUNT(DISTINCT NAME) FROM EFFECTS", Integer.class))
					.isEqualTo(RECORDS / 2);
				assertThat(effects(jdbc)).isEqualTo(RECORDS / 2);
			}
			finally {
				first.destroyForcibly().waitFor();
				if (second != null) {
					second.destroyForcibly().waitFor();
				}
			}
		}
	}

	private Process start(String instance, String url) {
		List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
				"-XX:TieredStopAtLevel=1", "-Deffects.pause=10", "-cp", System.getProperty("java.class.path"),
				EffectsMain.class.getName(), "--topic=" + this.topic,
				"--spring.kafka.bootstrap-servers=" + probe.bootstrapServers(),
				"--spring.kafka.consumer.group-id=" + this.group,
				// Comes back at once when it was killed.
				"--spring.kafka.consumer.properties[group.instance.id]=" + instance,
				"--spring.kafka.consumer.properties[session.timeout.ms]=6000", "--spring.datasource.url=" + url,
				"--reliable.kafka.idempotency.store=jdbc", "--reliable.kafka.idempotency.jdbc.initialize-schema=always",
				"--reliable.kafka.idempotency.jdbc.claim-timeout=2s");
		try {
			return new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(Path.of("target", "one-effect-" + instance + ".log").toFile())
				.start();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void awaitEffects(JdbcTemplate jdbc, int count) {
		await().until(() -> effects(jdbc) >= count);
	}

	private static int effects(JdbcTemplate jdbc) {
		Integer count = jdbc.queryForObject("SELECT COUNT(*) FROM EFFECTS", Integer.class);
		return (count != null) ? count : 0;
	}

	private long committed() {
		return Math.max(0, probe.committed(this.group, this.topic, 0))
				+ Math.max(0, probe.committed(this.group, this.topic, 1));
	}

	@Configuration(proxyBeanMethods = false)
	static class Sending {

	}

}
