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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * Tests for {@link SpoolPlace}: a spool that would end with the machine is refused, if
 * that is wanted, before anything is promised.
 */
class SpoolPlaceTests {

	private static final Path MEMORY = Path.of("/dev/shm");

	@TempDir
	Path directory;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
		.withPropertyValues("spring.application.name=shop", "spring.kafka.bootstrap-servers=localhost:1",
				"reliable.kafka.spool.on-ephemeral=fail");

	@Test
	@EnabledIf("hasMemory")
	void fileSystemInMemoryIsRefusedAtTheStart() {
		Path place = MEMORY.resolve("reliable-kafka-not-there");
		this.runner
			.withPropertyValues("reliable.kafka.spool.mode=write-ahead", "reliable.kafka.spool.directory=" + place)
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure()).hasRootCauseInstanceOf(SpoolUnusableException.class)
					.rootCause()
					.hasMessageContaining("of type tmpfs")
					.hasMessageContaining(place.toString());
				assertThat(new SpoolFailureAnalyzer().analyze(context.getStartupFailure()).getAction())
					.contains("reliable.kafka.spool.on-ephemeral=warn");
			});
		assertThat(place).as("nothing is made there").doesNotExist();
	}

	@Test
	@EnabledIf("hasMemory")
	void withoutASpoolThereIsNothingToRefuse() {
		this.runner.withPropertyValues("reliable.kafka.spool.mode=off", "reliable.kafka.spool.directory=" + MEMORY)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void diskIsNotRefused() throws Exception {
		assumeFalse(Set.of("tmpfs", "overlay").contains(Files.getFileStore(this.directory).type()));
		this.runner
			.withPropertyValues("reliable.kafka.spool.mode=write-ahead",
					"reliable.kafka.spool.directory=" + this.directory)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	static boolean hasMemory() throws Exception {
		return Files.isDirectory(MEMORY) && Files.getFileStore(MEMORY).type().equals("tmpfs");
	}

}
