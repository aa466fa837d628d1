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
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Claim;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AssignedPartitions} and the consumer that it follows.
 */
class AssignedPartitionsTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private static final int TOPIC = 4711;

	private final Mock mock = new Mock();

	private final LossLedger ledger = new LossLedger();

	private final SequenceBoard board = new SequenceBoards().board(Set.of("localhost:1"), Map.of());

	private String group = "g";

	private String policy = "earliest";

	private Committer committer = Committer.CONTAINER;

	@Test
	void assignedWhenGroupHasNoOffsetBeginsAtTheBeginningAndCommitsThat() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 3L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		assertThat(consumer.position(ZERO)).isEqualTo(3);
		assertThat(this.mock.stored).extractingByKey(ZERO).extracting(OffsetAndMetadata::offset).isEqualTo(3L);
	}

	@Test
	void assignedWhenPolicyIsLatestBeginsAtTheEndAndCommitsNothingOfOtherMembers() {
		this.policy = "latest";
		this.mock.onEndOffsets = () -> this.mock.stored.put(ONE, new OffsetAndMetadata(9, "of another member"));
		this.mock.updateEndOffsets(Map.of(ZERO, 7L, ONE, 30L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		assertThat(consumer.position(ZERO)).isEqualTo(7);
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(7);
		assertThat(this.mock.stored).containsEntry(ONE, new OffsetAndMetadata(9, "of another member"));
	}

	@Test
	void assignedWhenPolicyIsLatestAndTheMemberBeforeHasCommittedMeanwhileGoesOnThere() {
		this.policy = "latest";
		this.mock.onSecondFetch = () -> {
			this.mock.stored.put(ZERO, new OffsetAndMetadata(7));
			this.mock.stored.put(ONE, new OffsetAndMetadata(9));
		};
		this.mock.updateEndOffsets(Map.of(ONE, 30L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ONE));
		assertThat(consumer.position(ONE)).isEqualTo(9);
		assertThat(this.mock.stored).containsEntry(ONE, new OffsetAndMetadata(9));
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void assignedWhenPolicyIsLatestAndAnotherMemberBeganBeforeBeginsAtTheEnd(boolean checked) {
		this.policy = "latest";
		this.mock.updateEndOffsets(Map.of(ZERO, 7L, ONE, 9L));
		ReliableConsumer<String, String> other = wrap(checked ? readers() : null);
		other.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		this.mock.addRecord(record(7, 0));
		other.poll(Duration.ZERO);
		other.commitSync();
		other.unsubscribe();
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ONE));
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(8);
		assertThat(consumer.position(ONE)).isEqualTo(9);
		assertThat(this.mock.stored.get(ONE).offset()).isEqualTo(9);
		assertThat(consumer.committed(Set.of(ZERO)).get(ZERO).metadata()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void assignedWhenPolicyIsLatestAndPartitionWasAddedSinceTheGroupBeganBeginsAtTheBeginning(boolean checked) {
		this.policy = "latest";
		this.mock.partitions = 1;
		this.mock.updateEndOffsets(Map.of(ZERO, 7L, ONE, 9L));
		this.mock.updateBeginningOffsets(Map.of(ONE, 0L));
		ReliableConsumer<String, String> before = wrap(checked ? readers() : null);
		before.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		before.unsubscribe();
		this.mock.partitions = 2;
		ReliableConsumer<String, String> consumer = wrap(checked ? readers() : null);
		consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO, ONE));
		assertThat(consumer.position(ONE)).isZero();
		assertThat(CommitNote.of(this.mock.stored.get(ONE).metadata()).partitions()).isOne();
	}

	@Test
	void assignedWhenTheApplicationPollsCommitsNothing() {
		this.committer = Committer.APPLICATION;
		this.policy = "latest";
		this.mock.updateEndOffsets(Map.of(ZERO, 7L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		consumer.seekToEnd(List.of(ZERO));
		consumer.poll(Duration.ZERO);
		consumer.poll(Duration.ZERO);
		assertThat(consumer.position(ZERO)).isEqualTo(7);
		assertThat(this.mock.stored).isEmpty();
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(7);
	}

	@Test
	void assignedWhenPolicyIsLatestAndGroupKnowsTheTopicBeginsAtTheBeginning() {
		this.policy = "latest";
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		this.mock.updateBeginningOffsets(Map.of(ONE, 0L));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO, ONE));
		assertThat(consumer.position(ONE)).isZero();
		assertThat(this.mock.stored.get(ONE).offset()).isZero();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(5);
	}

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
	void assignedWhenWokenUpLeavesTheWakeupToTheApplication() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L));
		this.mock.fetchFailure = new WakeupException();
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		this.mock.fetchFailure = null;
		assertThatExceptionOfType(WakeupException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		consumer.poll(Duration.ZERO);
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
	void pollWhenPartitionThatIsComplainedOfWasTakenAwayMeanwhileGoesOn() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateBeginningOffsets(Map.of(ONE, 0L));
		this.mock.setPollException(new NoOffsetForPartitionException(ONE));
		assertThat(consumer.poll(Duration.ZERO).count()).isZero();
		this.mock.setPollException(new OffsetOutOfRangeException(Map.of(ONE, 3L)));
		assertThat(consumer.poll(Duration.ZERO).count()).isZero();
		assertThat(this.board.watched()).containsExactly(new Lane("t", 0));
		this.mock.addRecord(record(5, 1));
		assertThat(consumer.poll(Duration.ofSeconds(5)).count()).isOne();
		consumer.commitSync();
		assertThat(this.mock.stored).containsOnlyKeys(ZERO);
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
	void commitCarriesLeaderEpochAndState() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		this.mock.addRecord(record(6, 4));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertStored(6, 3);
		consumer.commitSync();
		assertStored(7, 4);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)), Duration.ofSeconds(1));
		assertStored(6, 3);
		consumer.commitSync(Duration.ofSeconds(1));
		assertStored(7, 4);
		consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(6)), null);
		assertStored(6, 3);
		consumer.commitAsync();
		assertStored(7, 4);
		assertThat(this.ledger.coverage("t", "g").unstamped()).isEqualTo(2);
	}

	@Test
	void commitIsShownToTheApplicationAsItsOwn() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		List<Map<TopicPartition, OffsetAndMetadata>> told = new ArrayList<>();
		consumer.commitAsync(offsets, (committed, exception) -> told.add(committed));
		assertThat(told).containsExactly(offsets);
		assertThat(consumer.committed(Set.of(ZERO)).get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
	}

	@Test
	void commitWhenApplicationHasMetadataKeepsItAndAddsTheEpoch() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6, "mine")));
		OffsetAndMetadata expected = new OffsetAndMetadata(6, Optional.of(3), "mine");
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(expected);
		assertThat(consumer.committed(Set.of(ZERO), Duration.ZERO).get(ZERO)).isEqualTo(expected);
	}

	@Test
	void commitInTransactionCarriesLeaderEpochAndState() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		OffsetAndMetadata enriched = ConsumerSession.enrich(offsets, "g").get(ZERO);
		assertThat(enriched.leaderEpoch()).contains(3);
		assertThat(LaneReader.isState(enriched.metadata())).isTrue();
		assertThat(ConsumerSession.enrich(offsets, "other")).isSameAs(offsets);
		consumer.close();
		assertThat(ConsumerSession.enrich(offsets, "g")).isSameAs(offsets);
	}

	@Test
	void commitWhenNothingIsCheckedStillCarriesTheLeaderEpoch() {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		ReliableConsumer<String, String> consumer = wrap(null);
		consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
	}

	@Test
	void commitAfterSeekCarriesNoEpochThatItCannotKnow() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.seek(ZERO, 100);
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(100);
		assertThat(this.mock.stored.get(ZERO).leaderEpoch()).isEmpty();
	}

	@Test
	void commitAfterSeekToEndIsOfWhereTheEndIs() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateEndOffsets(Map.of(ZERO, 50L));
		consumer.seekToEnd(List.of(ZERO));
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(50);
	}

	@Test
	void listenerWhenPartitionsGoCommitsBeforeTheyAreGone() {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		ReliableConsumer<String, String> consumer = wrap(readers());
		List<String> told = new ArrayList<>();
		consumer.subscribe(List.of("t"), new ConsumerRebalanceListener() {

			@Override
			public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
				told.add("revoked");
				consumer.commitSync();
			}

			@Override
			public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
				told.add("assigned");
			}

		});
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		this.mock.rebalance(List.of());
		assertStored(6, 3);
		assertThat(told).containsExactly("assigned", "revoked", "assigned");
		assertThat(this.board.watched()).isEmpty();
	}

	@Test
	void assignFollowsTheDifference() {
		this.group = "";
		ReliableConsumer<String, String> consumer = wrap(readers());
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
		consumer.assign(List.of(ZERO, ONE));
		consumer.seek(ONE, 4);
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ONE)).isEqualTo(4);
		assertThat(this.board.watched()).hasSize(2);
		consumer.assign(List.of(ONE));
		assertThat(this.board.watched()).hasSize(1);
		this.mock.addRecord(new ConsumerRecord<>("t", 1, 4, null, "v"));
		consumer.poll(Duration.ZERO);
		consumer.poll(Duration.ZERO);
		assertThat(this.mock.stored).isEmpty();
		assertThat(this.ledger.coverage("t", "").unstamped()).isOne();
		consumer.close();
		assertThat(this.board.watched()).isEmpty();
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
	void closeWhenConsumerIsInUseEndsNothing() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.closeFailure = new ConcurrentModificationException();
		assertThatExceptionOfType(ConcurrentModificationException.class).isThrownBy(consumer::close);
		assertThat(this.board.watched()).hasSize(1);
		this.mock.closeFailure = null;
		consumer.close();
		assertThat(this.board.watched()).isEmpty();
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
	void partitionThatGoesAfterAnAsyncCommitAboveAnOpenRecordFindsIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		consumer.listened().watch();
		this.mock.addRecord(record(5, 1));
		consumer.poll(Duration.ZERO);
		consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(6)), null);
		this.mock.rebalance(List.of());
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.PROCESSING_LOSS);
			assertThat(finding.numbers()).hasToString("5");
		});
	}

	@Test
	void commitWhenTheClusterRefusesMetadataCommitsWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.longestMetadata = 0;
		this.mock.addRecord(record(5, 3));
		this.mock.addRecord(record(6, 3));
		this.mock.addRecord(record(7, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
		this.mock.refusals = 0;
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(7)), Duration.ofSeconds(1));
		consumer.commitAsync();
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(8, Optional.of(3), ""));
		assertThat(this.mock.refusals).isZero();
		assertThatExceptionOfType(OffsetMetadataTooLarge.class)
			.isThrownBy(() -> consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(8, "mine"))));
	}

	@Test
	void commitAsyncWhenTheClusterRefusesMetadataCommitsWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.longestMetadata = 0;
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		List<Exception> told = new ArrayList<>();
		consumer.commitAsync((offsets, exception) -> told.add(exception));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
		assertThat(told).containsOnlyNulls().hasSize(1);
		consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(6, "mine")),
				(offsets, exception) -> told.add(exception));
		assertThat(told).last().isInstanceOf(OffsetMetadataTooLarge.class);
	}

	@Test
	void commitInTransactionAfterTheClusterRefusedMetadataGoesWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		ConsumerSession.refused(new KafkaException("Something else"), "g");
		assertThat(ConsumerSession.enrich(offsets, "g").get(ZERO).metadata()).isNotEmpty();
		ConsumerSession.refused(
				new KafkaException("Cannot execute transactional method", new KafkaException(
						"Unexpected error in TxnOffsetCommitResponse: " + Errors.OFFSET_METADATA_TOO_LARGE.message())),
				"g");
		assertThat(ConsumerSession.enrich(offsets, "g"))
			.isEqualTo(Map.of(ZERO, new OffsetAndMetadata(6, Optional.of(3), "")));
	}

	@Test
	void commitWhenPositionsAreUnknownWaitsForThemOnceForAll() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.stored.put(ONE, new OffsetAndMetadata(6));
		this.mock.rebalance(List.of(ZERO, ONE));
		consumer.seekToEnd(List.of());
		this.mock.positionsAreLate = true;
		consumer.commitSync();
		assertThat(this.mock.positionWaits).singleElement()
			.satisfies((wait) -> assertThat(wait).isLessThanOrEqualTo(Duration.ofMillis(100)));
	}

	@Test
	void assignedWhenTheClusterIsSlowHasOneBudgetForAllQuestions() {
		this.policy = "latest";
		this.mock.onEndOffsets = () -> {
			try {
				Thread.sleep(300);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		};
		this.mock.updateEndOffsets(Map.of(ZERO, 7L));
		subscribe();
		this.mock.rebalance(List.of(ZERO));
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(7);
		assertThat(this.mock.commitTimeout).isLessThanOrEqualTo(Duration.ofMillis(4700));
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

	private static ConsumerRecord<String, String> stamped(long offset, long number, Claim claim) {
		ConsumerRecord<String, String> record = record(offset, 1);
		record.headers().add(Stamp.HEADER, new Stamp(77, number, 0, false, false, claim).encode(new Lane("t", 0)));
		return record;
	}

	private void assertStored(long offset, int epoch) {
		OffsetAndMetadata stored = this.mock.stored.get(ZERO);
		assertThat(stored.offset()).isEqualTo(offset);
		assertThat(stored.leaderEpoch()).contains(epoch);
		assertThat(LaneReader.isState(stored.metadata())).as(stored.metadata()).isTrue();
	}

	private ReliableConsumer<String, String> subscribe(long committed) {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(committed));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		// The mock does not begin at a committed offset by itself.
		this.mock.seek(ZERO, committed);
		return consumer;
	}

	private ReliableConsumer<String, String> subscribe() {
		ReliableConsumer<String, String> consumer = wrap(readers());
		consumer.subscribe(List.of("t"));
		return consumer;
	}

	private LaneReaders readers() {
		return new LaneReaders(this.group, false, this.board, this.ledger);
	}

	private ReliableConsumer<String, String> wrap(LaneReaders readers) {
		return new ReliableConsumer<>(this.mock, session(), assigned(readers), null, null);
	}

	private AssignedPartitions assigned(LaneReaders readers) {
		return new AssignedPartitions(this.mock, this.group, ResetPolicy.parse("test", this.policy), readers,
				this.committer);
	}

	private ConsumerSession session() {
		return new ConsumerSession(this.group.isEmpty() ? Map.of() : Map.of("group.id", this.group));
	}

	private static ConsumerRecord<String, String> record(long offset, int epoch) {
		return new ConsumerRecord<>("t", 0, offset, 1000 + offset, TimestampType.CREATE_TIME, 0, 1, null, "v",
				new RecordHeaders(), Optional.of(epoch));
	}

	/**
	 * Keeps offsets as a group does, and asks an interceptor.
	 */
	private static final class Mock extends MockConsumer<String, String> {

		private final Map<TopicPartition, OffsetAndMetadata> stored = new HashMap<>();

		private int partitions = 2;

		private int fetches;

		private Runnable onSecondFetch = () -> {
		};

		private Runnable onEndOffsets = () -> {
		};

		private Map<TopicPartition, Long> logStart;

		private int longestMetadata = 4096;

		private int refusals;

		private boolean positionsAreLate;

		private final List<Duration> positionWaits = new ArrayList<>();

		private Duration commitTimeout;

		private KafkaException fetchFailure;

		private KafkaException commitFailure;

		private RuntimeException closeFailure;

		private ConsumerSettingsVeto hiding;

		Mock() {
			super("none");
		}

		@Override
		@SuppressWarnings({ "unchecked", "rawtypes" })
		public synchronized ConsumerRecords<String, String> poll(Duration timeout) {
			ConsumerRecords<String, String> records = super.poll(timeout);
			if (this.hiding != null) {
				this.hiding.onConsume((ConsumerRecords) records);
				return ConsumerRecords.empty();
			}
			return records;
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions,
				Duration timeout) {
			if (this.fetchFailure != null) {
				throw this.fetchFailure;
			}
			if (++this.fetches == 2) {
				this.onSecondFetch.run();
			}
			Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
			partitions.forEach((partition) -> found.put(partition, this.stored.get(partition)));
			return found;
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
			return committed(partitions, Duration.ZERO);
		}

		@Override
		public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
				OffsetCommitCallback callback) {
			if (this.commitFailure != null) {
				KafkaException failure = this.commitFailure;
				this.commitFailure = null;
				throw failure;
			}
			if (offsets.values().stream().anyMatch((offset) -> offset.metadata().length() > this.longestMetadata)) {
				this.refusals++;
				// As for a commit that waits.
				if (callback == null) {
					throw new OffsetMetadataTooLarge("too large");
				}
				callback.onComplete(offsets, new OffsetMetadataTooLarge("too large"));
				return;
			}
			this.stored.putAll(offsets);
			super.commitAsync(offsets, callback);
		}

		@Override
		public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
			this.commitTimeout = timeout;
			super.commitSync(offsets, timeout);
		}

		@Override
		public synchronized long position(TopicPartition partition, Duration timeout) {
			if (this.positionsAreLate) {
				this.positionWaits.add(timeout);
				throw new TimeoutException("late");
			}
			return super.position(partition, timeout);
		}

		@Override
		public synchronized void close() {
			if (this.closeFailure != null) {
				throw this.closeFailure;
			}
			super.close();
		}

		@Override
		public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
			return IntStream.range(0, this.partitions)
				.mapToObj((partition) -> new PartitionInfo(topic, partition, null, null, null))
				.toList();
		}

		@Override
		public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			return (this.logStart != null) ? this.logStart : super.beginningOffsets(partitions, timeout);
		}

		@Override
		public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			this.onEndOffsets.run();
			return super.endOffsets(partitions, timeout);
		}

	}

}
