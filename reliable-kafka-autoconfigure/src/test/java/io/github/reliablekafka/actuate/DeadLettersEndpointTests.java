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

package io.github.reliablekafka.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationArgumentResolver;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.jmx.ExposableJmxEndpoint;
import org.springframework.boot.actuate.endpoint.jmx.JmxEndpointsSupplier;
import org.springframework.boot.actuate.endpoint.jmx.JmxOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link DeadLettersEndpoint} and who may use it.
 */
class DeadLettersEndpointTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class, DeadLetterAutoConfiguration.class,
				DeadLettersEndpointAutoConfiguration.class, EndpointAutoConfiguration.class, JmxAutoConfiguration.class,
				JmxEndpointAutoConfiguration.class))
		.withInitializer((context) -> context.getEnvironment().setConversionService(new ApplicationConversionService()))
		.withPropertyValues("spring.jmx.enabled=true");

	@Test
	void endpointWhenNotExposedIsNotThere() {
		this.runner.run((context) -> assertThat(context).doesNotHaveBean(DeadLettersEndpoint.class));
	}

	@Test
	void endpointWhenExposedOnlyReads() {
		this.runner.withPropertyValues("management.endpoints.jmx.exposure.include=deadletters")
			.run((context) -> assertThat(endpoint(context).getOperations()).hasSize(2)
				.allMatch((operation) -> operation.getType() == OperationType.READ));
	}

	@Test
	void endpointWhenAccessIsUnrestrictedRedrives() {
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=deadletters",
					"management.endpoint.deadletters.access=unrestricted")
			.run((context) -> {
				JmxOperation redrive = operation(context, OperationType.WRITE);
				assertThat(redrive.getName()).isEqualTo("redrive");
				assertThatExceptionOfType(InvalidEndpointRequestException.class)
					.isThrownBy(() -> redrive.invoke(new InvocationContext(SecurityContext.NONE,
							Map.of("topic", "orders-dlt\nINFO forged", "from", Instant.EPOCH.toString(), "dryRun",
									"true", "partition", "1", "offset", "7"))))
					.withMessage("There is no dead letter topic of this application of that name");
				assertThatExceptionOfType(InvalidEndpointRequestException.class)
					.isThrownBy(() -> redrive.invoke(new InvocationContext(SecurityContext.NONE,
							Map.of("topic", "orders-dlt", "limit", "1000000"))))
					.withMessageContaining("limit must not be above 10000");
				assertThatExceptionOfType(InvalidEndpointRequestException.class)
					.isThrownBy(() -> redrive.invoke(new InvocationContext(SecurityContext.NONE,
							Map.of("topic", "orders-dlt", "recordsPerSecond", "1000000"))))
					.withMessageContaining("recordsPerSecond must not be above 10000");
			});
	}

	@Test
	void endpointWhenAFieldIsNotKnownRefusesAndNamesThoseThatAre() {
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=deadletters",
					"management.endpoint.deadletters.access=unrestricted")
			.run((context) -> {
				assertThatExceptionOfType(InvalidEndpointRequestException.class)
					.isThrownBy(() -> operation(context, OperationType.WRITE)
						.invoke(new InvocationContext(SecurityContext.NONE,
								Map.of("topic", "orders-dlt", "limit", "1000000", "exeption", "x", "dryrun", "true"))))
					.withMessage("Unknown fields [dryrun, exeption]; known are [dryRun, exception, "
							+ "firstOriginalOffset, from, group, key, lastOriginalOffset, limit, maxRedrives, offset, "
							+ "originalPartition, partition, recordsPerSecond, until]");
				assertThatExceptionOfType(InvalidEndpointRequestException.class)
					.isThrownBy(() -> operation(context, "inspect").invoke(new InvocationContext(SecurityContext.NONE,
							Map.of("topic", "orders-dlt", "dryRun", "true", "limit", "7"))))
					.withMessage(
							"Unknown fields [dryRun]; known are [exception, firstOriginalOffset, from, group, key, "
									+ "lastOriginalOffset, limit, offset, originalPartition, partition, until]");
				// Whatever a proxy or a browser adds where there is nothing to mistype.
				assertThat(operation(context, "topics")
					.invoke(new InvocationContext(SecurityContext.NONE, Map.of("other", "x")))).isEqualTo(List.of());
			});
	}

	@Test
	void endpointWhenAskedOverHttpAnswersWhyARequestIsInvalid() {
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=deadletters",
					"management.endpoint.deadletters.access=unrestricted")
			.run((context) -> {
				assertBadRequest(operation(context, "inspect"), Map.of("topic", "foo"),
						"There is no dead letter topic of this application of that name");
				assertBadRequest(operation(context, "inspect"), Map.of("topic", "foo", "limit", "501"),
						"limit must be between 1 and 500");
				assertBadRequest(operation(context, "redrive"), Map.of("topic", "foo", "offset", "1"),
						"offset needs a partition");
				assertBadRequest(operation(context, "redrive"), Map.of("topic", "foo", "exeption", "x"),
						"Unknown fields [exeption]");
				assertBadRequest(operation(context, "redrive"), Map.of("topic", "foo", "limit", "few"),
						"Failed to map few");
			});
	}

	private static void assertBadRequest(JmxOperation operation, Map<String, Object> arguments, String message) {
		Object answer = operation.invoke(new InvocationContext(SecurityContext.NONE, arguments,
				OperationArgumentResolver.of(WebServerNamespace.class, () -> WebServerNamespace.SERVER)));
		assertThat(answer).isInstanceOfSatisfying(WebEndpointResponse.class, (response) -> {
			assertThat(response.getStatus()).isEqualTo(400);
			assertThat(response.getBody()).asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
				.containsEntry("status", 400)
				.containsEntry("error", "Bad Request")
				.hasEntrySatisfying("message", (reason) -> assertThat(reason).asString().startsWith(message));
		});
	}

	@Test
	void endpointWhenAccessIsUnrestrictedByDefaultRedrivesUnlessItSaysOtherwise() {
		ApplicationContextRunner unrestricted = this.runner.withPropertyValues(
				"management.endpoints.jmx.exposure.include=deadletters",
				"management.endpoints.access.default=unrestricted");
		unrestricted.run((context) -> assertThat(endpoint(context).getOperations())
			.anyMatch((operation) -> operation.getType() == OperationType.WRITE));
		unrestricted.withPropertyValues("management.endpoint.deadletters.access=read-only")
			.run((context) -> assertThat(endpoint(context).getOperations())
				.noneMatch((operation) -> operation.getType() == OperationType.WRITE));
	}

	@Test
	void endpointWhenMaxPermittedIsReadOnlyDoesNotRedrive() {
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=deadletters",
					"management.endpoints.access.max-permitted=read-only",
					"management.endpoint.deadletters.access=unrestricted")
			.run((context) -> assertThat(endpoint(context).getOperations())
				.noneMatch((operation) -> operation.getType() == OperationType.WRITE));
	}

	private static JmxOperation operation(ApplicationContext context, String name) {
		return endpoint(context).getOperations()
			.stream()
			.filter((operation) -> operation.getName().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private static JmxOperation operation(ApplicationContext context, OperationType type) {
		return endpoint(context).getOperations()
			.stream()
			.filter((operation) -> operation.getType() == type)
			.findFirst()
			.orElseThrow();
	}

	private static ExposableJmxEndpoint endpoint(ApplicationContext context) {
		return context.getBean(JmxEndpointsSupplier.class)
			.getEndpoints()
			.stream()
			.filter((endpoint) -> endpoint.getEndpointId().toString().equals("deadletters"))
			.findFirst()
			.orElseThrow();
	}

}
