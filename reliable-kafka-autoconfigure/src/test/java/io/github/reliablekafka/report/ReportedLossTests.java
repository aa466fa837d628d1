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

package io.github.reliablekafka.report;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ReportedLoss} and {@link JsonReader}.
 */
class ReportedLossTests {

	private static final Lane LANE = new Lane("orders", 3);

	private static final Examination EXAMINATION = new Examination(Outcome.TRUNCATED, NumberRanges.of(4, 5), 9, 9, 0,
			70, 2, "the \"end\"\n\u2028 \\ \ud83d\ude00 is near");

	@Test
	void lossIsWhatWasWritten() {
		NumberRanges numbers = NumberRanges.of(3, 5).add(8, 8);
		ReportedLoss loss = ReportedLoss.of(json(Verdict.LOST_ACKED, numbers));
		assertThat(loss)
			.isEqualTo(new ReportedLoss(false, LANE, Findings.SESSION, NumberRanges.of(3, 3).add(8, 8), "shop", 70));
	}

	@Test
	void recordsThatHaveComeAreToldInFull() {
		NumberRanges numbers = NumberRanges.of(3, 5);
		assertThat(ReportedLoss.of(json(Verdict.RECOVERED, numbers)))
			.isEqualTo(new ReportedLoss(true, LANE, Findings.SESSION, numbers, "shop", 70));
	}

	@Test
	void onlyLossesInTheLogWantAnAnswer() {
		for (Verdict verdict : Verdict.values()) {
			boolean wanted = verdict == Verdict.LOST_ACKED || verdict == Verdict.RECOVERED;
			assertThat(ReportedLoss.of(json(verdict, NumberRanges.of(3, 5))) != null).as("%s", verdict)
				.isEqualTo(wanted);
		}
		assertThat(ReportedLoss.of(bytes("{\"format\":1,\"verdict\":\"OF_TOMORROW\"}"))).isNull();
	}

	@Test
	void producerNeedNotBeKnown() {
		String json = text(Verdict.LOST_ACKED).replaceAll("\"producer\":\\{[^}]*}", "\"producer\":null");
		assertThat(json).contains("\"producer\":null");
		assertThat(ReportedLoss.of(bytes(json)).producer()).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"format\":1=\"format\":2", "\"partition\":3=\"partition\":-1",
			"\"partition\":3=\"partition\":3.5", "\"partition\":3=\"partition\":4294967297",
			"\"topic\":\"orders\"=\"topic\":\"../orders\"", "\"topic\":\"orders\"=\"topic\":7",
			"\"session\":\"1=\"session\":\"x", "\"numbers\":[[3,5]]=\"numbers\":[]",
			"\"numbers\":[[3,5]]=\"numbers\":[[5,3]]", "\"numbers\":[[3,5]]=\"numbers\":[[0,3]]",
			"\"numbers\":[[3,5]]=\"numbers\":[3,5]", "\"numbers\":[[3,5]]=\"numbers\":[[3,99999999999999999999]]",
			"\"numbers\":[[3,5]]=\"numbers\":[[3,9223372036854775807]]", "\"examination\"=\"examined\"",
			"\"logEnd\":70=\"logEnd\":null" })
	void whatIsNotUnderstoodIsRefused(String change) {
		String[] parts = change.split("=", 2);
		String json = text(Verdict.LOST_ACKED);
		assertThat(json).contains(parts[0]);
		assertThatIllegalArgumentException().isThrownBy(() -> ReportedLoss.of(bytes(json.replace(parts[0], parts[1]))));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "null", "[]", "7", "{", "{}}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
			"{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u00g0\"}", "{\"a\":nul}", "{\"a\":1-}", "{\"a\":[1 2]}",
			"\u0000" })
	void whatIsNoJsonObjectIsRefused(String json) {
		assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.object(bytes(json)));
	}

	@Test
	void deepNestingAndManyRangesAreRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> JsonReader.object(bytes("{\"a\":" + "[".repeat(1_000_000))));
		String ranges = "[1,1],".repeat(ReportedLoss.MOST_RANGES) + "[1,1]";
		assertThatIllegalArgumentException()
			.isThrownBy(() -> ReportedLoss.of(bytes(text(Verdict.LOST_ACKED).replace("[3,5]", ranges))));
	}

	@Test
	void valuesAreRead() {
		assertThat((Object) JsonReader.object(bytes(
				" { \"a\" : [ 1 , -2.5e1 , true , false , null , {} , [] ] , \"b\" : \"\\u00e4\\n\\/\\\"\\\\\" } ")))
			.isEqualTo(Map.of("a", java.util.Arrays.asList(1L, -25.0, true, false, null, Map.of(), List.of()), "b",
					"\u00e4\n/\"\\"));
		assertThat(JsonReader.object(json(Verdict.LOST_ACKED, NumberRanges.of(3, 5))).get("examination"))
			.asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
			.containsEntry("evidence", EXAMINATION.evidence());
	}

	private static String text(Verdict verdict) {
		return new String(json(verdict, NumberRanges.of(3, 5)), StandardCharsets.UTF_8);
	}

	private static byte[] json(Verdict verdict, NumberRanges numbers) {
		Finding finding = Findings.of(verdict, Cause.TRUNCATED, LANE, numbers, null, null);
		return ReportJson
			.of(new LossReport(finding, verdict, Cause.TRUNCATED, EXAMINATION, Instant.EPOCH, "billing", "host-2"));
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
