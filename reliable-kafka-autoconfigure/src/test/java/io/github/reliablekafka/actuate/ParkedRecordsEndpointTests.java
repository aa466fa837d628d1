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

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolWatch;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.jmx.ExposableJmxEndpoint;
import org.springframework.boot.actuate.endpoint.jmx.JmxEndpointsSupplier;
import org.springframework.boot.actuate.endpoint.jmx.JmxOperation;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link ParkedRecordsEndpoint} and who may use it.
 */
class ParkedRecordsEndpointTests {

	private final SpoolWatch spool = mock(SpoolWatch.class);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ParkedRecordsEndpointAutoConfiguration.class,
				EndpointAutoConfiguration.class, JmxAutoConfiguration.class, JmxEndpointAutoConfiguration.class))
		.withInitializer((context) -> context.getEnvironment().setConversionService(new ApplicationConversionService()))
		.withBean(SpoolWatch.class, () -> this.spool)
		.withPropertyValues("spring.jmx.enabled=true");

	@Test
	void endpointWhenNotExposedIsNotThere() {
		this.runner.run((context) -> assertThat(context).doesNotHaveBean(ParkedRecordsEndpoint.class));
	}

	@Test
	void endpointWhenExposedOnlyReadsAndShowsNoPayload() {
		byte[] secret = "very-secret".getBytes(StandardCharsets.UTF_8);
		given(this.spool.parked(100)).willReturn(List
			.of(new ParkedRecord("7f-orders-3", "orders", 2, Instant.EPOCH, "too large", secret, secret, List.of())));
		given(this.spool.backlog()).willReturn(new SpoolBacklog(2, Instant.EPOCH, 1, 0, 0,
				List.of(new SpoolBacklog.Blocked("8a-orders-1-4", "orders", 1, Instant.EPOCH, "not permitted", 2))));
		this.runner.withPropertyValues("management.endpoints.jmx.exposure.include=parkedrecords").run((context) -> {
			assertThat(endpoint(context).getOperations()).singleElement()
				.satisfies((operation) -> assertThat(operation.getType()).isEqualTo(OperationType.READ));
			assertThat(invoke(context, "parked", Map.of())).asString()
				.isEqualTo(
						"{records=[{id=7f-orders-3, topic=orders, partition=2, enqueuedAt=1970-01-01T00:00:00Z, reason=too large, keyBytes=11, valueBytes=11, headers=0}], blocking=[{id=8a-orders-1-4, topic=orders, partition=1, since=1970-01-01T00:00:00Z, reason=not permitted, waiting=2}]}");
		});
		verify(this.spool, never()).sendAgain("7f-orders-3");
	}

	@Test
	void endpointWhenAccessIsUnrestrictedSendsAgainAndDiscards() {
		given(this.spool.sendAgain("one")).willReturn(true);
		given(this.spool.sendAgain("away")).willThrow(new IllegalStateException("No producer sends there"));
		given(this.spool.sendAgain("full")).willThrow(mock(SpoolException.class));
		given(this.spool.park("blocking")).willReturn(true);
		given(this.spool.discard("two")).willReturn(true);
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=parkedrecords",
					"management.endpoint.parkedrecords.access=unrestricted")
			.run((context) -> {
				assertThat(invoke(context, "sendAgain", Map.of("id", "one"))).isEqualTo(Map.of("sentAgain", "one"));
				assertThat(invoke(context, "sendAgain", Map.of("id", "unknown"))).isNull();
				assertThat(invoke(context, "sendAgain", Map.of("id", "blocking")))
					.isEqualTo(Map.of("parked", "blocking"));
				assertThat(invoke(context, "discard", Map.of("id", "two"))).isEqualTo(Map.of("discarded", "two"));
				assertThat(invoke(context, "discard", Map.of("id", "unknown"))).isNull();
				for (String id : List.of("away", "full")) {
					assertThatExceptionOfType(InvalidEndpointRequestException.class)
						.isThrownBy(() -> invoke(context, "sendAgain", Map.of("id", id)))
						.satisfies((ex) -> assertThat(ex.getReason()).as("all that a web client sees")
							.startsWith(ex.getMessage()));
				}
			});
	}

	private static Object invoke(ApplicationContext context, String name, Map<String, Object> arguments) {
		JmxOperation operation = endpoint(context).getOperations()
			.stream()
			.filter((candidate) -> candidate.getName().equals(name))
			.findFirst()
			.orElseThrow();
		return operation.invoke(new InvocationContext(SecurityContext.NONE, arguments));
	}

	private static ExposableJmxEndpoint endpoint(ApplicationContext context) {
		return context.getBean(JmxEndpointsSupplier.class)
			.getEndpoints()
			.stream()
			.filter((endpoint) -> endpoint.getEndpointId().toString().equals("parkedrecords"))
			.findFirst()
			.orElseThrow();
	}

}
