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

import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the configuration metadata and the document that lists the properties.
 */
class ConfigurationMetadataTests {

	@Test
	void eachPropertyIsDescribed() throws Exception {
		assertThat(properties()).isNotEmpty().allSatisfy((property) -> {
			assertThat(property.description()).isNotBlank().endsWith(".").doesNotStartWith("The ");
			assertThat(property.name()).startsWith("reliable.kafka.");
		});
	}

	@Test
	void documentListsEachPropertyWithItsDefaultAndNoOther() throws Exception {
		List<String> documented = new ArrayList<>();
		Matcher rows = Pattern
			.compile("^\\| `(reliable\\.kafka\\.[a-z.-]+)` \\| (?:`([^`]*)`)? *\\|", Pattern.MULTILINE)
			.matcher(Files.readString(Path.of("..", "docs", "configuration.md")));
		while (rows.find()) {
			documented.add(rows.group(1) + "=" + ((rows.group(2) != null) ? rows.group(2) : ""));
		}
		List<String> actual = new ArrayList<>(
				properties().stream().map((property) -> property.name() + "=" + property.defaultValue()).toList());
		actual.add("reliable.kafka.enabled=true");
		assertThat(documented).containsExactlyInAnyOrderElementsOf(actual);
	}

	@Test
	void documentAndHintsListEachRisk() throws Exception {
		Set<String> inCode = new TreeSet<>();
		try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
			for (Path source : sources
				.filter((path) -> path.toString().endsWith("Rules.java") || path.endsWith("TopicLimits.java")
						|| path.toString().contains("deadletter"))
				.filter(Files::isRegularFile)
				.toList()) {
				Matcher names = Pattern.compile("\"((?:producer|consumer|topic|cluster)\\.[a-z-]+)\"")
					.matcher(Files.readString(source));
				while (names.find()) {
					inCode.add(names.group(1));
				}
			}
		}
		Set<String> documented = new TreeSet<>();
		Matcher rows = Pattern.compile("^\\| `((?:producer|consumer|topic|cluster)\\.[a-z-]+)` \\|", Pattern.MULTILINE)
			.matcher(Files.readString(Path.of("..", "docs", "configuration.md")));
		while (rows.find()) {
			documented.add(rows.group(1));
		}
		assertThat(inCode).contains("producer.acks", "consumer.no-dlt");
		assertThat(documented).isEqualTo(inCode);
		List<String> hinted = JsonPath
			.parse(Path.of("src/main/resources/META-INF/additional-spring-configuration-metadata.json").toFile())
			.read("$.hints[0].values[*].value");
		assertThat(hinted).containsExactlyInAnyOrderElementsOf(inCode);
	}

	private static List<Property> properties() throws Exception {
		List<Property> properties = new ArrayList<>();
		for (URL resource : Collections.list(ConfigurationMetadataTests.class.getClassLoader()
			.getResources("META-INF/spring-configuration-metadata.json"))) {
			try (InputStream json = resource.openStream()) {
				List<Map<String, Object>> list = JsonPath.parse(json).read("$.properties");
				for (Map<String, Object> map : list) {
					if (map.get("name").toString().startsWith("reliable.kafka.")
							&& !map.get("name").equals("reliable.kafka.enabled")) {
						properties.add(new Property(map.get("name").toString(),
								String.valueOf(map.getOrDefault("description", "")), defaultValue(map)));
					}
				}
			}
		}
		return properties;
	}

	private static String defaultValue(Map<String, Object> property) {
		Object value = property.get("defaultValue");
		return (value == null || value.equals(List.of())) ? "" : value.toString();
	}

	/**
	 * A property as the metadata has it.
	 */
	private record Property(String name, String description, String defaultValue) {

	}

}
