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

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.Environment;

/**
 * {@link AutoConfiguration Auto-configuration} for the check that lets only safe clients
 * start.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@ImportRuntimeHints(ReflectionHints.class)
@EnableConfigurationProperties({ DurabilityProperties.class, SequenceProperties.class })
public final class DurabilityAutoConfiguration {

	DurabilityAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	static SafetyGate reliableKafkaSafetyGate(DurabilityProperties properties) {
		return new SafetyGate(properties.accept());
	}

	@Bean
	@ConditionalOnMissingBean
	static SettingOrigins reliableKafkaSettingOrigins(Environment environment) {
		return new SettingOrigins(environment);
	}

	@Bean
	SafetyCheckpoint reliableKafkaSafetyCheckpoint(SafetyGate gate, ObjectProvider<ClientCheck> checks) {
		return new SafetyCheckpoint(gate, checks);
	}

}
