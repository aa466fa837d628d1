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

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.Environment;

/**
 * Finds the {@code spring.kafka.*} property that a setting of a Kafka client comes from.
 *
 * @since 0.1.0
 */
public final class SettingOrigins {

	private final Environment environment;

	/**
	 * Create a finder.
	 * @param environment the application's properties
	 */
	public SettingOrigins(Environment environment) {
		this.environment = environment;
	}

	/**
	 * Find the property that gave a setting its value: the client's own one, or the
	 * client's or the common {@code properties} map.
	 * @param client {@code producer} or {@code consumer}
	 * @param setting the name that Kafka gives the setting
	 * @param value the value it has
	 * @return the property's name with its file and line where known, or {@code null} if
	 * no property has that value, so that the setting was made in code
	 */
	public @Nullable String find(String client, String setting, Object value) {
		List<String> candidates = List.of("spring.kafka.%s.properties[%s]".formatted(client, setting),
				"spring.kafka.%s.properties.%s".formatted(client, setting),
				"spring.kafka.%s.%s".formatted(client, setting.replace('.', '-')),
				"spring.kafka.properties[%s]".formatted(setting), "spring.kafka.properties.%s".formatted(setting));
		for (String candidate : candidates) {
			// A setting that Kafka does not know may have any name.
			ConfigurationProperty property = ConfigurationPropertyName.isValid(candidate) ? property(candidate) : null;
			if (property != null && String.valueOf(value)
				.equals(this.environment.resolvePlaceholders(String.valueOf(property.getValue())))) {
				return "%s%s".formatted(candidate, (property.getOrigin() != null) ? ", " + property.getOrigin() : "");
			}
		}
		return null;
	}

	private @Nullable ConfigurationProperty property(String name) {
		ConfigurationPropertyName propertyName = ConfigurationPropertyName.of(name);
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			ConfigurationProperty property = source.getConfigurationProperty(propertyName);
			if (property != null) {
				return property;
			}
		}
		return null;
	}

}
