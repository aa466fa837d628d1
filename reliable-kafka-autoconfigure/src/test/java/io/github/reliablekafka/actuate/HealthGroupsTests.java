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

import java.time.Duration;
import java.util.List;
import java.util.Set;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.ledger.ListenerState;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.application.AvailabilityHealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HealthGroups}, in what Spring Boot makes of them.
 */
class HealthGroupsTests {

	private final ListenerBoard listeners = new ListenerBoard();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ReliableKafkaHealthAutoConfiguration.class,
				EndpointAutoConfiguration.class, HealthEndpointAutoConfiguration.class,
				HealthContributorAutoConfiguration.class, HealthContributorRegistryAutoConfiguration.class,
				AvailabilityProbesAutoConfiguration.class, ApplicationAvailabilityAutoConfiguration.class,
				AvailabilityHealthContributorAutoConfiguration.class))
		.withPropertyValues("management.endpoints.web.exposure.include=health",
				"management.endpoints.jmx.exposure.include=health")
		.withBean(DeliveryLedger.class)
		.withBean(ListenerBoard.class, () -> this.listeners);

	@Test
	void containerThatHasStoppedFailsTheStartAndNothingThatRuns() {
		this.runner.run((context) -> {
			ready(context, ReadinessState.ACCEPTING_TRAFFIC);
			assertThat(statuses(context)).containsExactly(Status.UP, Status.UP, Status.UP);
			stop();
			assertThat(statuses(context)).containsExactly(Status.UP, Status.UP, Status.DOWN);
			assertThat(context.getBean(HealthEndpoint.class).healthForPath("startup", "reliableKafka", "producers"))
				.isNull();
		});
	}

	@Test
	void applicationThatIsNotReadyHasNotStarted() {
		this.runner.run((context) -> {
			ready(context, ReadinessState.REFUSING_TRAFFIC);
			assertThat(statuses(context)).containsExactly(Status.UP, Status.OUT_OF_SERVICE, Status.OUT_OF_SERVICE);
		});
	}

	@Test
	void groupsOfTheApplicationStayAsTheyAre() {
		this.runner
			.withPropertyValues("management.endpoint.health.group.liveness.include=livenessState",
					"management.endpoint.health.group.startup.include=livenessState",
					"management.endpoint.health.group.mine.include=reliableKafka/losses",
					"management.endpoint.health.validate-group-membership=false")
			.run((context) -> {
				stop();
				ready(context, ReadinessState.ACCEPTING_TRAFFIC);
				assertThat(statuses(context)).containsExactly(Status.UP, Status.UP, Status.UP);
				assertThat(context.getBean(HealthEndpointGroups.class).getNames()).containsExactlyInAnyOrder("liveness",
						"readiness", "startup", "mine");
			});
	}

	@Test
	void partsAreChosenByProperties() {
		this.runner
			.withPropertyValues("reliable.kafka.health.groups.liveness=listeners",
					"reliable.kafka.health.groups.readiness=listeners", "reliable.kafka.health.groups.startup=")
			.run((context) -> {
				stop();
				ready(context, ReadinessState.ACCEPTING_TRAFFIC);
				assertThat(statuses(context)).containsExactly(Status.DOWN, Status.DOWN, Status.UP);
			});
	}

	@Test
	void partThatDoesNotExistIsRefused() {
		this.runner.withPropertyValues("reliable.kafka.health.groups.liveness=listener")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidConfigurationPropertyValueException.class)
				.hasMessageContaining("reliable.kafka.health.groups.liveness"));
	}

	@Test
	void groupFromWhichTheApplicationExcludesSomethingStaysAsItIs() {
		this.runner
			.withPropertyValues("reliable.kafka.health.groups.liveness=listeners",
					"management.endpoint.health.group.liveness.exclude=reliableKafka",
					"management.endpoint.health.group.liveness.include=livenessState",
					"management.endpoint.health.group.readiness.include=readinessState,ping,reliableKafka/listeners",
					"management.endpoint.health.validate-group-membership=false")
			.run((context) -> {
				stop();
				ready(context, ReadinessState.ACCEPTING_TRAFFIC);
				assertThat(statuses(context)).containsExactly(Status.UP, Status.DOWN, Status.DOWN);
				HealthEndpoint endpoint = context.getBean(HealthEndpoint.class);
				assertThat(endpoint.healthForPath("readiness", "ping")).isNotNull();
				assertThat(endpoint.healthForPath("startup", "ping")).isNull();
			});
	}

	@Test
	void withoutProbesThereAreNoGroups() {
		this.runner.withPropertyValues("management.endpoint.health.probes.enabled=false")
			.run((context) -> assertThat(context.getBean(HealthEndpointGroups.class).getNames()).isEmpty());
	}

	@Test
	void contributorOfTheApplicationKeepsItsName() {
		this.runner.withBean("startupHealthIndicator", HealthIndicator.class, () -> () -> Health.up().build())
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(HealthEndpointGroups.class).getNames()).containsExactlyInAnyOrder("liveness",
						"readiness");
			});
	}

	@Test
	void pathsBesideTheEndpointStay() {
		this.runner.withPropertyValues("management.endpoint.health.probes.add-additional-paths=true").run((context) -> {
			HealthEndpointGroups groups = context.getBean(HealthEndpointGroups.class);
			assertThat(groups.get("liveness").getAdditionalPath()).hasToString("server:/livez");
			assertThat(groups.get("startup").getAdditionalPath()).isNull();
		});
	}

	private static void ready(ApplicationContext context, ReadinessState state) {
		AvailabilityChangeEvent.publish(context, LivenessState.CORRECT);
		AvailabilityChangeEvent.publish(context, state);
	}

	private static List<Status> statuses(ApplicationContext context) {
		HealthEndpoint endpoint = context.getBean(HealthEndpoint.class);
		return List.of("liveness", "readiness", "startup")
			.stream()
			.map((group) -> endpoint.healthForPath(group).getStatus())
			.toList();
	}

	private void stop() {
		this.listeners.askAt(() -> List
			.of(new ListenerState("orders", "billing", Set.of("orders"), false, true, false, 0, -1, Duration.ZERO)));
	}

}
