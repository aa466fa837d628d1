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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files for operators that are shipped.
 */
final class ObservabilityFiles {

	static final Path DIRECTORY = Path.of("..", "docs", "observability");

	static final Path RULES = DIRECTORY.resolve("prometheus-rules.yml");

	static final Path DASHBOARD = DIRECTORY.resolve("grafana-dashboard.json");

	private ObservabilityFiles() {
	}

	/**
	 * The rules of all groups.
	 * @return as they are in the file
	 * @throws IOException if there is no file
	 */
	@SuppressWarnings("unchecked")
	static List<Map<String, Object>> rules() throws IOException {
		List<Map<String, Object>> rules = new ArrayList<>();
		((List<Map<String, Object>>) rulesFile().get("groups"))
			.forEach((group) -> rules.addAll((List<Map<String, Object>>) group.get("rules")));
		return rules;
	}

	static Map<String, Object> rulesFile() throws IOException {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		return new Yaml(new SafeConstructor(options)).load(Files.readString(RULES));
	}

	static JsonNode dashboard() {
		return new JsonMapper().readTree(DASHBOARD.toFile());
	}

	/**
	 * The queries of all panels, with the variables of Grafana filled in.
	 * @return in the order of the panels
	 */
	static List<String> queries() {
		List<String> queries = new ArrayList<>();
		for (JsonNode panel : dashboard().get("panels")) {
			for (JsonNode target : panel.get("targets")) {
				queries.add(query(target));
			}
		}
		return queries;
	}

	static String query(JsonNode target) {
		return target.get("expr").asString().replace("$__rate_interval", "5m").replace("$job", ".*");
	}

}
