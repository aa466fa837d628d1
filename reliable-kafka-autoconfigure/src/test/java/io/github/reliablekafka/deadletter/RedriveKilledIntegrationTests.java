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

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A redrive is killed with {@code kill -9}, and another instance goes on.
 */
@Tag("chaos")
class RedriveKilledIntegrationTests extends DeadLetterSetup {

	private static final int LETTERS = 3000;

	private static final int MOST_UNMARKED = 100;

	@Test
	void redriveWhenKilledGoesOnWithoutALossAndWithFewTwice() throws Exception {
		probe.createTopic(this.topic, 2);
		probe.createTopic(this.deadLetters, 2);
		for (int i = 0; i < LETTERS; i++) {
			probe.send(this.deadLetters, i % 2, KafkaProbe.bytes("key"), KafkaProbe.bytes("value-" + i),
					new RecordHeader(KafkaHeaders.DLT_ORIGINAL_TOPIC, KafkaProbe.bytes(this.topic)));
		}
		for (int killed = 1; killed <= 2; killed++) {
			int enough = killed * 600;
			Process process = start();
			try {
				await().until(() -> probe.records(this.topic).size() >= enough);
			}
			finally {
				process.destroyForcibly().waitFor();
			}
		}
		run(Listener.class, (context) -> {
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			// Until the group has noticed that its member is dead.
			await().until(() -> deadLetters.redrive(Redrive.of(this.deadLetters).atMost(LETTERS)).complete());
			List<String> values = probe.records(this.topic)
				.stream()
				.map((record) -> new String(record.value(), StandardCharsets.UTF_8))
				.toList();
			System.out.println("Redriven " + values.size() + " for " + LETTERS + " dead letters");
			assertThat(values.stream().distinct().count()).isEqualTo(LETTERS);
			assertThat(values).hasSizeBetween(LETTERS, LETTERS + 2 * MOST_UNMARKED);
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isZero();
		}, "reliable.kafka.dead-letter.redrive.records-per-second=100000");
	}

	private Process start() throws Exception {
		return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), RedriveMain.class.getName(),
				"--topic=" + this.topic, "--spring.kafka.bootstrap-servers=" + probe.bootstrapServers(),
				"--spring.kafka.consumer.group-id=" + this.group,
				"--reliable.kafka.dead-letter.redrive.records-per-second=300")
			.redirectErrorStream(true)
			.redirectOutput(Path.of("target", "redrive-killed.log").toFile())
			.start();
	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(topics = "${topic}", autoStartup = "false")
		void listen(String record) {
		}

	}

}
