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
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.github.reliablekafka.test.broker.BrokerLogging;

/**
 * The class path of a node's process: the jars of this JVM's class path that a broker
 * needs, chosen by the name of their artifact, and the place of this module's own
 * classes. Everything else stays behind, so that no class, service or logging
 * configuration of an application reaches a broker.
 * <p>
 * A jar that only carries a {@code Class-Path} in its manifest, as build tools make them
 * for long class paths, is followed.
 */
final class BrokerClassPath {

	private static final Pattern NEEDED = Pattern.compile("(kafka-[a-z-]+|kafka_2\\.\\d+|scala-library|scala-reflect"
			+ "|scala-logging_2\\.\\d+|zstd-jni|lz4-java|snappy-java|pcollections|HdrHistogram|hash4j|caffeine|jspecify"
			+ "|argparse4j|commons-validator|commons-beanutils|commons-digester|commons-logging|commons-collections"
			+ "|jackson-(core|annotations|databind|dataformat-csv|dataformat-yaml|datatype-jdk8)|snakeyaml|jopt-simple"
			+ "|jose4j|metrics-core|slf4j-api|log4j-api|re2j|error_prone_annotations|opentelemetry-proto|protobuf-java)"
			+ "-\\d[^/]*\\.jar");

	private static final Pattern TEST_JAR = Pattern.compile("-(test|tests|sources|javadoc)\\.jar$");

	private static final Pattern KAFKA = Pattern.compile("kafka_2\\.\\d+-.*");

	private BrokerClassPath() {
	}

	/**
	 * Find the jars.
	 * @return a class path of absolute entries
	 * @throws KafkaClusterException if the broker is not on the class path
	 */
	static String find() {
		return find(System.getProperty("java.class.path"));
	}

	static String find(String classPath) {
		Set<Path> entries = new LinkedHashSet<>();
		for (String entry : elements(classPath, File.pathSeparator)) {
			collect(Path.of(entry).toAbsolutePath().normalize(), entries);
		}
		Set<Path> needed = entries.stream()
			.filter((entry) -> isNeeded(entry.getFileName().toString()))
			.collect(Collectors.toCollection(LinkedHashSet::new));
		if (needed.stream().noneMatch((entry) -> KAFKA.matcher(entry.getFileName().toString()).matches())) {
			throw new KafkaClusterException("No jar of org.apache.kafka:kafka_2.13 on the class path of this JVM ("
					+ entries.size() + " entries); give the brokers a class path with the builder's brokerClassPath");
		}
		return join(needed);
	}

	/**
	 * Complete a class path that a user chose.
	 * @param jars the jars of a broker
	 * @return a class path of absolute entries
	 */
	static String of(List<Path> jars) {
		return join(new LinkedHashSet<>(jars));
	}

	static boolean isNeeded(String fileName) {
		return NEEDED.matcher(fileName).matches() && !TEST_JAR.matcher(fileName).find();
	}

	private static String join(Set<Path> jars) {
		Set<Path> all = new LinkedHashSet<>();
		all.add(own());
		all.addAll(jars);
		return all.stream()
			.map((jar) -> jar.toAbsolutePath().toString())
			.collect(Collectors.joining(File.pathSeparator));
	}

	private static Path own() {
		try {
			return Path.of(BrokerLogging.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		}
		catch (URISyntaxException | RuntimeException ex) {
			throw new KafkaClusterException("The classes of this module are not in a plain directory or jar", ex);
		}
	}

	private static void collect(Path entry, Set<Path> entries) {
		if (!Files.exists(entry) || !entries.add(entry) || Files.isDirectory(entry)) {
			return;
		}
		try (JarFile jar = new JarFile(entry.toFile())) {
			Manifest manifest = jar.getManifest();
			String more = (manifest != null) ? manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH) : null;
			if (more != null) {
				URI base = entry.toUri();
				for (String element : elements(more, " ")) {
					URI uri = base.resolve(element);
					if ("file".equals(uri.getScheme())) {
						collect(Path.of(uri).normalize(), entries);
					}
				}
			}
		}
		catch (IOException | IllegalArgumentException ex) {
			// What the JVM cannot read as a jar it skips as well.
		}
	}

	private static List<String> elements(String text, String separator) {
		return Pattern.compile(separator, Pattern.LITERAL)
			.splitAsStream(text)
			.filter((element) -> !element.isBlank())
			.toList();
	}

}
