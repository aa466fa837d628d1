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
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.kafka.support.Acknowledgment;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionSynchronizationUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CommitGuard} and {@link OpenRecords} with listeners that acknowledge
 * by hand.
 */
class AcknowledgedCommitsTests extends CommitGuardSetup {

	@Test
	void outOfOrderAcknowledgementIsCommittedWhenNothingIsMissing() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		acknowledge(2);
		acknowledge(1);
		assertThat(committed()).isZero();
		acknowledge(0);
		assertThat(committed()).isEqualTo(3);
	}

	@Test
	void acknowledgementOfAnEarlierRecordDoesNotSetTheCommitBack() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		this.consumer.listened().close(record(0));
		this.consumer.listened().close(record(1));
		acknowledge(2);
		commit(1);
		assertThat(committed()).isEqualTo(3);
	}

	@Test
	void acknowledgementThatCameWithoutACommitIsCommittedWithThePoll() {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		acknowledge(1);
		this.consumer.listened().close(record(0));
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isEqualTo(2);
	}

	@Test
	void commitThatTheGroupRefusesAsItHasJustChangedIsTriedAgain() {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		acknowledge(1);
		this.consumer.listened().close(record(0));
		this.mock.asyncFailure = new StaleMemberEpochException("The epoch is older than the group's");
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isZero();
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(classes = { RebalanceInProgressException.class, CommitFailedException.class })
	void commitThatIsRefusedForGoodIsTriedAgainLater(Class<? extends RuntimeException> failure) throws Exception {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		acknowledge(1);
		this.consumer.listened().close(record(0));
		this.mock.asyncFailure = failure.getDeclaredConstructor().newInstance();
		this.consumer.poll(Duration.ZERO);
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isZero();
		await().untilAsserted(() -> {
			this.consumer.poll(Duration.ZERO);
			assertThat(committed()).isEqualTo(2);
		});
	}

	@Test
	void recordThatIsGivenBackIsPolledAgainAlsoIfItsContainerForgetsIt() {
		watch(true);
		poll(0, 1);
		deliver(0);
		new GuardedAcknowledgment(new Acknowledgment() {

			@Override
			public void acknowledge() {
			}

			@Override
			public void nack(Duration sleep) {
			}

		}, List.of(record(0)), guard(), this.consumer.listened()).nack(Duration.ZERO);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isZero();
		assertThat(committed()).isLessThan(1);
	}

	@Test
	void batchThatIsGivenBackIsPolledAgainAlsoIfItsContainerCannotCommit() {
		watchBatch();
		poll(0, 1, 2);
		deliver(0, 1, 2);
		GuardedAcknowledgment acknowledgment = new GuardedAcknowledgment(new Acknowledgment() {

			@Override
			public void acknowledge() {
			}

			@Override
			public void nack(int index, Duration sleep) {
				throw new TimeoutException("The commit was not answered");
			}

		}, List.of(record(0), record(1), record(2)), guard(), this.consumer.listened());
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> acknowledgment.nack(1, Duration.ZERO));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isOne();
		commit(3);
		assertThat(committed()).isOne();
	}

	@Test
	void commitOfARefusedAcknowledgementIsNotTheListenersOwn() {
		watchBatch();
		poll(0, 1, 2);
		deliver(0, 1, 2);
		GuardedAcknowledgment acknowledgment = new GuardedAcknowledgment(new Acknowledgment() {

			@Override
			public void acknowledge() {
			}

			@Override
			public void acknowledge(int index) {
				commit(3);
			}

		}, List.of(record(0), record(1)), guard(), this.consumer.listened());
		guard().call().listen(() -> acknowledgment.acknowledge(5));
		assertThat(committed()).isLessThanOrEqualTo(0);
	}

	@Test
	void acknowledgementByAnotherThreadCountsWithTheNextCommit() throws InterruptedException {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		Thread other = new Thread(() -> guard().acknowledge(List.of(record(0)), () -> {
		}, this.consumer.listened()));
		other.start();
		other.join();
		commit(2);
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void recordsThatWereNotDeliveredArePolledAgainAndThoseThatWereAreNot() {
		watch(true);
		poll(0, 1, 2, 3);
		deliver(0, 1);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
		poll(2, 3);
		deliver(2, 3);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(4);
		acknowledge(3, 2, 0);
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void acknowledgementInATransactionIsCommittedBehindItAndPassesNothing() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		TransactionSynchronizationManager.initSynchronization();
		TransactionSynchronizationManager.setActualTransactionActive(true);
		try {
			guard().listen(List.of(record(0), record(2)), () -> {
				acknowledge(0);
				acknowledge(2);
				assertThat(committed()).isZero();
				TransactionSynchronizationUtils.triggerAfterCommit();
			});
		}
		finally {
			TransactionSynchronizationManager.clear();
		}
		assertThat(committed()).isOne();
	}

	@Test
	void acknowledgementInFrontOfTheReplyWaitsForThat() {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		close(0);
		CompletableFuture<Void> reply = new CompletableFuture<>();
		guard().replies().add(List.of(record(0)), List.of(reply));
		acknowledge(1);
		assertThat(committed()).isNotPositive();
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isNotPositive();
		reply.complete(null);
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isEqualTo(2);
	}

	@Test
	void acknowledgementInFrontOfAReplyThatFailsIsNotPassed() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		close(0);
		CompletableFuture<Void> reply = new CompletableFuture<>();
		guard().replies().add(List.of(record(0)), List.of(reply));
		reply.completeExceptionally(new IllegalStateException("failed on purpose"));
		acknowledge(1);
		acknowledge(2);
		assertThat(committed()).isNotPositive();
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isZero();
		assertThat(committed()).isNotPositive();
	}

	@Test
	void commitByTheListenerItselfIsItsDecision() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		guard().listen(List.of(record(0)), () -> commit(2));
		assertThat(committed()).isEqualTo(2);
		commit(3);
		assertThat(committed()).isEqualTo(2);
	}

	@Test
	void partitionWithTooManyOpenRecordsIsHeldBack() {
		watch(true);
		long[] offsets = LongStream.rangeClosed(0, CommitGuard.MOST_OPEN).toArray();
		poll(offsets);
		deliver(offsets);
		this.consumer.poll(Duration.ZERO);
		// A listener that acknowledges nothing at all may want to read on.
		assertThat(this.session.heldBack(List.of(ZERO))).isEmpty();
		acknowledge(CommitGuard.MOST_OPEN);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.session.heldBack(List.of(ZERO))).containsExactly(ZERO);
	}

	@Test
	void acknowledgementOfAnAssignmentThatIsOverCommitsNothing() {
		watch(true);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		this.consumer.assign(List.of());
		acknowledge(2);
		assertThat(committed()).isNotEqualTo(3);
		this.consumer.assign(List.of(ZERO));
		this.consumer.seek(ZERO, 0);
		acknowledge(2);
		assertThat(committed()).isNotEqualTo(3);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8 })
	void noCommitPassesARecordWithoutAnOutcome(long seed) {
		watch(true);
		Random random = new Random(seed);
		TreeSet<Long> open = new TreeSet<>();
		long next = 0;
		for (int step = 0; step < 3000; step++) {
			switch (random.nextInt(5)) {
				case 0 -> {
					long[] polled = new long[1 + random.nextInt(20)];
					for (int i = 0; i < polled.length; i++) {
						polled[i] = next;
						next += (random.nextInt(8) == 0) ? 2 : 1;
						open.add(polled[i]);
					}
					poll(polled);
					deliver(polled);
				}
				case 1, 2 -> {
					if (!open.isEmpty()) {
						List<Long> candidates = new ArrayList<>(open);
						long chosen = candidates.get(random.nextInt(Math.min(6, candidates.size())));
						open.remove(chosen);
						acknowledge(chosen);
					}
				}
				case 3 -> commit(random.nextLong(next + 1));
				default -> {
					if (random.nextInt(10) == 0 && !open.isEmpty()) {
						long to = open.first();
						this.consumer.seek(ZERO, to);
						open.clear();
						next = to;
					}
				}
			}
			long lowest = open.isEmpty() ? next : open.first();
			assertThat(committed()).isLessThanOrEqualTo(lowest);
		}
		for (long offset : List.copyOf(open)) {
			acknowledge(offset);
		}
		commit(next);
		assertThat(committed()).isEqualTo(next);
	}

	@Test
	void acknowledgementOfABatchBehindOneOfItsPartsAcknowledgesTheRest() {
		watchBatch();
		poll(0, 1, 2, 3);
		deliver(0, 1, 2, 3);
		List<Integer> told = new ArrayList<>();
		GuardedAcknowledgment acknowledgment = new GuardedAcknowledgment(new Acknowledgment() {

			@Override
			public void acknowledge() {
				throw new IllegalStateException("would acknowledge one more");
			}

			@Override
			public void acknowledge(int index) {
				told.add(index);
				commit(index + 1);
			}

		}, List.of(record(0), record(1), record(2), record(3)), guard(), this.consumer.listened());
		acknowledgment.acknowledge(1);
		assertThat(committed()).isEqualTo(2);
		acknowledgment.acknowledge();
		acknowledgment.acknowledge();
		assertThat(committed()).isEqualTo(4);
		assertThat(told).containsExactly(1, 3);
	}

	@Test
	void acknowledgementThatTheContainerRefusesAcknowledgesNothing() {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		Acknowledgment container = () -> {
		};
		GuardedAcknowledgment acknowledgment = new GuardedAcknowledgment(container, List.of(record(0), record(1)),
				guard(), this.consumer.listened());
		assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> acknowledgment.acknowledge(1));
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> acknowledgment.nack(2, Duration.ZERO));
		commit(2);
		assertThat(committed()).isZero();
	}

	@Test
	void acknowledgementOfMoreThanTheBatchAcknowledgesNothing() {
		watchBatch();
		poll(0, 1);
		deliver(0, 1);
		GuardedAcknowledgment acknowledgment = new GuardedAcknowledgment(new Acknowledgment() {

			@Override
			public void acknowledge() {
			}

			@Override
			public void acknowledge(int index) {
				throw new IllegalArgumentException("index is out of range");
			}

		}, List.of(record(0), record(1)), guard(), this.consumer.listened());
		assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.acknowledge(2));
		commit(2);
		assertThat(committed()).isZero();
		assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.acknowledge(-2));
	}

}
