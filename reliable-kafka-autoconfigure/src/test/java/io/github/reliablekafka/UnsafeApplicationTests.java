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

package io.github.reliablekafka;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests what somebody reads whose settings lose records.
 */
@ExtendWith(OutputCaptureExtension.class)
class UnsafeApplicationTests {

	@Test
	void startStopsWithEveryLineToChange(CapturedOutput output) {
		assertThatException().isThrownBy(() -> application().run("--spring.config.location=classpath:unsafe.yml"));
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("With 2 of the application's settings Kafka records can be lost in silence")
			.contains("producer factory 'kafkaProducerFactory': acks is '1' (from spring.kafka.producer.acks, "
					+ "class path resource [unsafe.yml] - 5:13), required 'all', because a leader that dies")
			.contains("max.in.flight.requests.per.connection is '5'")
			.contains("[unsafe.yml] - 7:52")
			.contains("set spring.kafka.producer.acks=all")
			.contains("reliable.kafka.durability.accept=producer.acks, producer.max-in-flight");
	}

	@Test
	void startGoesOnWhenTheRisksAreAccepted(CapturedOutput output) {
		application()
			.run("--spring.config.location=classpath:unsafe.yml",
					"--reliable.kafka.durability.accept=producer.acks,producer.max-in-flight")
			.close();
		assertThat(output).contains("Accepted risk 'producer.acks'").contains("Accepted risk 'producer.max-in-flight'");
	}

	private static SpringApplication application() {
		SpringApplication application = new SpringApplication(Application.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		return application;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
