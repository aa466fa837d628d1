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

package io.github.reliablekafka.actuate;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests of the shipped alerts and of the queries of the dashboard. What Prometheus
 * refuses is found here in any case. Where {@code promtool} is on the path, it also says
 * whether each alert fires; Debian has it in its package {@code prometheus}.
 */
class PrometheusRulesTests {

	// What Prometheus reads of an alert; others it refuses.
	private static final Set<String> FIELDS = Set.of("alert", "expr", "for", "keep_firing_for", "labels",
			"annotations");

	private static final Pattern TEMPLATE = Pattern.compile("\\{\\{(.*?)\\}\\}");

	private static final Path TESTS = Path.of("src", "test", "resources", "observability",
			"prometheus-rules-tests.yml");

	@TempDir
	private Path directory;

	@Test
	@SuppressWarnings("unchecked")
	void rulesHaveTheFormThatPrometheusReads() throws Exception {
		Map<String, Object> file = ObservabilityFiles.rulesFile();
		assertThat(file).containsOnlyKeys("groups");
		for (Map<String, Object> group : (List<Map<String, Object>>) file.get("groups")) {
			assertThat(group).containsKeys("name", "rules");
			assertThat(Set.of("name", "interval", "limit", "rules")).containsAll(group.keySet());
		}
		Set<Object> names = new HashSet<>();
		for (Map<String, Object> rule : ObservabilityFiles.rules()) {
			assertThat(rule).containsKeys("alert", "expr", "labels", "annotations");
			assertThat(FIELDS).containsAll(rule.keySet());
			assertThat(names.add(rule.get("alert"))).as("'%s' once", rule.get("alert")).isTrue();
			assertThat(rule.get("alert").toString()).matches("ReliableKafka[A-Z][A-Za-z]+");
			assertThat(rule.getOrDefault("for", "1m").toString()).matches("\\d+[smhd]");
			Map<String, String> labels = (Map<String, String>) rule.get("labels");
			assertThat(labels).containsOnlyKeys("severity");
			assertThat(labels.get("severity")).isIn("critical", "warning", "info");
			assertThat((Map<String, String>) rule.get("annotations")).containsOnlyKeys("summary", "description")
				.allSatisfy((name, text) -> assertThat(text).isNotBlank());
		}
		assertThat(names).hasSizeGreaterThan(12);
	}

	@Test
	@SuppressWarnings("unchecked")
	void expressionsAreValidAndTextsNameLabelsOfTheirResults() throws Exception {
		for (Map<String, Object> rule : ObservabilityFiles.rules()) {
			PromQl.Query query = PromQl.parse(rule.get("expr").toString());
			assertThat(query.selectors()).isNotEmpty();
			assertThat(query.labels()).as("labels of %s", rule.get("alert")).contains("job");
			for (String text : ((Map<String, String>) rule.get("annotations")).values()) {
				Matcher template = TEMPLATE.matcher(text);
				while (template.find()) {
					assertThat(template.group(1)).matches(" \\$labels\\.[a-z]+ ");
					assertThat(query.labels()).as("labels of %s", rule.get("alert"))
						.contains(template.group(1).strip().substring("$labels.".length()));
				}
				assertThat(text.replaceAll(TEMPLATE.pattern(), "")).doesNotContain("{{", "}}");
			}
		}
		assertThat(ObservabilityFiles.queries()).hasSizeGreaterThan(20)
			.allSatisfy((query) -> assertThat(PromQl.parse(query).selectors()).isNotEmpty());
	}

	@Test
	void eachAlertHasATestInWhichItFires() throws Exception {
		String document = Files.readString(TESTS);
		for (Map<String, Object> rule : ObservabilityFiles.rules()) {
			assertThat(document).containsPattern("alertname: " + rule.get("alert") + "\\s+exp_alerts:\\s+- exp_labels");
		}
		Set<String> series = new TreeSet<>();
		Matcher matcher = Pattern.compile("series: '([a-z_]+)\\{").matcher(document);
		while (matcher.find()) {
			series.add(matcher.group(1));
		}
		Set<String> asked = new TreeSet<>();
		for (Map<String, Object> rule : ObservabilityFiles.rules()) {
			PromQl.parse(rule.get("expr").toString()).selectors().forEach((selector) -> asked.add(selector.metric()));
		}
		assertThat(series).isEqualTo(asked);
	}

