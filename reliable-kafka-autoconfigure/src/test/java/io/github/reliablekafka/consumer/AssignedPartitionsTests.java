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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.LaneReader;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AssignedPartitions}: where a partition begins and when it goes.
 */
class AssignedPartitionsTests extends AssignedPartitionsSetup {

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
	void epochThatWasSoughtBeforeItWasKnownWhereTheGroupIsIsThatOfThePosition() {
		LaneReader reader = Objects.requireNonNull(readers().open(ZERO));
		AssignedPartition partition = new AssignedPartition(ZERO, reader);
		partition.move(8, Cause.SEEK);
		partition.leaderEpoch(7);
		partition.begin(new OffsetAndMetadata(5, Optional.of(2), ""));
		assertThat(reader.commit(8).leaderEpoch()).isEqualTo(7);
	}

	@Test
	void epochThatWasSoughtBeforeGoesWithAPositionThatWasSetWithoutOne() {
		LaneReader reader = Objects.requireNonNull(readers().open(ZERO));
		AssignedPartition partition = new AssignedPartition(ZERO, reader);
		partition.move(8, Cause.SEEK);
		partition.leaderEpoch(7);
		partition.move(9, Cause.SEEK);
		partition.leaderEpoch(-1);
		partition.begin(new OffsetAndMetadata(5, Optional.of(2), ""));
		assertThat(reader.commit(9).leaderEpoch()).isNotEqualTo(7);
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
	void assignedWhenTheClusterIsSlowHasOneBudgetForAllQuestions() {
		this.policy = "latest";
		// There is nothing to wait for: this is how slow the cluster is.
		this.mock.onEndOffsets = () -> {
			long asked = System.nanoTime();
			while (System.nanoTime() - asked < TimeUnit.MILLISECONDS.toNanos(50)) {
				Thread.onSpinWait();
			}
		};
		this.mock.updateEndOffsets(Map.of(ZERO, 7L));
		subscribe();
		this.mock.rebalance(List.of(ZERO));
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(7);
		assertThat(this.mock.commitTimeout).isLessThanOrEqualTo(Duration.ofMillis(4950));
	}

}
