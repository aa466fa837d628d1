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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenedRecords} and {@link ProcessingLosses}.
 */
class ListenedRecordsTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private final LossLedger ledger = new LossLedger();

	private final MockConsumer<String, String> mock = new MockConsumer<>("earliest");

	private final AssignedPartition zero = new AssignedPartition(ZERO, null);

	private final AssignedPartition one = new AssignedPartition(ONE, null);

	private final ListenedRecords listened = new ListenedRecords(this.mock, Map.of(ZERO, this.zero, ONE, this.one),
			new ProcessingLosses("g", true, this.ledger));

	private final Map<Long, ConsumerRecord<String, String>> records = new HashMap<>();

	ListenedRecordsTests() {
		this.mock.assign(List.of(ZERO, ONE));
		this.listened.watch(CommitGuardSetup.outcomes(new DeliveryLedger(), () -> true,
				new UnfinishedRecords(new DeliveryLedger(), Duration.ofMinutes(1))), false, false);
	}

	@Test
	void committedWhenAllHaveAnOutcomeFindsNothing() {
		poll(0, 1, 2);
		close(0, 1, 2);
		commit(3);
		assertThat(findings()).isEmpty();
	}

	@Test
	void abandonedAndCommittedIsFoundOnce() {
		poll(0, 1, 2, 3, 5, 6);
		close(0, 3, 6);
		abandon(1, 2, 5);
		commit(6);
		assertThat(findings()).extracting(Finding::numbers)
			.containsExactly(NumberRanges.of(1, 2), NumberRanges.of(5, 5));
		assertThat(findings()).allSatisfy((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.PROCESSING_LOSS);
			assertThat(finding.cause()).isEqualTo(Cause.COMMITTED_UNPROCESSED);
			assertThat(finding.lane()).isEqualTo(new Lane("t", 0));
			assertThat(finding.session()).isZero();
			assertThat(finding.group()).isEqualTo("g");
		});
		assertThat(findings().get(0).skippedFrom()).isOne();
		assertThat(findings().get(0).skippedTo()).isEqualTo(3);
		commit(7);
		assertThat(findings()).hasSize(2);
	}

	@Test
	void abandonedThatIsNotCommittedIsNotFound() {
		poll(0, 1);
		close(0);
		abandon(1);
		commit(1);
		assertThat(findings()).isEmpty();
		this.listened.end(this.zero);
		assertThat(findings()).isEmpty();
	}

	@Test
	void endedWhenCommittedAboveAnAbandonedRecordFindsIt() {
		poll(0, 1);
		close(0);
		abandon(1);
		this.listened.committed(Map.of(ZERO, new OffsetAndMetadata(2)));
		this.listened.end(this.zero);
		assertThat(this.ledger.findings()).hasSize(1);
	}

	@Test
	void transactionThatIsRolledBackFindsNothing() {
		poll(0, 1);
		abandon(0, 1);
		this.listened.sentInTransaction(Map.of(ZERO, new OffsetAndMetadata(2)));
		this.zero.move(1, Cause.SEEK);
		assertThat(findings()).isEmpty();
		poll(1);
		close(1);
		this.listened.sentInTransaction(Map.of(ZERO, new OffsetAndMetadata(2)));
		this.listened.committedInTransaction();
		assertThat(findings()).extracting(Finding::numbers).containsExactly(NumberRanges.of(0, 0));
	}

	@Test
	void numberedRecordsAreFoundBySession() {
		stamp(0, 7, 11);
		stamp(1, 8, 3);
		stamp(2, 7, 12);
		stamp(3, 8, 5);
		poll(0, 1, 2, 3);
		abandon(0, 1, 2, 3);
		commit(4);
		assertThat(findings()).extracting((finding) -> finding.session() + ":" + finding.numbers())
			.containsExactlyInAnyOrder("7:11..12", "8:3", "8:5");
		assertThat(findings()).filteredOn((finding) -> finding.session() == 7)
			.singleElement()
			.satisfies((finding) -> assertThat(finding.skippedTo()).isEqualTo(3));
	}

	@Test
	void findingThatIsNotPublishedIsKept() {
		List<Finding> published = new ArrayList<>();
		this.ledger.addPublisher((finding) -> {
			published.add(finding);
			return CompletableFuture.failedFuture(new IllegalStateException("no topic"));
		});
		poll(0);
		abandon(0);
		commit(1);
		assertThat(findings()).hasSize(1);
		this.listened.beforePoll();
		// Not at every poll.
		assertThat(published).hasSize(1);
	}

	@Test
	void abandonedIsFoundThoughItWasClosedAndItsPollIsForgotten() {
		poll(0, 1);
		close(0, 1);
		this.listened.beforePoll();
		this.listened.abandon(record(1));
		commit(2);
		assertThat(findings()).extracting(Finding::numbers).containsExactly(NumberRanges.of(1, 1));
	}

	@Test
	void abandonedThatIsPolledAgainIsNotFound() {
		poll(0, 1);
		close(0);
		this.listened.abandon(record(1));
		this.zero.move(1, Cause.SEEK);
		poll(1);
		close(1);
		commit(2);
		assertThat(findings()).isEmpty();
	}

	@Test
	void notWatchedFollowsNothing() {
		ListenedRecords other = new ListenedRecords(this.mock, Map.of(ZERO, this.zero),
				new ProcessingLosses("g", true, this.ledger));
		other.polled(new ConsumerRecords<>(Map.of(ZERO, List.of(record(0))), Map.of()));
		other.committed(Map.of(ZERO, new OffsetAndMetadata(1)));
		other.beforePoll();
		other.end(this.zero);
		assertThat(this.ledger.findings()).isEmpty();
		assertThat(this.zero.open().takeCommitted()).isEmpty();
	}

	private List<Finding> findings() {
		this.listened.beforePoll();
		return this.ledger.findings();
	}

	private ConsumerRecords<String, String> poll(long... offsets) {
		List<ConsumerRecord<String, String>> list = new ArrayList<>();
		for (long offset : offsets) {
			list.add(record(offset));
		}
		ConsumerRecords<String, String> polled = new ConsumerRecords<>(Map.of(ZERO, list), Map.of());
		this.listened.polled(polled);
		return polled;
	}

	private void close(long... offsets) {
		for (long offset : offsets) {
			this.listened.close(record(offset));
		}
	}

	private void abandon(long... offsets) {
		for (long offset : offsets) {
			this.listened.abandon(record(offset));
		}
	}

	private void commit(long offset) {
		this.listened.committed(Map.of(ZERO, new OffsetAndMetadata(offset)));
	}

	private void stamp(long offset, long session, long number) {
		record(offset).headers()
			.add(Stamp.HEADER, new Stamp(session, number, 0, false, false, null).encode(new Lane("t", 0)));
	}

	private ConsumerRecord<String, String> record(long offset) {
		return this.records.computeIfAbsent(offset, (key) -> new ConsumerRecord<>("t", 0, key, null, "v"));
	}

}
