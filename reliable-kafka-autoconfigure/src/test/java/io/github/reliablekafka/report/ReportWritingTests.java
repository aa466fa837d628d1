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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReportJson} and {@link ReportLog}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReportWritingTests {

	private static final String NASTY = "\"quote\\ \n\r\t\0 é \u2028 \ud800 \ud83d\ude00 a=b verdict=FORGED";

	@Test
	void jsonHasEverythingAndIsReadByOthers() {
		JsonNode json = JsonMapper.shared().readTree(ReportJson.of(report(NASTY)));
		assertThat(json.get("format").intValue()).isEqualTo(1);
		assertThat(json.get("id").stringValue()).isEqualTo(report(NASTY).id());
		assertThat(json.get("verdict").stringValue()).isEqualTo("LOST_ACKED");
		assertThat(json.get("foundVerdict").stringValue()).isEqualTo("UNVERIFIED");
		assertThat(json.get("loss").booleanValue()).isTrue();
		assertThat(json.get("cause").stringValue()).isEqualTo("TRUNCATED");
		assertThat(json.get("foundCause").stringValue()).isEqualTo("VANISHED");
		assertThat(json.get("stage").stringValue()).isEqualTo("STORAGE");
		assertThat(json.get("topic").stringValue()).isEqualTo("orders");
		assertThat(json.get("partition").intValue()).isEqualTo(3);
		assertThat(json.get("group").stringValue()).isEqualTo(NASTY);
		assertThat(json.get("session").stringValue()).isEqualTo("ffffffffffffffff");
		assertThat(json.get("numbers").toString()).isEqualTo("[[301,500],[502,502]]");
		assertThat(json.get("count").longValue()).isEqualTo(201);
		assertThat(json.get("evidence").stringValue()).isEqualTo(NASTY);
		assertThat(json.get("before").get("offset").longValue()).isEqualTo(299);
		assertThat(json.get("after").isNull()).isTrue();
		assertThat(json.get("producer").get("clientId").stringValue()).isEqualTo(NASTY);
		assertThat(json.get("producer").get("startedAt").stringValue()).isEqualTo("1970-01-01T00:00:01Z");
		assertThat(json.get("examination").get("outcome").stringValue()).isEqualTo("TRUNCATED");
		assertThat(json.get("examination").get("present").toString()).isEqualTo("[[301,301]]");
		assertThat(json.get("examination").get("presentFrom").longValue()).isEqualTo(320);
		assertThat(json.get("foundAt").stringValue()).isEqualTo("2026-01-01T00:00:00Z");
		assertThat(json.get("application").stringValue()).isEqualTo("shop");
	}

	@Test
	void logLineIsOneLineThatNobodyCanForge() {
		String line = ReportLog.line(report(NASTY));
		assertThat(line.lines()).hasSize(1);
		assertThat(line)
			.startsWith("LOST_ACKED: 201 records of orders-3 from application shop were acknowledged "
					+ "and are gone for group \"\\\"quote\\\\ ")
			.contains(": the log was cut off and written anew. Loss report verdict=LOST_ACKED loss=true "
					+ "cause=TRUNCATED stage=STORAGE")
			.contains(" topic=orders partition=3 group=\"\\\"quote\\\\ ")
			.contains(" count=201 numbers=301..500,502 session=ffffffffffffffff")
			.contains(" beforeOffset=299 beforeEpoch=0");
		String outsideOfQuotes = line.replaceAll("\"(?:[^\"\\\\]|\\\\.)*\"", "");
		assertThat(outsideOfQuotes).doesNotContain("FORGED");
	}

	@Test
	void sentenceIsEnglishForEachVerdictAndCause() {
		assertThat(sentence(Verdict.LOST_ACKED, Cause.TAIL)).isEqualTo("LOST_ACKED: 1 record of orders-3 from "
				+ "application shop was acknowledged and is gone for group billing: the log ends in front of that place.");
		assertThat(sentence(Verdict.MISSED, Cause.RETENTION))
			.isEqualTo("MISSED: 1 record of orders-3 from application shop was acknowledged, and group billing "
					+ "passed over it: Kafka had deleted that part of the log before it was read.");
		assertThat(sentence(Verdict.PROCESSING_LOSS, Cause.COMMITTED_UNPROCESSED))
			.isEqualTo("PROCESSING_LOSS: 1 record of orders-3 from application shop was committed by group billing "
					+ "and not processed: a higher offset was committed too early.");
		for (Verdict verdict : Verdict.values()) {
			for (Cause cause : Cause.values()) {
				assertThat(sentence(verdict, cause))
					.startsWith(verdict + ": 1 record of orders-3 from application shop ")
					.endsWith(".")
					.contains("billing")
					.doesNotContain("%", "null", cause.name());
			}
		}
	}

	@Test
	void sentenceSaysWhatItDoesNotKnow() {
		Finding finding = new Finding(Verdict.UNVERIFIED, Cause.STATE_LOST, "", true, new Lane("orders", 3), 1, null,
				NumberRanges.of(1, 2), "", null, null, -1, -1, 1);
		assertThat(ReportSentence.of(report(finding))).startsWith(
				"UNVERIFIED: 2 records of orders-3 from an unknown producer are missing for a consumer without a group, ");
		Finding unnamed = new Finding(Verdict.UNVERIFIED, Cause.STATE_LOST, "", true, new Lane("orders", 3), 1,
				new ProducerIdentity("", "host", "producer-1", 1), NumberRanges.of(1, 2), "", null, null, -1, -1, 1);
		assertThat(ReportSentence.of(report(unnamed))).contains(" from producer producer-1 are missing ");
	}

	@Test
	void reportIsToldAsItIsLogged() {
		LossReport report = report(Verdict.MISSED);
		assertThat(report).hasToString(ReportLog.line(report));
	}

	@Test
	void logLineIsBoundedHoweverManyRangesThereAre() {
		NumberRanges numbers = NumberRanges.EMPTY;
		for (int number = 1; number < 4000; number += 2) {
			numbers = numbers.add(number, number);
		}
		Finding finding = Findings.lost(new Lane("orders", 0), numbers, null, null);
		LossReport report = new LossReport(finding, finding.verdict(), finding.cause(),
				Examination.without(Outcome.NOT_RUN, "no"), Instant.EPOCH, "", "");
		assertThat(ReportLog.line(report)).hasSizeLessThan(2000).contains("count=2000");
	}

	@Test
	void logLevelFollowsTheVerdict(CapturedOutput output) {
		ReportLog log = new ReportLog(System::nanoTime);
		for (Verdict verdict : Verdict.values()) {
			log.say(report(verdict));
		}
		assertThat(output.toString().lines().filter((line) -> line.contains("Loss report")))
			.hasSize(Verdict.values().length)
			.allSatisfy((line) -> {
				if (line.contains("loss=true")) {
					assertThat(line).contains("ERROR");
				}
				else if (line.contains("verdict=UNVERIFIED") || line.contains("verdict=INDETERMINATE_AT_CRASH")) {
					assertThat(line).contains("WARN");
				}
				else {
					assertThat(line).contains("INFO");
				}
			});
	}

	@Test
	void logStaysReadableWhenThousandsComeAtOnce(CapturedOutput output) {
		AtomicLong now = new AtomicLong();
		ReportLog log = new ReportLog(now::get);
		for (int i = 0; i < 5000; i++) {
			log.say(report(Verdict.MISSED));
		}
		assertThat(lines(output)).isEqualTo(20);
		log.say(report(Verdict.LOST_ACKED));
		assertThat(lines(output)).isEqualTo(21);
		now.addAndGet(TimeUnit.MINUTES.toNanos(1));
		log.say(report(Verdict.MISSED));
		assertThat(lines(output)).isEqualTo(22);
		assertThat(output).contains("reportsSoFar=5001");
	}

	@Test
	void documentationShowsWhatIsWritten() throws Exception {
		Finding finding = new Finding(Verdict.LOST_ACKED, Cause.TRUNCATED, "billing", true, new Lane("orders", 0),
				0xbe6d1507970f9857L, null, NumberRanges.of(31, 80),
				"an anchor in the partition claims 1..80 acknowledged at offsets up to 79, "
						+ "and is itself in front of that offset",
				new Finding.Place(29, -1, 0, 30), new Finding.Place(30, 1_795_268_004_271L, 2, 81), -1, -1, 31);
		Examination examination = new Examination(Outcome.TRUNCATED, NumberRanges.EMPTY, -1, -1, 0, 50, 2,
				"offsets 29 to 30 have 2 records; the leader changed and the log goes on without the records, or ends");
		LossReport report = new LossReport(finding, Verdict.LOST_ACKED, Cause.TRUNCATED, examination,
				Instant.parse("2026-11-21T13:33:24.813169926Z"), "shop", "host-2");
		String page = Files.readString(Path.of("..", "docs", "loss-detection.md"));
		assertThat(page.lines()).contains(ReportLog.line(report));
		assertThat(page.replace("\n ", "")).contains(new String(ReportJson.of(report), StandardCharsets.UTF_8));
		for (Cause cause : Cause.values()) {
			assertThat(page).contains("\n| `%s` | %s | ".formatted(cause, stage(cause)));
		}
		for (Verdict verdict : Verdict.values()) {
			assertThat(page).contains("\n| `%s` | %s | ".formatted(verdict, verdict.isLoss() ? "yes" : "no"));
		}
		for (Outcome outcome : Outcome.values()) {
			assertThat(page).contains("\n| `%s` | ".formatted(outcome));
		}
	}

	private static String sentence(Verdict verdict, Cause cause) {
		return ReportSentence
			.of(report(Findings.of(verdict, cause, new Lane("orders", 3), NumberRanges.of(1, 1), null, null)));
	}

	private static String stage(Cause cause) {
		return Verdict.UNVERIFIED.stage(cause).name().toLowerCase(Locale.ROOT);
	}

	private static long lines(CapturedOutput output) {
		return output.toString().lines().filter((line) -> line.contains("Loss report")).count();
	}

	private static LossReport report(Verdict verdict) {
		return report(Findings.of(verdict, Cause.VANISHED, new Lane("orders", 3), NumberRanges.of(1, 1), null, null));
	}

	private static LossReport report(Finding finding) {
		return new LossReport(finding, finding.verdict(), finding.cause(),
				Examination.without(Outcome.NOT_NEEDED, "no"), Instant.EPOCH, "", "");
	}

	private static LossReport report(String text) {
		Finding finding = new Finding(Verdict.UNVERIFIED, Cause.VANISHED, text, true, new Lane("orders", 3), -1,
				new ProducerIdentity("shop", "host", text, 1000), NumberRanges.of(301, 500).add(502, 502), text,
				Findings.place(299, 0, 300), null, -1, -1, 300);
		Examination examination = new Examination(Outcome.TRUNCATED, NumberRanges.of(301, 301), 320, 320, 0, 300, 1,
				text);
		return new LossReport(finding, Verdict.LOST_ACKED, Cause.TRUNCATED, examination,
				Instant.parse("2026-01-01T00:00:00Z"), "shop", "host");
	}

}
