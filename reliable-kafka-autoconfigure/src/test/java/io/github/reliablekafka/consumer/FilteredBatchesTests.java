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
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link GuardedAcknowledgment} and {@link ToldFilter}: a listener that
 * acknowledges parts of a batch counts what its filter has left.
 */
class FilteredBatchesTests extends CommitGuardSetup {

	private final List<ConsumerRecord<String, String>> batch = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void partsOfABatchBehindAFilterAreThoseThatTheListenerCounts(boolean inPlace) {
		polled(6);
		UnaryOperator<List<ConsumerRecord<String, String>>> filter = (records) -> {
			List<ConsumerRecord<String, String>> left = inPlace ? records : new ArrayList<>(records);
			left.removeIf((record) -> List.of(0L, 2L, 5L).contains(record.offset()));
			return left;
		};
		listen(filter, (acknowledgment) -> {
			acknowledgment.acknowledge(0);
			acknowledgment.nack(1, Duration.ZERO);
			acknowledgment.acknowledge(2);
		});
		assertThat(this.told).containsExactly("acknowledge " + (inPlace ? 1 : 2), "nack 3",
				"acknowledge " + (inPlace ? 4 : 5));
		commit(6);
		assertThat(committed()).isEqualTo(6);
	}

	@Test
	void recordsThatAFilterGivesOnAsCopiesAreNotFilteredOut() {
		polled(3);
		listen((records) -> List.of(copy(1), copy(2)), (acknowledgment) -> acknowledgment.acknowledge(0));
		commit(3);
		assertThat(committed()).isEqualTo(2);
	}

	@Test
	void recordsThatAFilterPutsInAnotherOrderWaitForThoseInFront() {
		polled(3);
		listen((records) -> List.of(record(2), record(1), record(0)),
				(acknowledgment) -> acknowledgment.acknowledge(0));
		commit(3);
		assertThat(committed()).isZero();
	}

	@Test
	void recordsThatAFilterMakesItselfAreNotTakenForOthers() {
		polled(3);
		listen((records) -> List.of(copy(7), copy(1)), (acknowledgment) -> acknowledgment.acknowledge(0));
		commit(3);
		assertThat(committed()).isEqualTo(1);
	}

	@Test
	void indexInFrontOfNothingButRecordsThatAFilterMadeIsRefused() {
		polled(3);
		listen((records) -> List.of(copy(1), copy(7)), (acknowledgment) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.acknowledge(0))
				.withMessage("t-0@7 is no record of this batch");
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.nack(1, Duration.ZERO))
				.withMessage("t-0@7 is no record of this batch");
		});
		commit(3);
		assertThat(committed()).isZero();
	}

	@Test
	void batchBehindARefusedIndexCanBeGivenBackFromARecordThatIsKnown() {
		polled(3);
		listen((records) -> List.of(copy(1), copy(7)), (acknowledgment) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.acknowledge(0));
			acknowledgment.nack(0, Duration.ZERO);
		});
		commit(3);
		assertThat(committed()).isOne();
	}

	@Test
	void indexBehindWhatAFilterKeptPassesNothingThoughTheContainerTakesIt() {
		polled(4);
		listen((records) -> List.of(record(0), record(1)), (acknowledgment) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.acknowledge(2));
			assertThatIllegalArgumentException().isThrownBy(() -> acknowledgment.nack(3, Duration.ZERO));
		});
		assertThat(this.told).isEmpty();
	}

	private static ConsumerRecord<String, String> copy(long offset) {
		return new ConsumerRecord<>("t", 0, offset, null, "copy");
	}

	private void polled(int count) {
		watchBatch();
		poll(LongStream.range(0, count).toArray());
		LongStream.range(0, count).forEach((offset) -> this.batch.add(record(offset)));
	}

	@SuppressWarnings("unchecked")
	private void listen(UnaryOperator<List<ConsumerRecord<String, String>>> left, Consumer<Acknowledgment> test) {
		RecordFilterStrategy<String, String> filter = new RecordFilterStrategy<>() {

			@Override
			public boolean filter(ConsumerRecord<String, String> record) {
				return false;
			}

			@Override
			public List<ConsumerRecord<String, String>> filterBatch(List<ConsumerRecord<String, String>> records) {
				return left.apply(records);
			}

		};
		BatchAcknowledgingMessageListener<String, String> listener = (records, acknowledgment) -> test
			.accept(acknowledgment);
		GuardedBatchListener<String, String> guarded = (GuardedBatchListener<String, String>) GuardedListeners
			.wrap(new FilteringBatchMessageListenerAdapter<>(listener, filter), true);
		guarded.onMessage(this.batch, new Container(), this.consumer);
	}

	/**
	 * The acknowledgement of a container that takes everything.
	 */
	private final class Container implements Acknowledgment {

		@Override
		public void acknowledge() {
		}

		@Override
		public void acknowledge(int index) {
			FilteredBatchesTests.this.told.add("acknowledge " + FilteredBatchesTests.this.batch.get(index).offset());
		}

		@Override
		public void nack(int index, Duration sleep) {
			// Of what was polled.
			FilteredBatchesTests.this.told.add("nack " + index);
		}

	}

}
