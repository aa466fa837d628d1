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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link CommitGuard} and {@link OpenRecords}, within a
 * {@link ReliableConsumer}.
 */
class CommitGuardTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final FailingConsumer mock = new FailingConsumer();

	private final ConsumerSession session = new ConsumerSession(Map.of());

	private final ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, this.session,
			new AssignedPartitions(this.mock, "g", ResetPolicy.of(Map.of("auto.offset.reset", "earliest")), null,
					Committer.CONTAINER),
			null, null);

	private final Map<Long, ConsumerRecord<String, String>> records = new HashMap<>();

	private final UnfinishedRecords unfinished = new UnfinishedRecords(this.ledger, Duration.ofMinutes(1));

	private final long start = System.nanoTime();

	private boolean running = true;

	CommitGuardTests() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L));
		this.mock.updateEndOffsets(Map.of(ZERO, 1_000_000L));
		this.consumer.assign(List.of(ZERO));
	}

	static Outcomes outcomes(DeliveryLedger ledger, BooleanSupplier running, UnfinishedRecords unfinished) {
		KafkaMessageListenerContainer<String, String> container = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("t")) {

			@Override
			public boolean isRunning() {
				return running.getAsBoolean();
			}

		};
		return new Outcomes(ledger, () -> "g", () -> false, new ErrorHandling(container), unfinished);
	}

	@Test
	void commitAboveAnOpenRecordGoesUpToIt() {
		watch(false);
		poll(0, 1, 2, 3);
		close(0, 1, 3);
		commit(4);
		assertThat(committed()).isEqualTo(2);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isOne();
	}

	@Test
	void commitWithNothingToCommitIsNone() {
		watch(false);
		poll(0, 1);
		this.mock.commits.clear();
		commit(0);
		commit(2);
		assertThat(committed()).isZero();
		assertThat(this.mock.commits).containsExactly(Map.of(ZERO, 0L));
	}

	@Test
	void commitAsyncIsLimitedAsWell() {
		watch(false);
		poll(0, 1, 2);
		close(0);
		this.consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(3)), null);
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void commitOfPositionsIsLimitedAsWell() {
		watch(false);
		poll(0, 1, 2);
		close(0);
		this.consumer.commitSync();
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void commitInTransactionIsLimitedAsWell() {
		watch(false);
		poll(0, 1, 2);
		close(0);
		this.session.enterPoll();
		try {
			assertThat(ConsumerSession.enrich(Map.of(ZERO, new OffsetAndMetadata(3)), this.session.group()))
				.hasEntrySatisfying(ZERO, (offset) -> assertThat(offset.offset()).isOne());
		}
		finally {
			this.session.exit();
		}
	}

	@Test
	void commitOfTheRecordThatTheListenerHasMayPassIt() {
		watch(false);
		poll(0, 1);
		guard().begin(record(0));
		commit(1);
		assertThat(committed()).isEqualTo(1);
		commit(2);
		assertThat(committed()).isEqualTo(1);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isOne();
	}

	@Test
	void pollWithOpenRecordsPollsThemAgain() {
		watch(false);
		poll(0, 1, 2);
		close(0);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(1);
		assertThat(counted(GuardIntervention.READ_AGAIN)).isOne();
		poll(1, 2);
		close(1, 2);
		commit(3);
		assertThat(committed()).isEqualTo(3);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isZero();
	}

	@Test
	void pollWithOpenRecordsThatComeNeverPausesThePartition() {
		watch(false);
		poll(0);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.session.heldBack(List.of(ZERO))).isEmpty();
		poll(0);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.session.heldBack(List.of(ZERO))).containsExactly(ZERO);
	}

	@Test
	void pollWhilePausedLeavesOpenRecordsToTheContainer() {
		watch(false);
		poll(0, 1);
		this.consumer.pause(List.of(ZERO));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
		close(0, 1);
		this.consumer.resume(List.of(ZERO));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
	}

	@Test
	void seekBackForgetsWhatIsPolledAgain() {
		watch(false);
		poll(0, 1, 2);
		close(0, 1);
		this.consumer.seek(ZERO, 1);
		commit(1);
		assertThat(committed()).isEqualTo(1);
		poll(1, 2);
		close(1, 2);
		commit(3);
		assertThat(committed()).isEqualTo(3);
	}

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
	void lastCommitThatFailsDoesNotKeepAContainerFromStopping() {
		watch(false);
		poll(0);
		close(0);
		this.mock.failure = new TimeoutException("no answer");
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> commit(1));
		this.running = false;
		commit(1);
		assertThat(counted(GuardIntervention.LAST_COMMIT_FAILED)).isOne();
		this.mock.failure = null;
		commit(1);
		assertThat(committed()).isOne();
	}

	@Test
	void consumerThatNoContainerPollsCommitsWhatItLikes() {
		poll(0, 1);
		commit(2);
		assertThat(committed()).isEqualTo(2);
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

	@Test
	void recordThatAnErrorHandlerLosesIsPolledAgain() {
		watch(false);
		poll(0, 1, 2);
		close(0);
		guard().handle(List.of(record(1)));
		guard().failing();
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isOne();
	}

	@Test
	void recordThatAnErrorHandlerSaysNothingOfCountsAsDealtWith() {
		watch(false);
		poll(0, 1, 2);
		close(0, 2);
		guard().handle(List.of(record(1)));
		commit(1);
		assertThat(committed()).isOne();
		commit(3);
		assertThat(committed()).isEqualTo(3);
	}

	@Test
	void transactionOfWhichNobodyKnowsIsPolledAgain() {
		watch(false);
		poll(0, 1, 2);
		close(0, 1, 2);
		this.consumer.listened().sentInTransaction(Map.of(ZERO, new OffsetAndMetadata(2)));
		this.consumer.listened().committedInTransaction();
		this.consumer.listened().sentInTransaction(Map.of(ZERO, new OffsetAndMetadata(3)));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
	}

	@Test
	void seekForwardPassesWhatIsInBetween() {
		watch(false);
		poll(0, 1, 2);
		this.consumer.seek(ZERO, 100);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isEqualTo(100);
		commit(100);
		assertThat(committed()).isEqualTo(100);
	}

	@Test
	void batchThatCommitsItselfIsLeftAlone() {
		watch(false);
		poll(0, 1, 2);
		guard().beginBatch();
		commit(2);
		assertThat(committed()).isEqualTo(2);
		guard().done();
		commit(3);
		assertThat(committed()).isEqualTo(2);
	}

	@Test
	void recordThatIsNotAcknowledgedIsNamed() {
		watch(true);
		poll(0, 1);
		deliver(0, 1);
		acknowledge(1);
		this.consumer.poll(Duration.ZERO);
		look(Duration.ofSeconds(50));
		assertThat(this.ledger.unfinished()).isEmpty();
		look(Duration.ofSeconds(61));
		assertThat(this.ledger.unfinished()).singleElement().satisfies((record) -> {
			assertThat(record.offset()).isZero();
			assertThat(record.group()).isEqualTo("g");
			assertThat(record.age()).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(70));
		});
		acknowledge(0);
		this.consumer.poll(Duration.ZERO);
		look(Duration.ofSeconds(62));
		assertThat(this.ledger.unfinished()).isEmpty();
	}

	@Test
	void recordOfAListenerThatHangsIsNamedAndNotThatOfASlowOne() {
		watch(false);
		poll(0, 1, 2);
		for (int i = 0; i < 2; i++) {
			guard().begin(record(i));
			look(Duration.ofSeconds(50L * i));
			guard().done();
			close(i);
		}
		guard().begin(record(2));
		look(Duration.ofSeconds(100));
		assertThat(this.ledger.unfinished()).isEmpty();
		look(Duration.ofSeconds(161));
		assertThat(this.ledger.unfinished()).singleElement()
			.satisfies((record) -> assertThat(record.offset()).isEqualTo(2));
	}

	/**
	 * Against the plainest model there is.
	 */
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

	private void watch(boolean byHand) {
		this.consumer.listened().watch(outcomes(this.ledger, () -> this.running, this.unfinished), byHand, byHand);
		this.consumer.poll(Duration.ZERO);
	}

	private void look(Duration later) {
		this.unfinished.look(this.start + later.toNanos());
	}

	private CommitGuard guard() {
		return this.consumer.listened().guard();
	}

	private void poll(long... offsets) {
		for (long offset : offsets) {
			this.mock.addRecord(record(offset));
		}
		assertThat(this.consumer.poll(Duration.ZERO).count()).isEqualTo(offsets.length);
	}

	private void deliver(long... offsets) {
		for (long offset : offsets) {
			this.consumer.listened().deliver(record(offset));
		}
	}

	private void close(long... offsets) {
		for (long offset : offsets) {
			this.consumer.listened().close(record(offset));
		}
	}

	private void acknowledge(long... offsets) {
		for (long offset : offsets) {
			guard().acknowledge(List.of(record(offset)), () -> commit(offset + 1), this.consumer.listened());
		}
	}

	private void commit(long offset) {
		this.consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(offset)));
	}

	private long committed() {
		OffsetAndMetadata committed = this.mock.committed(Set.of(ZERO)).get(ZERO);
		return (committed != null) ? committed.offset() : -1;
	}

	private long counted(GuardIntervention intervention) {
		return this.ledger.consumption("t", "g").counted(intervention);
	}

	private ConsumerRecord<String, String> record(long offset) {
		return this.records.computeIfAbsent(offset, (key) -> new ConsumerRecord<>("t", 0, key, null, "v"));
	}

	private static final class FailingConsumer extends MockConsumer<String, String> {

		private final List<Map<TopicPartition, Long>> commits = new ArrayList<>();

		private RuntimeException failure;

		FailingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
			if (this.failure != null) {
				throw this.failure;
			}
			Map<TopicPartition, Long> plain = new LinkedHashMap<>();
			offsets.forEach((partition, offset) -> plain.put(partition, offset.offset()));
			this.commits.add(plain);
			super.commitSync(offsets);
		}

	}

}
