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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.apache.kafka.common.Configurable;
import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.TypeReference;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReflectionHints}.
 */
class ReflectionHintsTests {

	// The ways in which the sources name a field.
	private static final Pattern FIELD = Pattern.compile(
			"(?:etPropertyValue\\(\\s*|\\bfield\\(client, )\"([\\w.]+)\"|(?:\\bread\\([^;\"]*|\\),\\s*)\"([\\w.]+)\",\\s*[\\w.]+\\.class");

	private static final Pattern FIELDS_IN_STREAM = Pattern
		.compile("Stream\\.of\\(([^)]*)\\)\\s*\\.map\\(fields::getPropertyValue\\)");

	// Of an interceptor of whatever kind; one that cannot be looked into ends the search.
	private static final Set<String> NOT_KNOWN = Set.of("next");

	private final RuntimeHints hints = new RuntimeHints();

	@Test
	void fieldsThatAreHintedAreThere() throws Exception {
		new ReflectionHints().registerHints(this.hints, getClass().getClassLoader());
		for (Map.Entry<String, List<String>> fields : ReflectionHints.FIELDS.entrySet()) {
			Class<?> declaring = ClassUtils.resolveClassName(fields.getKey(), null);
			for (String field : fields.getValue()) {
				assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(declaring.getDeclaredField(field)))
					.accepts(this.hints);
			}
		}
	}

	@Test
	void fieldsThatAreReadAreHinted() throws IOException {
		Set<String> hinted = ReflectionHints.FIELDS.values()
			.stream()
			.flatMap(List::stream)
			.collect(Collectors.toCollection(TreeSet::new));
		Set<String> read = new TreeSet<>();
		try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
			sources.filter((file) -> file.toString().endsWith(".java")).forEach((file) -> {
				Matcher matcher = FIELD.matcher(content(file));
				while (matcher.find()) {
					String path = (matcher.group(1) != null) ? matcher.group(1) : matcher.group(2);
					read.addAll(List.of(path.split("\\.", -1)));
				}
				Matcher streams = FIELDS_IN_STREAM.matcher(content(file));
				while (streams.find()) {
					for (String path : streams.group(1).replaceAll("[\"\\s]", "").split(",", -1)) {
						read.addAll(List.of(path.split("\\.", -1)));
					}
				}
			});
		}
		read.addAll(fieldsOfSingleBeans());
		read.removeAll(NOT_KNOWN);
		assertThat(read).hasSizeGreaterThan(15);
		// Also no hint for what nobody reads any more.
		assertThat(hinted).isEqualTo(read);
	}

	// They are in a table there, not where they are read.
	@SuppressWarnings("unchecked")
	private static Set<String> fieldsOfSingleBeans() {
		Map<Class<?>, String> table = (Map<Class<?>, String>) ReflectionTestUtils.getField(
				ClassUtils.resolveClassName("io.github.reliablekafka.consumer.ConsumerCheck", null), "SINGLE_BEANS");
		assertThat(table).isNotEmpty();
		return table.values()
			.stream()
			.flatMap((path) -> Stream.of(path.split("\\.", -1)))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	@Test
	void allThatKafkaMayCreateIsHinted() {
		JavaClasses classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
			.importPackages("io.github.reliablekafka");
		Set<String> creatable = classes.stream()
			.filter((type) -> type.isAssignableTo(Configurable.class) && !type.isInterface()
					&& !type.getModifiers().contains(JavaModifier.ABSTRACT))
			.filter((type) -> type.tryGetConstructor()
				.filter((constructor) -> constructor.getModifiers().contains(JavaModifier.PUBLIC))
				.isPresent())
			.map(JavaClass::getName)
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(ReflectionHints.CREATED).containsExactlyInAnyOrderElementsOf(creatable);
	}

	@Test
	void whatKafkaCreatesByNameCanBeCreated() {
		new ReflectionHints().registerHints(this.hints, getClass().getClassLoader());
		for (String type : ReflectionHints.CREATED) {
			assertThat(RuntimeHintsPredicates.reflection()
				.onType(TypeReference.of(ClassUtils.resolveClassName(type, null)))
				.withMemberCategory(MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS)).accepts(this.hints);
		}
		assertThat(RuntimeHintsPredicates.resource().forResource("io/github/reliablekafka/idempotency/schema-h2.sql"))
			.accepts(this.hints);
	}

	private static String content(Path path) {
		try {
			return Files.readString(path);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
