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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link DurabilityProperties}.
 */
class DurabilityPropertiesTests {

	@Test
	void defaultsProtectAndStartOnALaptop() {
		DurabilityProperties properties = bind(Map.of());
		assertThat(properties.level()).isEqualTo(DurabilityLevel.SERVER);
		assertThat(properties.mayFail()).isFalse();
		assertThat(properties.repair()).isFalse();
		assertThat(properties.interval()).isEqualTo(Duration.ofMinutes(5));
		assertThat(properties.required("orders")).isEqualTo(DurabilityLevel.SERVER);
	}

	@Test
	void nameOfATopicGoesBeforePatterns() {
		DurabilityProperties properties = bind(Map.of("topics[fresh*].level", "none", "topics[fresh2].level", "process",
				"topics[*f*r*2*].level", "zone"));
		assertThat(properties.required("fresh2")).isEqualTo(DurabilityLevel.PROCESS);
		assertThat(properties.required("fresh3")).isEqualTo(DurabilityLevel.NONE);
	}

	@Test
	void longestPatternGoesFirst() {
		DurabilityProperties properties = bind(
				Map.of("level", "zone", "topics[metrics-*].level", "process", "topics[metrics-billing-*].level",
						"server", "topics[*].on-violation", "fail", "topics[metrics-cpu].on-violation", "warn"));
		assertThat(properties.required("orders")).isEqualTo(DurabilityLevel.ZONE);
		assertThat(properties.required("metrics-memory")).isEqualTo(DurabilityLevel.PROCESS);
		assertThat(properties.required("metrics-billing-1")).isEqualTo(DurabilityLevel.SERVER);
		assertThat(properties.required("metrics-cpu")).isEqualTo(DurabilityLevel.PROCESS);
		assertThat(properties.failsFor("orders")).isTrue();
		assertThat(properties.failsFor("metrics-memory")).isTrue();
		assertThat(properties.failsFor("metrics-cpu")).isFalse();
		assertThat(properties.mayFail()).isTrue();
	}

	@Test
	void intervalOfLessThanTenSecondsIsRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new DurabilityProperties(Set.of(), DurabilityLevel.SERVER, Map.of(),
					DurabilityProperties.OnViolation.WARN, Duration.ofSeconds(9), false))
			.withMessageContaining("reliable.kafka.durability.interval must be at least 10 seconds");
	}

	private static DurabilityProperties bind(Map<String, String> properties) {
		MapConfigurationPropertySource source = new MapConfigurationPropertySource();
		properties.forEach((name, value) -> source.put("reliable.kafka.durability." + name, value));
		return new Binder(source).bindOrCreate("reliable.kafka.durability", DurabilityProperties.class);
	}

}
