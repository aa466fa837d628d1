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

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Claim;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.sequence.Watermark;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what {@link AssignedPartitions} does within a poll.
 */
class PolledPositionsTests extends AssignedPartitionsSetup {

	private static final Lane LANE = new Lane("t", 0);

	@Test
	void pollWhenPolicyIsFailTellsTheApplication() {
		this.policy = "none";
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		this.mock.setPollException(new NoOffsetForPartitionException(ZERO));
		assertThatExceptionOfType(NoOffsetForPartitionException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		this.mock.setPollException(new OffsetOutOfRangeException(Map.of(ZERO, 1L)));
		assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		assertThat(this.mock.stored).isEmpty();
	}

	@Test
	void pollWhenOffsetsOfTheGroupCannotBeFetchedBeginsWithTheNext() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L));
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5, Optional.of(2), ""));
		this.mock.fetchFailure = new TimeoutException("no coordinator");
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		this.mock.fetchFailure = null;
		this.mock.seek(ZERO, 5);
		consumer.poll(Duration.ZERO);
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).leaderEpoch()).contains(2);
	}

	@Test
	void pollWhenPartitionThatIsComplainedOfWasTakenAwayMeanwhileGoesOn() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateBeginningOffsets(Map.of(ONE, 0L));
		this.mock.setPollException(new NoOffsetForPartitionException(ONE));
		assertThat(consumer.poll(Duration.ZERO).count()).isZero();
		this.mock.setPollException(new OffsetOutOfRangeException(Map.of(ONE, 3L)));
		assertThat(consumer.poll(Duration.ZERO).count()).isZero();
		assertThat(this.board.watched()).containsExactly(LANE);
		this.mock.addRecord(record(5, 1));
		assertThat(consumer.poll(Duration.ofSeconds(5)).count()).isOne();
		consumer.commitSync();
		assertThat(this.mock.stored).containsOnlyKeys(ZERO);
	}

	@Test
	void pollWhenPositionWasDeletedGoesOnAtTheStartOfTheLog() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateBeginningOffsets(Map.of(ZERO, 8L));
		this.mock.addRecord(record(8, 1));
		assertThat(consumer.poll(Duration.ofSeconds(5)).count()).isOne();
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(9);
	}

	@Test
	void pollWhenPositionIsLostAndWhatWasThereIsDeletedSaysSo() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(stamped(5, 1));
		consumer.poll(Duration.ZERO);
		consumer.commitSync();
		this.mock.updateBeginningOffsets(Map.of(ZERO, 9L));
		this.mock.setPollException(new NoOffsetForPartitionException(ZERO));
		this.mock.addRecord(stamped(9, 5));
		await().until(() -> consumer.poll(Duration.ZERO).count() == 1);
		consumer.commitSync();
		Claim claim = new Claim(1, 5, 9, 0, 5, NumberRanges.EMPTY, 7);
		this.board.post("t", new TopicFacts(7, false));
		this.board.post(new Watermark(LANE, 42, new ProducerIdentity("orders", "host", "producer", 1), 1, 5, 5, claim,
				claim, false));
		await().untilAsserted(() -> {
			consumer.poll(Duration.ZERO);
			assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
				assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
				assertThat(finding.cause()).isEqualTo(Cause.RETENTION);
				assertThat(finding.numbers()).isEqualTo(NumberRanges.of(2, 4));
			});
		});
	}

	private static ConsumerRecord<String, String> stamped(long offset, long number) {
		ConsumerRecord<String, String> record = record(offset, 1);
		record.headers().add(Stamp.HEADER, new Stamp(42, number, 0, false, false, null).encode(LANE));
		return record;
	}

	@Test
	void pollWhenLogWasCutOffGoesBackAndCommitsNothingBehind() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 1));
		this.mock.addRecord(record(6, 1));
		consumer.poll(Duration.ZERO);
		this.mock.setPollException(new LogTruncationException(Map.of(ZERO, 7L),
				Map.of(ZERO, new OffsetAndMetadata(6, Optional.of(1), ""))));
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(6);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(7)));
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(6);
		assertThat(this.mock.stored.get(ZERO).leaderEpoch()).contains(1);
		this.mock.addRecord(record(6, 2));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(7)));
		assertThat(this.mock.stored.get(ZERO).leaderEpoch()).contains(2);
		assertThat(this.ledger.coverage("t", "g").counted(Integrity.TRUNCATION)).isOne();
	}

	@Test
	void pollWhenLogWasCutOffNobodyKnowsWhereReadsAllOfIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateBeginningOffsets(Map.of(ZERO, 2L));
		this.mock.setPollException(new LogTruncationException(Map.of(ZERO, 5L), Map.of()));
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
	}

	@Test
	void pollWhenWhereTheGroupBeginsCouldNotBeCommittedCommitsItThen() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 3L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.commitFailure = new RebalanceInProgressException();
		this.mock.rebalance(List.of(ZERO));
		assertThat(this.mock.stored).isEmpty();
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(3);
		this.mock.stored.clear();
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
	}

	@Test
	void pollWhenOffsetsAreCommittedInTransactionsCommitsNothingItself() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 3L));
		ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, session(),
				new AssignedPartitions(this.mock, this.group, ResetPolicy.parse("test", this.policy), readers(),
						Committer.TRANSACTION),
				null, null);
		consumer.subscribe(List.of("t"));
		this.mock.commitFailure = new RebalanceInProgressException();
		this.mock.rebalance(List.of(ZERO));
		consumer.poll(Duration.ZERO);
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
	}

	@Test
	void pollWhenARecordCannotBeDeserializedTellsTheApplicationWhoMayPassIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.setPollException(new RecordDeserializationException(DeserializationExceptionOrigin.VALUE, ZERO, 5, 0,
				TimestampType.CREATE_TIME, null, null, new RecordHeaders(), "poison", null));
		assertThatExceptionOfType(RecordDeserializationException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		consumer.seek(ZERO, 6);
		this.mock.addRecord(record(6, 1));
		consumer.poll(Duration.ZERO);
		consumer.commitSync();
		assertStored(7, 1);
	}

	@Test
	void pollWhenAnInterceptorHidesRecordsChecksThemAll() {
		ConsumerSettingsVeto veto = new ConsumerSettingsVeto();
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		this.mock.hiding = veto;
		AssignedPartitions assigned = assigned(readers());
		ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, session(), assigned, veto, null);
		consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 5);
		this.mock.addRecord(record(5, 3));
		assertThat(consumer.poll(Duration.ZERO)).isEmpty();
		assertThat(this.ledger.coverage("t", "g").unstamped()).isOne();
		consumer.commitSync();
		assertStored(6, 3);
	}

	@Test
	void pollWhenCheckCannotBeMadeDeliversAsBefore() {
		this.ledger.onCoverage((coverage) -> {
			throw new IllegalStateException("broken");
		});
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		assertThat(consumer.poll(Duration.ZERO).count()).isOne();
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
	}

}
