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
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.listener.ContainerProperties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link CommitGuard} and {@link ListenerCall} with listeners that return when
 * they are done.
 */
class CommitGuardTests extends CommitGuardSetup {

	@Test
	void listenerIsToldThatItPausesWhatIsNotAssigned() {
		watch(false);
		this.consumer.attend(outcomes(this.ledger, () -> this.running, this.unfinished));
		List<TopicPartition> strange = List.of(new TopicPartition("t", 7));
		guard().call().begin(record(0));
		assertThatIllegalStateException().isThrownBy(() -> this.consumer.pause(strange));
		this.consumer.pause(List.of(strange.get(0), ZERO));
		assertThat(this.consumer.paused()).containsExactly(ZERO);
		guard().call().done();
		// The container may not know yet that it is taken away.
		this.consumer.pause(strange);
		// Another test has this thread next.
		this.consumer.close();
	}

	@Test
	void pauseForWhatIsGivenBackCountsAsTheContainersOwn() {
		this.consumer.attend(outcomes(this.ledger, () -> this.running, this.unfinished));
		watch(true);
		poll(0, 1);
		guard().call().giveBack();
		this.consumer.pause(List.of(ZERO));
		assertThat(this.consumer.paused()).containsExactly(ZERO);
		guard().call().giveBack();
		assertThat(this.consumer.paused()).isEmpty();
		this.consumer.pause(List.of(ZERO));
		this.consumer.resume(List.of(ZERO));
		this.consumer.pause(List.of(ZERO));
		guard().call().giveBack();
		assertThat(this.consumer.paused()).containsExactly(ZERO);
	}

	@Test
	void pauseForWhatIsGivenBackEndsWithTheAssignment() {
		this.consumer.attend(outcomes(this.ledger, () -> this.running, this.unfinished));
		watch(true);
		poll(0, 1);
		guard().call().giveBack();
		this.consumer.pause(List.of(ZERO));
		this.consumer.assign(List.of());
		this.consumer.assign(List.of(ZERO));
		this.mock.pause(List.of(ZERO));
		guard().call().giveBack();
		assertThat(this.consumer.paused()).containsExactly(ZERO);
	}

	@Test
	void pauseWhenTheListenerThrowsIsNotForWhatItGaveBack() {
		this.consumer.attend(outcomes(this.ledger, () -> this.running, this.unfinished));
		watch(true);
		poll(0, 1);
		assertThatIllegalStateException().isThrownBy(() -> guard().call().listen(() -> {
			guard().call().giveBack();
			throw new IllegalStateException("on purpose");
		}));
		assertThat(guard().call().isGivingBack()).isFalse();
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
		guard().call().begin(record(0));
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
	void replyThatFailsBehindWhatIsPolledAgainDoesNotPassThat() {
		this.consumer.listened().watch(outcomes(this.ledger, () -> this.running, this.unfinished), false, true);
		this.consumer.poll(Duration.ZERO);
		poll(0, 1, 2);
		deliver(0, 1, 2);
		CompletableFuture<Void> reply = new CompletableFuture<>();
		guard().replies().add(List.of(record(2)), List.of(reply));
		// The error handler has the first one polled again.
		this.consumer.seek(ZERO, 0);
		reply.completeExceptionally(new IllegalStateException("failed on purpose"));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isZero();
	}

	@Test
	void containerThatKeepsRecordsWhenItIsPausedIsGivenTheTimeToDeliverThem() {
		ContainerProperties properties = new ContainerProperties("t");
		properties.setPauseImmediate(true);
		this.consumer.listened()
			.watch(outcomes(this.ledger, () -> this.running, this.unfinished, properties), false, false);
		this.consumer.poll(Duration.ZERO);
		poll(0, 1);
		this.mock.addRecord(record(2));
		assertThat(this.consumer.poll(Duration.ofMillis(1)).isEmpty()).isTrue();
		assertThat(this.mock.position(ZERO)).isEqualTo(2);
		this.consumer.poll(Duration.ZERO);
		assertThat(this.mock.position(ZERO)).isZero();
	}

	@Test
	void consumerThatCannotUnsubscribeWhileItsContainerStopsIsClosed() {
		watch(false);
		this.mock.failure = new IllegalStateException("fenced");
		assertThatIllegalStateException().isThrownBy(this.consumer::unsubscribe);
		guard().stopping();
		this.consumer.unsubscribe();
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
	void commitThatFailsIsMadeUpForUnlessThePositionWasSetBackMeanwhile() {
		watch(false);
		poll(0, 1);
		close(0, 1);
		this.consumer.listened().notCommitted(Map.of(ZERO, new OffsetAndMetadata(1)));
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isOne();
		this.consumer.seek(ZERO, 1);
		this.consumer.listened().notCommitted(Map.of(ZERO, new OffsetAndMetadata(2)));
		this.consumer.poll(Duration.ZERO);
		assertThat(committed()).isOne();
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
		guard().call().beginBatch();
		commit(2);
		assertThat(committed()).isEqualTo(2);
		guard().call().done();
		commit(3);
		assertThat(committed()).isEqualTo(2);
	}

}
