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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Claim;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.sequence.Watermark;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what {@link AssignedPartitions} finds missing.
 */
class MissedRecordsTests extends AssignedPartitionsSetup {

	private static final int TOPIC = 4711;

	@Test
	void pollAfterSomethingWasFoundCommitsTheSameOffsetAgain() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		pollWithGap(consumer);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(8)));
		awaitFinding(consumer);
		this.mock.stored.clear();
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(8);
		this.mock.stored.clear();
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
	}

	@Test
	void pollAfterSomethingWasFoundCommitsNothingAboveThePosition() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		pollWithGap(consumer);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(8)));
		awaitFinding(consumer);
		this.mock.stored.clear();
		consumer.seek(ZERO, 6);
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(6);
		// What was skipped would be found missing by the next claim.
		assertThat(this.ledger.findings()).hasSize(1);
	}

	@Test
	void pollAfterSomethingWasFoundCommitsNothingOutsideOfTransactions() {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		ReliableConsumer<String, String> consumer = subscribe(5);
		pollWithGap(consumer);
		ConsumerSession.enrich(Map.of(ZERO, new OffsetAndMetadata(8)), "g");
		this.mock.stored.clear();
		awaitFinding(consumer);
		consumer.poll(Duration.ZERO);
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
	}

	@Test
	void recordThatCannotBeDeserializedAndIsPassedOverIsMissed() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(stamped(5, 1, null));
		consumer.poll(Duration.ZERO);
		this.mock.setPollException(new RecordDeserializationException(DeserializationExceptionOrigin.VALUE, ZERO, 6, 0,
				TimestampType.CREATE_TIME, null, null, new RecordHeaders(), "poison", null));
		assertThatExceptionOfType(RecordDeserializationException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		consumer.seek(ZERO, 7);
		this.mock.addRecord(stamped(7, 3, new Claim(1, 2, 6, 0, 5, NumberRanges.EMPTY, TOPIC)));
		this.board.post("t", new TopicFacts(TOPIC, false));
		consumer.poll(Duration.ZERO);
		consumer.commitSync();
		awaitFinding(consumer);
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.DESERIALIZATION_SKIP);
			assertThat(finding.numbers()).hasToString("2");
			assertThat(finding.skippedFrom()).isEqualTo(6);
			assertThat(finding.skippedTo()).isEqualTo(7);
		});
	}

	@Test
	void recordsThatAreDeletedBeforeTheyAreReadAreMissed() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(stamped(5, 1, null));
		consumer.poll(Duration.ZERO);
		this.mock.updateBeginningOffsets(Map.of(ZERO, 7L));
		this.mock.setPollException(new OffsetOutOfRangeException(Map.of(ZERO, 6L)));
		this.mock.addRecord(stamped(7, 3, new Claim(1, 2, 6, 0, 5, NumberRanges.EMPTY, TOPIC)));
		this.board.post("t", new TopicFacts(TOPIC, false));
		consumer.poll(Duration.ofSeconds(5));
		consumer.commitSync();
		awaitFinding(consumer);
		assertThat(this.ledger.findings()).singleElement()
			.satisfies((finding) -> assertThat(finding.cause()).isEqualTo(Cause.RETENTION));
	}

	@Test
	void pollWhenKafkaMovedOverWhatIsDeletedFindsWhatIsMissed() {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, session(),
				new AssignedPartitions(this.mock, this.group,
						ResetPolicy.of(Map.of("auto.offset.reset", "earliest", ResetPolicy.SETTING, "latest")),
						readers(), this.committer),
				null, null);
		consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 5);
		this.board.post("t", new TopicFacts(TOPIC, false));
		this.mock.addRecord(stamped(5, 1, null));
		consumer.poll(Duration.ZERO);
		// The mock would not move by itself if it knew.
		this.mock.logStart = Map.of(ZERO, 8L);
		this.mock.addRecord(stamped(8, 4, new Claim(1, 3, 7, 0, 5, NumberRanges.EMPTY, TOPIC)));
		consumer.poll(Duration.ZERO);
		consumer.commitSync();
		awaitFinding(consumer);
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.OUT_OF_RANGE);
			assertThat(finding.numbers()).hasToString("2..3");
		});
	}

	@Test
	void whatANewLeaderHasWrittenIsNotMissedByAGroupThatStartsAgainInFrontOfIt() {
		this.board.post("t", new TopicFacts(TOPIC, false));
		ReliableConsumer<String, String> before = subscribe(5);
		this.mock.addRecord(stamped(5, 1, null));
		this.mock.addRecord(record(6, 1));
		this.mock.addRecord(record(7, 1));
		before.poll(Duration.ZERO);
		before.commitSync();
		assertStored(8, 1);
		before.unsubscribe();
		this.board.connect(new RewrittenLog(2));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 8);
		stamped(7, 3, new Claim(1, 3, 7, 0, 5, NumberRanges.EMPTY, TOPIC));
		Awaitility.await().pollInSameThread().during(Duration.ofMillis(2500)).until(() -> {
			consumer.poll(Duration.ZERO);
			return this.ledger.findings().isEmpty();
		});
		// From here on it goes on in whatever log there is.
		consumer.seek(ZERO, 8);
		awaitFinding(consumer);
	}

	private void pollWithGap(ReliableConsumer<String, String> consumer) {
		this.board.post("t", new TopicFacts(TOPIC, false));
		this.mock.addRecord(stamped(5, 1, null));
		this.mock.addRecord(stamped(6, 3, null));
		this.mock.addRecord(stamped(7, 4, new Claim(1, 3, 6, 0, 5, NumberRanges.EMPTY, TOPIC)));
		assertThat(consumer.poll(Duration.ZERO).count()).isEqualTo(3);
	}

	private void awaitFinding(ReliableConsumer<String, String> consumer) {
		Awaitility.await().pollInSameThread().until(() -> {
			consumer.poll(Duration.ZERO);
			return !this.ledger.findings().isEmpty();
		});
	}

	// What a record claims its producer tells in a watermark as well, sooner or later.
	private ConsumerRecord<String, String> stamped(long offset, long number, Claim claim) {
		Lane lane = new Lane("t", 0);
		ConsumerRecord<String, String> record = record(offset, 1);
		record.headers().add(Stamp.HEADER, new Stamp(77, number, 0, false, false, claim).encode(lane));
		if (claim != null) {
			this.board.post(new Watermark(lane, 77, new ProducerIdentity("orders", "host", "producer", 1), 1, number,
					number, claim, claim, false));
		}
		return record;
	}

	/**
	 * A log that another leader has written anew.
	 */
	private record RewrittenLog(int leaderEpoch) implements LogAccess {

		@Override
		public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
			return CompletableFuture.completedFuture(Optional.empty());
		}

		@Override
		public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
			return CompletableFuture.completedFuture(null);
		}

		@Override
		public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
			return CompletableFuture.completedFuture(new Reading(0,
					LongStream.range(from, to)
						.mapToObj((offset) -> new Entry(offset, this.leaderEpoch, 0, null))
						.toList()));
		}

		@Override
		public CompletableFuture<LogEnd> end(Lane lane) {
			return CompletableFuture.completedFuture(new LogEnd(8, this.leaderEpoch));
		}

	}

}
