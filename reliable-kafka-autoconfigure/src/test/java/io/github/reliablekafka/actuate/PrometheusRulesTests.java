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
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests of the shipped alerts and of the queries of the dashboard with Prometheus's own
 * {@code promtool}. Skipped where there is none on the path; Debian has it in its package
 * {@code prometheus}.
 */
class PrometheusRulesTests {

	private static final Path FILES = Path.of("..", "docs", "observability");

	@TempDir
	private Path directory;

	private Path promtool;

	@BeforeEach
	void findTool() {
		this.promtool = Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1))
			.map((place) -> Path.of(place, "promtool"))
			.filter(Files::isExecutable)
			.findFirst()
			.orElse(null);
		assumeTrue(this.promtool != null, "there is no promtool on the path");
	}

	@Test
	void rulesAreValid() throws Exception {
		assertThat(promtool("check", "rules", FILES.resolve("prometheus-rules.yml").toString()))
			.containsPattern("SUCCESS: \\d+ rules found");
	}

	@Test
	void eachAlertFiresForWhatItIsForAndNotForWhatIsNormal() throws Exception {
		Path tests = Path.of("src", "test", "resources", "observability", "prometheus-rules-tests.yml");
		assertThat(promtool("test", "rules", tests.toString())).contains("SUCCESS");
		String document = Files.readString(tests);
		Files.readAllLines(FILES.resolve("prometheus-rules.yml"))
			.stream()
			.filter((line) -> line.contains("- alert: "))
			.forEach((line) -> assertThat(document).containsPattern(
					"alertname: " + line.substring(line.indexOf(": ") + 2).trim() + "\\s+exp_alerts:\\s+- exp_labels"));
	}

	@Test
	void queriesOfTheDashboardAreValid() throws Exception {
		JsonNode dashboard = new JsonMapper().readTree(FILES.resolve("grafana-dashboard.json").toFile());
		List<Map<String, String>> rules = new ArrayList<>();
		for (JsonNode panel : dashboard.get("panels")) {
			for (JsonNode target : panel.get("targets")) {
				String query = target.get("expr").asString().replace("$__rate_interval", "5m").replace("$job", ".*");
				rules.add(Map.of("record", "panel:query%d".formatted(rules.size()), "expr", query));
			}
		}
		Path file = this.directory.resolve("rules.yml");
		// A file of JSON is one of YAML.
		Files.writeString(file, new JsonMapper()
			.writeValueAsString(Map.of("groups", List.of(Map.of("name", "dashboard", "rules", rules)))));
		assertThat(promtool("check", "rules", file.toString()))
			.contains("SUCCESS: %d rules found".formatted(rules.size()));
	}

	private String promtool(String... arguments) throws Exception {
		List<String> command = new ArrayList<>(List.of(this.promtool.toString()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		assertThat(process.exitValue()).as(output).isZero();
		return output;
	}

}
