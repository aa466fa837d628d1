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

import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PromQl}. What is refused here Prometheus refuses, most of it when it
 * reads the expression, the rest (a range or a text as the result) when it evaluates it;
 * by a label that was dropped inside nothing can be told apart.
 */
class PromQlTests {

	@Test
	void queryTellsWhatItAsksFor() {
		PromQl.Query query = PromQl
			.parse("sum by (job, topic) (increase(lost_total{verdict=~\"a|b\"}[10m])) > 0 or vector(0) / -2 ^ 3");
		assertThat(query.selectors()).hasSize(1);
		PromQl.Selector selector = query.selectors().get(0);
		assertThat(selector.metric()).isEqualTo("lost_total");
		assertThat(selector.labels()).containsExactlyInAnyOrder("verdict", "job", "topic");
		assertThat(selector.matchers()).containsEntry("verdict", "a|b");
		assertThat(PromQl.parse("max(a) by (job) > 1").labels()).isEqualTo(Set.of("job"));
		assertThat(PromQl.parse("a unless a offset 10m").labels()).isNull();
		assertThat(PromQl.parse("(a + b) * 2").selectors()).extracting(PromQl.Selector::metric)
			.isEqualTo(List.of("a", "b"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "sum(a", "sum(a))", "rate(a)", "rate(a[5m)", "rate(a[5])", "rte(a[5m])", "a{b=c}",
			"a{b~\"c\"}", "a{b=\"c}", "a[5m]", "a > ", "a b", "1 or a", "sum by topic (a)", "vector(a)", "\"a\"",
			"sum(rate(sum(a)[5m]))", "sum by (x) (sum by (y) (a))", "a + bool b", "a{b=~\"(\"}", "a ? b" })
	void whatPrometheusRefusesIsRefused(String expression) {
		assertThatIllegalArgumentException().isThrownBy(() -> PromQl.parse(expression));
	}

}
