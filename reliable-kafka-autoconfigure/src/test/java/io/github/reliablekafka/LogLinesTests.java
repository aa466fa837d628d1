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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that whoever finds a warning or an error of the starter in a log finds it in
 * {@code docs/operations.md}, too, and that nothing else is there.
 */
class LogLinesTests {

	private static final Pattern CALL = Pattern.compile("\\blogger\\s*\\.(?:warn|error)\\(");

	private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

	private static final Pattern ROW = Pattern.compile("^\\| (`.*?) \\| [^|]*\\b(?:WARN|ERROR|INFO)\\b",
			Pattern.MULTILINE);

	private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

	// Their texts come from elsewhere.
	private static final Set<String> WITHOUT_TEXT = Set.of("DeadLetters", "Recovery", "ReportLog", "BackgroundQueue",
			"Complaints", "AuditLoop", "SpoolStores", "LossAnswers");

	private final Map<String, String> sources = new TreeMap<>();

	private final List<List<String>> documented = new ArrayList<>();

	LogLinesTests() throws IOException {
		try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
			for (Path file : files.filter((path) -> path.toString().endsWith(".java")).toList()) {
				this.sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
			}
		}
		String document = Files.readString(Path.of("..", "docs", "operations.md"));
		Matcher rows = ROW
			.matcher(document.substring(document.indexOf("## Log lines"), document.indexOf("## Records in the spool")));
		while (rows.find()) {
			Matcher spans = SPAN.matcher(rows.group(1));
			while (spans.find()) {
				this.documented.add(Stream.of(spans.group(1).split("\\.\\.\\.", -1))
					.map((part) -> part.strip().replace("''", ""))
					.filter((part) -> part.length() > 1)
					.toList());
			}
		}
	}

	@Test
	void eachWarningAndErrorIsInTheDocument() {
		assertThat(this.documented).hasSizeGreaterThan(70)
			.allSatisfy((parts) -> assertThat(String.join("", parts)).hasSizeGreaterThan(5));
		Set<String> missing = new TreeSet<>();
		int found = 0;
		for (Map.Entry<String, String> source : this.sources.entrySet()) {
			Matcher calls = CALL.matcher(source.getValue());
			while (calls.find()) {
				found++;
				String line = texts(source.getValue().substring(calls.end(), end(source.getValue(), calls.end())));
				boolean told = this.documented.stream().anyMatch((parts) -> parts.stream().allMatch(line::contains));
				if (!told && (line.length() > 20 || !WITHOUT_TEXT.contains(source.getKey()))) {
					missing.add(source.getKey() + ": " + line);
				}
			}
		}
		assertThat(found).isGreaterThan(70);
		assertThat(missing).isEmpty();
	}

	@Test
	void eachLineInTheDocumentIsInTheSources() {
		List<String> all = this.sources.values().stream().map(LogLinesTests::texts).toList();
		assertThat(this.documented)
			.allSatisfy((parts) -> assertThat(all).anyMatch((texts) -> parts.stream().allMatch(texts::contains)));
	}

	private static String texts(String source) {
		StringBuilder texts = new StringBuilder();
		Matcher parts = TEXT.matcher(source);
		while (parts.find()) {
			texts.append(parts.group(1));
		}
		return texts.toString();
	}

	private static int end(String source, int begin) {
		int depth = 1;
		boolean quoted = false;
		int at = begin;
		while (depth > 0) {
			char c = source.charAt(at);
			if (c == '\\' && quoted) {
				at++;
			}
			else if (c == '"') {
				quoted = !quoted;
			}
			else if (!quoted && c == '(') {
				depth++;
			}
			else if (!quoted && c == ')') {
				depth--;
			}
			at++;
		}
		return at;
	}

}
