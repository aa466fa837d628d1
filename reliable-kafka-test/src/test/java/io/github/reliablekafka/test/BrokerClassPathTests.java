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

package io.github.reliablekafka.test;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BrokerClassPath}.
 */
class BrokerClassPathTests {

	private static final Pattern TEST_ONLY = Pattern
		.compile("(junit-.*|opentest4j-.*|apiguardian-.*|assertj-.*|byte-buddy-.*|awaitility-.*|hamcrest-.*|logback-.*"
				+ "|open-test-reporting-.*|surefire.*)\\.jar");

	@Test
	void findTakesAllThatKafkaDependsOn() {
		List<String> jars = names(System.getProperty("java.class.path")).stream()
			.filter((name) -> name.endsWith(".jar") && !TEST_ONLY.matcher(name).matches())
			.toList();
		assertThat(names(BrokerClassPath.find())).containsAll(jars);
	}

	@Test
	void findLeavesTheApplicationBehind() {
		assertThat(names(BrokerClassPath.find())).noneMatch((name) -> TEST_ONLY.matcher(name).matches())
			.doesNotContain("test-classes")
			.contains("classes")
			.anyMatch((name) -> name.startsWith("kafka_2.13-"));
	}

	@Test
	void findFollowsTheManifestOfAJar(@TempDir Path directory) throws IOException {
		Path kafka = Files.createFile(directory.resolve("kafka_2.13-1.0.jar"));
		Path client = Files.createFile(directory.resolve("kafka-clients-1.0.jar"));
		Files.createFile(directory.resolve("orders-1.0.jar"));
		Manifest manifest = new Manifest();
		manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
		manifest.getMainAttributes()
			.put(Attributes.Name.CLASS_PATH, kafka.toUri() + " kafka-clients-1.0.jar orders-1.0.jar nothing.jar");
		Path booter = directory.resolve("booter.jar");
		try (OutputStream out = Files.newOutputStream(booter);
				JarOutputStream jar = new JarOutputStream(out, manifest)) {
			jar.finish();
		}
		assertThat(elements(BrokerClassPath.find(booter.toString())).subList(1, 3)).containsExactly(kafka.toString(),
				client.toString());
	}

	@Test
	void findWithoutBrokerSaysWhatToDo(@TempDir Path directory) {
		assertThatExceptionOfType(KafkaClusterException.class)
			.isThrownBy(() -> BrokerClassPath.find(directory.toString()))
			.withMessageContaining("kafka_2.13")
			.withMessageContaining("brokerClassPath");
	}

	@Test
	void jarsOfTestsAreNotNeeded() {
		assertThat(BrokerClassPath.isNeeded("kafka-clients-4.2.1.jar")).isTrue();
		assertThat(BrokerClassPath.isNeeded("kafka-clients-4.2.1-test.jar")).isFalse();
		assertThat(BrokerClassPath.isNeeded("spring-kafka-4.1.1.jar")).isFalse();
	}

	private static List<String> names(String classPath) {
		return elements(classPath).stream().map((element) -> Path.of(element).getFileName().toString()).toList();
	}

	private static List<String> elements(String classPath) {
		return Pattern.compile(File.pathSeparator, Pattern.LITERAL).splitAsStream(classPath).toList();
	}

}
