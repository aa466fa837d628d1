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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the structure of the code, which {@code docs/architecture.md} draws.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.reliablekafka";

	private static final Path SOURCES = Path.of("src/main/java", ROOT.split("\\."));

	private static final Pattern IMPORT = Pattern
		.compile("^import (?:static )?" + Pattern.quote(ROOT) + "\\.([a-z]+)\\.", Pattern.MULTILINE);

	private static final Map<String, Set<String>> HOUSE = new TreeMap<>(Map.ofEntries(
			// roof
			Map.entry("actuate", Set.of("ledger", "durability", "sequence", "spool", "deadletter")),
			// capabilities
			Map.entry("producer", Set.of("ledger", "durability", "sequence", "spool")),
			Map.entry("consumer", Set.of("container", "ledger", "durability", "sequence")),
			Map.entry("deadletter", Set.of("container", "ledger", "durability", "sequence", "spool")),
			Map.entry("idempotency", Set.of("container", "ledger", "durability", "sequence")),
			Map.entry("watermark", Set.of("durability", "sequence")),
			Map.entry("report", Set.of("durability", "sequence", "spool")),
			Map.entry("survey", Set.of("container", "ledger", "durability")),
			// ground
			Map.entry("ledger", Set.of()), Map.entry("durability", Set.of()), Map.entry("sequence", Set.of()),
			Map.entry("spool", Set.of()), Map.entry("container", Set.of())));

	private static final JavaClasses classes = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	@Test
	void roomsImportExactlyWhatTheHouseAllows() throws IOException {
		Map<String, Set<String>> actual = new TreeMap<>();
		for (JavaPackage room : classes.getPackage(ROOT).getSubpackages()) {
			if (room.getRelativeName().equals("test")) {
				continue;
			}
			Set<String> imports = importsInSources(room.getRelativeName());
			for (Dependency dependency : room.getClassDependenciesFromThisPackageTree()) {
				String target = dependency.getTargetClass().getPackageName();
				if (target.startsWith(ROOT + ".")) {
					imports.add(target.substring(ROOT.length() + 1));
				}
			}
			imports.remove(room.getRelativeName());
			actual.put(room.getRelativeName(), imports);
		}
		assertThat(actual).isEqualTo(HOUSE);
	}

	// Of a constant that the compiler copies nothing is left in the class.
	private static Set<String> importsInSources(String room) throws IOException {
		Set<String> imports = new TreeSet<>();
		try (Stream<Path> sources = Files.walk(SOURCES.resolve(room))) {
			for (Path source : sources.filter((path) -> path.toString().endsWith(".java")).toList()) {
				IMPORT.matcher(Files.readString(source)).results().forEach((found) -> imports.add(found.group(1)));
			}
		}
		return imports;
	}

	@Test
	void ledgerKnowsTheJdkOnly() {
		ArchRuleDefinition.classes()
			.that()
			.resideInAPackage(ROOT + ".ledger")
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage("java..", "org.jspecify..", ROOT + ".ledger")
			.check(classes);
	}

	@Test
	void sequenceKnowsTheJdkOnly() {
		ArchRuleDefinition.classes()
			.that()
			.resideInAPackage(ROOT + ".sequence")
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage("java..", "org.jspecify..", ROOT + ".sequence")
			.check(classes);
	}

	@Test
	void spoolKnowsTheJdkOnly() {
		ArchRuleDefinition.classes()
			.that()
			.resideInAPackage(ROOT + ".spool")
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage("java..", "org.jspecify..", ROOT + ".spool")
			.check(classes);
	}

	@Test
	void durabilityIsFreeOfSpringKafka() {
		ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(ROOT + ".durability")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.kafka..", "org.springframework.boot.kafka..")
			.check(classes);
	}

	@Test
	void onlyTheRoofKnowsMicrometer() {
		ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage(ROOT + ".actuate")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("io.micrometer.core..")
			.check(classes);
	}

	@Test
	void packagesAreNullMarked() {
		assertThat(classes.getPackage(ROOT).getSubpackages()).hasSizeGreaterThanOrEqualTo(HOUSE.size())
			.allMatch((candidate) -> candidate.isAnnotatedWith(NullMarked.class));
	}

	@Test
	void autoConfigurationsArePublicFinalWithoutPublicMembers() {
		assertThat(classes).filteredOn((type) -> type.isAnnotatedWith(AutoConfiguration.class))
			.hasSizeGreaterThan(3)
			.allSatisfy((type) -> {
				assertThat(type.getModifiers()).contains(JavaModifier.PUBLIC, JavaModifier.FINAL);
				assertThat(type.getMembers()).filteredOn((member) -> !(member instanceof JavaConstructor))
					.noneMatch((member) -> member.getModifiers().contains(JavaModifier.PUBLIC));
			});
	}

	@Test
	void atMostHalfOfTheTypesArePublic() {
		Set<JavaClass> topLevel = new java.util.HashSet<>();
		classes.stream()
			.filter((type) -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info")
					&& !type.getPackageName().equals(ROOT + ".test"))
			.forEach(topLevel::add);
		long publicTypes = topLevel.stream()
			.filter((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
			.count();
		assertThat(publicTypes).isLessThanOrEqualTo((topLevel.size() + 1) / 2);
	}

}