	@Test
	void promtoolAcceptsTheRulesAndEachAlertFires() throws Exception {
		Path promtool = promtool();
		assertThat(run(promtool, "check", "rules", ObservabilityFiles.RULES.toString()))
			.containsPattern("SUCCESS: \\d+ rules found");
		assertThat(run(promtool, "test", "rules", TESTS.toString())).contains("SUCCESS");
		List<Map<String, String>> rules = new ArrayList<>();
		for (String query : ObservabilityFiles.queries()) {
			rules.add(Map.of("record", "panel:query%d".formatted(rules.size()), "expr", query));
		}
		Path file = this.directory.resolve("rules.yml");
		// A file of JSON is one of YAML.
		Files.writeString(file, new JsonMapper()
			.writeValueAsString(Map.of("groups", List.of(Map.of("name", "dashboard", "rules", rules)))));
		assertThat(run(promtool, "check", "rules", file.toString()))
			.contains("SUCCESS: %d rules found".formatted(rules.size()));
	}

	@Test
	void panelsCountWhatIsThereForTheFirstTime() throws Exception {
		Path promtool = promtool();
		List<Map<String, Object>> tests = new ArrayList<>();
		for (String query : ObservabilityFiles.queries()) {
			if (query.contains("increase(")) {
				tests.add(firstTime(query));
			}
		}
		assertThat(tests).hasSizeGreaterThan(4);
		Path file = this.directory.resolve("tests.yml");
		Files.writeString(file, new JsonMapper()
			.writeValueAsString(Map.of("rule_files", List.of(), "evaluation_interval", "1m", "tests", tests)));
		assertThat(run(promtool, "test", "rules", file.toString())).contains("SUCCESS");
	}

	// One series begins at three and has another three later, another one stays as it is.
	private static Map<String, Object> firstTime(String query) {
		PromQl.Query parsed = PromQl.parse(query);
		PromQl.Selector selector = parsed.selectors().get(0);
		Map<String, String> labels = new TreeMap<>(selector.matchers());
		selector.labels().forEach((label) -> labels.putIfAbsent(label, "x"));
		labels.put("job", "shop");
		Set<String> shown = Objects.requireNonNull(parsed.labels());
		String result = series("", labels, shown);
		return Map.of("interval", "1m", "input_series",
				List.of(Map.of("series", selector.metric() + series(",instance=\"a\"", labels, labels.keySet()),
						"values", "_x10 3x20 6x20"),
						Map.of("series", selector.metric() + series(",instance=\"b\"", labels, labels.keySet()),
								"values", "7x50")),
				"promql_expr_test",
				List.of(Map.of("expr", query, "eval_time", "12m", "exp_samples",
						List.of(Map.of("labels", result, "value", 3))),
						Map.of("expr", query, "eval_time", "25m", "exp_samples",
								List.of(Map.of("labels", result, "value", 0))),
						Map.of("expr", "%s > bool 2".formatted(query), "eval_time", "33m", "exp_samples",
								List.of(Map.of("labels", result, "value", 1)))));
	}

	private static String series(String more, Map<String, String> labels, Set<String> names) {
		return names.stream()
			.map((name) -> "%s=\"%s\"".formatted(name, labels.get(name)))
			.collect(Collectors.joining(",", "{", more + "}"));
	}

	private static Path promtool() {
		Path promtool = Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1))
			.map((place) -> Path.of(place, "promtool"))
			.filter(Files::isExecutable)
			.findFirst()
			.orElse(null);
		assumeTrue(promtool != null, "there is no promtool on the path");
		return promtool;
	}

	private static String run(Path promtool, String... arguments) throws Exception {
		List<String> command = new ArrayList<>(List.of(promtool.toString()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		assertThat(process.exitValue()).as(output).isZero();
		return output;
	}

}
