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

package io.github.reliablekafka.testing;

import java.util.UUID;

import org.junit.jupiter.api.BeforeAll;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Set-up of tests that run an application on the shared broker. The application finds the
 * topic of the test in its property {@code topic}.
 */
@SharedBroker
public abstract class ApplicationOnBroker {

	protected static KafkaProbe probe;

	protected final String topic = "orders-" + UUID.randomUUID();

	protected final String deadLetters = this.topic + "-dlt";

	protected final String group = "group-" + UUID.randomUUID();

	protected ApplicationContextRunner runner;

	protected ApplicationOnBroker(Class<?>... autoConfigurations) {
		this.runner = new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(autoConfigurations))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + probe.bootstrapServers(),
					"spring.kafka.consumer.group-id=" + this.group, "topic=" + this.topic,
					"spring.kafka.listener.poll-timeout=500ms",
					// A consumer that seeks or closes waits for a request that is on its
					// way.
					"spring.kafka.consumer.fetch-max-wait=50ms");
	}

	@BeforeAll
	static void connect(KafkaProbe shared) {
		probe = shared;
	}

	protected final void configure(String... properties) {
		this.runner = this.runner.withPropertyValues(properties);
	}

	protected void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner.withUserConfiguration(configuration).withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context);
		});
	}

	protected final void awaitCommitted(long offset) {
		awaitCommitted(0, offset);
	}

	protected final void awaitCommitted(int partition, long offset) {
		await().until(() -> probe.committed(this.group, this.topic, partition) == offset);
	}

}
