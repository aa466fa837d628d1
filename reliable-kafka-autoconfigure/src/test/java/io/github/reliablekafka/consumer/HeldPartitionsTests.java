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
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HeldPartitions}.
 */
class HeldPartitionsTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private static final TopicPartition TWO = new TopicPartition("t", 2);

	private final ResumingConsumer mock = new ResumingConsumer();

	private final ConsumerSession session = new ConsumerSession(Map.of());

	private final HeldPartitions<String, String> held = new HeldPartitions<>(this.mock, this.session);

	@Test
	void recordsAreReturnedAlsoIfAPartitionIsGoneAndAnotherCannotBeResumed() {
		assign(ZERO, ONE, TWO);
		this.mock.addRecord(new ConsumerRecord<>("t", 2, 0, null, "v"));
		this.session.holdBack(ZERO, Duration.ofMillis(50));
		this.session.holdBack(ONE, Duration.ofMillis(50));
		this.mock.gone = ZERO;
		this.mock.unanswered = ONE;
		assertThat(this.held.poll(Duration.ZERO).count()).isOne();
		assertThat(this.mock.paused()).contains(ONE);
		this.mock.gone = null;
		this.mock.unanswered = null;
		this.held.poll(Duration.ofMillis(200));
		this.held.poll(Duration.ofMillis(200));
		assertThat(this.mock.paused()).doesNotContain(ONE);
		assertThat(this.held.pausedByOthers()).doesNotContain(ONE);
	}

	@Test
	void containerResumesThoseThatAreAssignedAndTheOthersLater() {
		assign(ZERO, ONE, TWO);
		this.held.pauseForContainer(List.of(ZERO, ONE, TWO));
		this.mock.gone = ZERO;
		this.mock.unanswered = ONE;
		this.held.resumeForContainer(List.of(ZERO, ONE, TWO));
		assertThat(this.mock.paused()).contains(ONE).doesNotContain(TWO);
		assertThat(this.held.pausedByOthers()).doesNotContain(ONE);
		this.mock.unanswered = null;
		this.held.poll(Duration.ZERO);
		assertThat(this.mock.paused()).doesNotContain(ONE);
	}

	@Test
	void containerPausesThoseThatAreAssigned() {
		assign(ONE, TWO);
		this.held.pauseForContainer(List.of(ONE, ZERO, TWO));
		this.held.poll(Duration.ZERO);
		assertThat(this.mock.paused()).containsExactlyInAnyOrder(ONE, TWO);
	}

	@Test
	void pauseThatKafkaMakesThoughItHasFailedDoesNotLast() {
		assign(ZERO, ONE);
		this.held.pauseForContainer(List.of(ZERO));
		this.mock.unansweredPause = true;
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> this.held.pauseForContainer(List.of(ZERO, ONE)));
		this.mock.unansweredPause = false;
		this.mock.pause(List.of(ONE));
		this.held.poll(Duration.ZERO);
		assertThat(this.mock.paused()).containsExactly(ZERO);
	}

	@Test
	void pauseThatKafkaHasMadeBeforeItFailsDoesNotLast() {
		assign(ZERO, ONE);
		this.held.pauseForContainer(List.of(ZERO));
		this.mock.late = true;
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> this.held.pauseForContainer(List.of(ZERO, ONE)));
		assertThat(this.mock.paused()).containsExactlyInAnyOrder(ZERO, ONE);
		assertThat(this.held.pausedByOthers()).containsExactly(ZERO);
		this.held.poll(Duration.ZERO);
		assertThat(this.mock.paused()).containsExactly(ZERO);
	}

	@Test
	void anotherThreadIsToldThatTheConsumerIsInUse() {
		assign(ZERO, ONE);
		this.held.pauseForContainer(List.of(ZERO));
		this.mock.inUse = true;
		assertThatExceptionOfType(ConcurrentModificationException.class)
			.isThrownBy(() -> this.held.pauseForContainer(List.of(ONE)));
		assertThatExceptionOfType(ConcurrentModificationException.class)
			.isThrownBy(() -> this.held.resumeForContainer(List.of(ZERO)));
		this.mock.inUse = false;
		// Neither is done later.
		assertThat(this.held.pausedByOthers()).containsExactly(ZERO);
		this.held.poll(Duration.ZERO);
		assertThat(this.mock.paused()).containsExactly(ZERO);
	}

	private void assign(TopicPartition... partitions) {
		this.mock.assign(List.of(partitions));
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L, TWO, 0L));
	}

	/**
	 * Pauses and resumes as the consumer of the newer protocol does when a rebalance is
	 * under way.
	 */
	private static final class ResumingConsumer extends MockConsumer<String, String> {

		private TopicPartition gone;

		private TopicPartition unanswered;

		private boolean unansweredPause;

		private boolean late;

		private boolean inUse;

		ResumingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void pause(Collection<TopicPartition> partitions) {
			checkThread();
			if (this.unansweredPause) {
				throw new TimeoutException("Not answered in time");
			}
			super.pause(partitions);
			if (this.late) {
				throw new TimeoutException("Not answered in time");
			}
		}

		@Override
		public synchronized void resume(Collection<TopicPartition> partitions) {
			checkThread();
			if (this.gone != null && partitions.contains(this.gone)) {
				throw new IllegalStateException("No current assignment for partition " + this.gone);
			}
			if (this.unanswered != null && partitions.contains(this.unanswered)) {
				throw new TimeoutException("Not answered in time");
			}
			super.resume(partitions);
		}

		private void checkThread() {
			if (this.inUse) {
				throw new ConcurrentModificationException("KafkaConsumer is not safe for multi-threaded access");
			}
		}

	}

}
