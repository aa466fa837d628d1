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

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReportFilter}.
 */
class ReportFilterTests {

	private static final Lane LANE = new Lane("orders", 0);

	private final SequenceBoard board = new SequenceBoards().board(Set.of(), Map.of("bootstrap.servers", "kafka:9092"));

	private final Stream stream = Stream.of(this.board, LANE, Findings.SESSION);

	private final SentAgain sentAgain = new SentAgain();

	private final OpenLosses open = new OpenLosses(Duration.ofMinutes(10), System::nanoTime);

	private final ReportFilter filter = new ReportFilter(this.board, "shop", this.sentAgain, this.open);

	@Test
	void whatSomebodyIsAboutToSendStaysOpen() {
		this.sentAgain.claim(this.stream, 3);
		this.sentAgain.add(this.stream, NumberRanges.of(4, 4));
		accept(Verdict.LOST_ACKED, NumberRanges.of(3, 5));
		assertThat(openNumbers()).hasToString("3,5");
	}

	@Test
	void whatHasComeIsNotOpenUntilItIsLostOnceMore() {
		accept(Verdict.LOST_ACKED, NumberRanges.of(3, 5));
		accept(Verdict.RECOVERED, NumberRanges.of(3, 4));
		assertThat(openNumbers()).hasToString("5");
		this.sentAgain.add(this.stream, NumberRanges.of(3, 5));
		accept(Verdict.RECOVERED, NumberRanges.of(3, 5));
		assertThat(this.open.isDue()).isFalse();
		accept(Verdict.LOST_ACKED, NumberRanges.of(4, 5));
		assertThat(openNumbers()).hasToString("4..5");
	}

	private NumberRanges openNumbers() {
		return this.open.next().losses().get(this.stream).numbers();
	}

	private void accept(Verdict verdict, NumberRanges numbers) {
		Finding finding = Findings.of(verdict, Cause.TRUNCATED, LANE, numbers, null, null);
		Examination examination = new Examination(Outcome.TRUNCATED, NumberRanges.EMPTY, -1, -1, 0, 0, 0, "seen");
		byte[] json = ReportJson
			.of(new LossReport(finding, verdict, Cause.TRUNCATED, examination, Instant.EPOCH, "billing", "host-2"));
		this.filter.accept(new ConsumerRecord<>("rk-audit-reports", 0, 0, new byte[1], json));
	}

}
