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

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the shipped dashboard against the parts of Grafana's schema that it uses.
 */
class GrafanaDashboardTests {

	@Test
	void dashboardHasTheFormThatGrafanaReads() throws Exception {
		assertThat(validate((content) -> content)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "\"timeseries\"|\"timeserie\"", "\"gridPos\"|\"gridPosition\"", "\"expr\"|\"expression\"",
					"\"schemaVersion\": 39|\"schemaVersion\": 12", "\"multi\"|\"both\"", "\"w\": 12|\"w\": 48",
					"${datasource}|prometheus-1", "\"reduceOptions\"|\"reduce\"" })
	void whatGrafanaWouldNotUnderstandIsFound(String good, String bad) throws Exception {
		assertThat(validate((content) -> {
			assertThat(content).contains(good);
			return content.replace(good, bad);
		})).isNotEmpty();
	}

	@Test
	void panelsDoNotOverlapAndAskForTheChosenJob() {
		Set<Integer> ids = new HashSet<>();
		Set<String> titles = new HashSet<>();
		Set<String> cells = new HashSet<>();
		for (JsonNode panel : ObservabilityFiles.dashboard().get("panels")) {
			assertThat(ids.add(panel.get("id").asInt())).isTrue();
			assertThat(titles.add(panel.get("title").asString())).isTrue();
			JsonNode place = panel.get("gridPos");
			assertThat(place.get("x").asInt() + place.get("w").asInt()).isLessThanOrEqualTo(24);
			for (int x = 0; x < place.get("w").asInt(); x++) {
				for (int y = 0; y < place.get("h").asInt(); y++) {
					assertThat(cells.add((place.get("x").asInt() + x) + "," + (place.get("y").asInt() + y)))
						.as("panel '%s' has its place for itself", panel.get("title"))
						.isTrue();
				}
			}
			Set<String> queries = new HashSet<>();
			for (JsonNode target : panel.get("targets")) {
				assertThat(queries.add(target.get("refId").asString())).isTrue();
				assertThat(target.get("expr").asString()).contains("{job=~\"$job\"");
				PromQl.Query query = PromQl.parse(ObservabilityFiles.query(target));
				if (target.get("expr").asString().contains("increase(")) {
					assertThat(target.get("expr").asString()).as("counts what begins a series")
						.containsPattern("\\((\\S+) unless \\1 offset \\$__rate_interval\\) or increase\\(\\1\\[");
				}
				String legend = target.get("legendFormat").asString();
				for (String label : legend.split("[^a-z{}]+", -1)) {
					if (label.startsWith("{{")) {
						assertThat(query.labels()).as(legend).contains(label.substring(2, label.length() - 2));
					}
				}
			}
		}
	}

	private static List<Error> validate(UnaryOperator<String> change) throws Exception {
		SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
		try (InputStream input = Files
			.newInputStream(Path.of("src/test/resources/observability/grafana-dashboard.schema.json"))) {
			Schema schema = registry.getSchema(input);
			return schema.validate(change.apply(Files.readString(ObservabilityFiles.DASHBOARD)), InputFormat.JSON);
		}
	}

}
