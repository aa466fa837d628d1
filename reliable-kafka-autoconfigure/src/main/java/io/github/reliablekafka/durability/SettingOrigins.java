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

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.core.env.Environment;

/**
 * Finds the {@code spring.kafka.*} property that a setting of a Kafka client comes from.
 *
 * @since 0.1.0
 */
public final class SettingOrigins {

	// Those with a property of their own that producers and consumers share.
	private static final Set<String> COMMON = Set.of("bootstrap.servers", "client.id", "security.protocol");

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
	 * client's or the common {@code properties} map, or the common one. A class is
	 * compared by its name, and a list by its elements.
	 * @param client {@code producer} or {@code consumer}
	 * @param setting the name that Kafka gives the setting
	 * @param value the value it has
	 * @return the property's name with its file and line where known, or {@code null} if
	 * no property has that value, so that the setting was made in code
	 */
	public @Nullable String find(String client, String setting, Object value) {
		String own = setting.equals("security.protocol") ? setting : setting.replace('.', '-');
		List<String> candidates = new ArrayList<>(List.of("spring.kafka.%s.properties[%s]".formatted(client, setting),
				"spring.kafka.%s.properties.%s".formatted(client, setting), "spring.kafka.%s.%s".formatted(client, own),
				"spring.kafka.properties[%s]".formatted(setting), "spring.kafka.properties.%s".formatted(setting)));
		if (COMMON.contains(setting)) {
			candidates.add("spring.kafka." + own);
		}
		String wanted = comparable(text(value), value);
		for (String candidate : candidates) {
			// A setting that Kafka does not know may have any name.
			List<ConfigurationProperty> property = ConfigurationPropertyName.isValid(candidate)
					? property(ConfigurationPropertyName.of(candidate)) : List.of();
			String found = text(property.stream().map(ConfigurationProperty::getValue).toList());
			if (!property.isEmpty() && comparable(this.environment.resolvePlaceholders(found), value).equals(wanted)) {
				Origin origin = property.get(0).getOrigin();
				return "%s%s".formatted(candidate, (origin != null) ? ", " + origin : "");
			}
		}
		return null;
	}

	// Around the commas of a list Spring Boot strips spaces.
	private static String comparable(String text, Object value) {
		return (value instanceof Collection<?>) ? text.strip().replaceAll("\\s*,\\s*", ",") : text;
	}

	private static String text(Object value) {
		if (value instanceof Collection<?> elements) {
			return elements.stream().map(SettingOrigins::text).collect(Collectors.joining(","));
		}
		return (value instanceof Class<?> type) ? type.getName() : String.valueOf(value);
	}

	// Several if each element of a list has a line of its own.
	private List<ConfigurationProperty> property(ConfigurationPropertyName name) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			ConfigurationProperty whole = source.getConfigurationProperty(name);
			if (whole != null) {
				return List.of(whole);
			}
			List<ConfigurationProperty> elements = new ArrayList<>();
			ConfigurationProperty element = source.getConfigurationProperty(name.append("[0]"));
			while (element != null) {
				elements.add(element);
				element = source.getConfigurationProperty(name.append("[%d]".formatted(elements.size())));
			}
			if (!elements.isEmpty()) {
				return elements;
			}
		}
		return List.of();
	}

}
