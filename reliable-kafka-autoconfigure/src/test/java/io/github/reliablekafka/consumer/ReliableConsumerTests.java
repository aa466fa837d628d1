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

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ReliableConsumer} and the interceptors that work with it.
 */
class ReliableConsumerTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private static final Map<Class<?>, Object> ANY_ARGUMENT = Map.of(long.class, 1L, Duration.class, Duration.ZERO,
			Collection.class, List.of(), Map.class, Map.of(), OffsetAndMetadata.class, new OffsetAndMetadata(1),
			ConsumerRebalanceListener.class, new RebalanceWatch(null, null));

	private static final Map<Class<?>, Object> ANY_RESULT = Map.of(long.class, 1L, Set.class, Set.of(), Map.class,
			Map.of(), ConsumerRecords.class, ConsumerRecords.empty());

	private final MockConsumer<String, String> mock = new MockConsumer<>("earliest");

	private final ConsumerSession session = new ConsumerSession(Map.of("group.id", "g"));

	private final ReliableConsumer<String, String> consumer = reliable(this.mock);

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final BatchOutcomes<String, String> batchOutcomes = new BatchOutcomes<>(new Outcomes(this.ledger, () -> "g",
			() -> false, errorHandling(), new UnfinishedRecords(this.ledger, Duration.ofMinutes(1)),
			new Restarts(null, new DeliveryLedger(), Duration.ZERO)), null);

	@AfterEach
	void close() {
		this.consumer.close();
	}

	@Test
	void everyMethodDelegatesToTheSameMethod() throws Exception {
		List<Method> called = new ArrayList<>();
		Consumer<?, ?> recording = (Consumer<?, ?>) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { Consumer.class }, (proxy, method, args) -> {
					called.add(method);
					return ANY_RESULT.get(method.getReturnType());
				});
		ReliableConsumer<?, ?> reliable = reliable(recording);
		for (Method method : Consumer.class.getMethods()) {
			called.clear();
			Object[] arguments = Arrays.stream(method.getParameterTypes()).map(ANY_ARGUMENT::get).toArray();
			method.invoke(reliable, arguments);
			// Without a listener means with ours alone.
			assertThat(called).as(method.toString())
				.anyMatch((candidate) -> candidate.equals(method) || (candidate.getName().equals("subscribe")
						&& candidate.getParameterTypes()[0] == method.getParameterTypes()[0]));
		}
	}

	@Test
	void pollWhenPartitionIsHeldBackReturnsTheOthersAndPausesForNobodyElse() {
		assign();
		this.mock.addRecord(record(ZERO, 0, "a"));
		this.mock.addRecord(record(ONE, 0, "b"));
		this.session.holdBack(ZERO, Duration.ofMinutes(1));
		assertThat(values(this.consumer.poll(Duration.ZERO))).containsExactly("b");
		assertThat(this.consumer.paused()).isEmpty();
		assertThat(this.mock.paused()).isEmpty();
		this.session.holdBack(ZERO, Duration.ZERO);
		assertThat(values(this.consumer.poll(Duration.ZERO))).containsExactly("a");
	}

	@Test
	void pollWhenPartitionIsPausedByTheApplicationLeavesItPaused() {
		assign();
		this.consumer.pause(Set.of(ZERO));
		this.session.holdBackAll(Duration.ofMinutes(1));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.consumer.paused()).containsExactly(ZERO);
		this.consumer.resume(Set.of(ZERO));
		assertThat(this.consumer.paused()).isEmpty();
	}

	@Test
	void pollWhenItFailsHoldsNothingBackAfterwards() {
		assign();
		this.session.holdBackAll(Duration.ofMinutes(1));
		this.mock.wakeup();
		assertThatExceptionOfType(WakeupException.class).isThrownBy(() -> this.consumer.poll(Duration.ZERO));
		assertThat(this.mock.paused()).isEmpty();
	}

	@Test
	void pauseWhenAskedForDuringPollOutlivesIt() {
		this.consumer.subscribe(List.of("t"), new ConsumerRebalanceListener() {

			@Override
			public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
			}

			@Override
			public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
			}

		});
		this.mock.rebalance(List.of(ZERO, ONE));
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
		this.mock.schedulePollTask(() -> {
			assertThat(this.consumer.paused()).isEmpty();
			this.consumer.pause(Set.of(ZERO));
		});
		this.session.holdBackAll(Duration.ofMinutes(1));
		this.consumer.poll(Duration.ZERO);
		assertThat(this.consumer.paused()).containsExactly(ZERO);
	}

	@Test
	void pollWhenHeldBackPartitionIsTakenAwayResumesTheRest() {
		this.consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO, ONE));
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
		this.mock.schedulePollTask(() -> this.mock.rebalance(List.of(ONE)));
		this.session.holdBackAll(Duration.ofMinutes(1));
		this.consumer.poll(Duration.ZERO);
		// The mock keeps the pause of a partition that it took away.
		assertThat(this.mock.paused()).doesNotContain(ONE);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pollWhenHeldBackPartitionIsGoneWithoutAWordReturnsRecordsAndResumesTheRest(boolean beforePoll) {
		MockConsumer<String, String> forgetful = new MockConsumer<>("earliest") {

			@Override
			public synchronized void pause(Collection<TopicPartition> partitions) {
				if (beforePoll) {
					fail(partitions);
				}
				super.pause(partitions);
			}

			@Override
			public synchronized void resume(Collection<TopicPartition> partitions) {
				fail(partitions);
				super.resume(partitions);
			}

			// Those in front of it were done.
			private void fail(Collection<TopicPartition> partitions) {
				if (partitions.contains(ONE)) {
					throw new IllegalStateException("No current assignment for partition t-1");
				}
			}

		};
		ReliableConsumer<String, String> reliable = reliable(forgetful);
		TopicPartition two = new TopicPartition("t", 2);
		forgetful.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L, two, 0L));
		reliable.assign(List.of(ZERO, ONE, two));
		forgetful.addRecord(new ConsumerRecord<>("t", 2, 0, null, "c"));
		this.session.holdBack(ZERO, Duration.ofMinutes(1));
		this.session.holdBack(ONE, Duration.ofMinutes(1));
		assertThat(reliable.poll(Duration.ZERO).count()).isOne();
		assertThat(forgetful.paused()).doesNotContain(ZERO, two);
		assertThat(reliable.paused()).doesNotContain(ZERO, two);
	}

	@Test
	void pollThatFailsWithRecordsInItsHandsGivesThemBack() {
		MockConsumer<String, String> forgetful = new MockConsumer<>("earliest") {

			@Override
			public synchronized void seek(TopicPartition partition, OffsetAndMetadata offset) {
				throw new IllegalStateException("No current assignment for partition " + partition);
			}

		};
		ReliableConsumer<String, String> reliable = reliable(forgetful);
		forgetful.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
		reliable.assign(List.of(ZERO, ONE));
		reliable.isolatePoison();
		forgetful.addRecord(record(ZERO, 0, "a"));
		forgetful.addRecord(poison(1));
		forgetful.addRecord(record(ONE, 0, "b"));
		assertThatIllegalStateException().isThrownBy(() -> reliable.poll(Duration.ZERO));
		assertThat(forgetful.position(ONE)).isZero();
		assertThat(forgetful.position(ZERO)).isZero();
	}

	@Test
	void pollBindsTheSessionToTheThreadUntilClose() {
		assign();
		this.consumer.poll(Duration.ZERO);
		assertThat(ConsumerSession.current()).isSameAs(this.session);
		this.consumer.close();
		assertThat(ConsumerSession.current()).isNull();
	}

	@Test
	void batchWhenPoisonIsIsolatedReachesTheInterceptorAlone() {
		assign();
		this.mock.addRecord(record(ZERO, 0, "a"));
		this.mock.addRecord(poison(1));
		this.mock.addRecord(record(ZERO, 2, "b"));
		this.batchOutcomes.setupThreadState(this.consumer);
		ConsumerRecords<String, String> first = this.consumer.poll(Duration.ZERO);
		assertThat(values(first)).containsExactly("a");
		assertThat(this.batchOutcomes.intercept(first, this.consumer)).isSameAs(first);
		this.mock.addRecord(poison(1));
		this.mock.addRecord(record(ZERO, 2, "b"));
		ConsumerRecords<String, String> second = this.consumer.poll(Duration.ZERO);
		assertThat(second.count()).isOne();
		assertThatExceptionOfType(BatchListenerFailedException.class)
			.isThrownBy(() -> this.batchOutcomes.intercept(second, this.consumer))
			.satisfies((exception) -> assertThat(exception.getIndex()).isZero())
			.withCauseInstanceOf(DeserializationException.class);
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.FAILED)).isOne();
	}

	@Test
	void batchWhenPoisonCouldNotBeIsolatedFailsWithoutAnIndex() {
		ConsumerRecords<String, String> records = new ConsumerRecords<>(
				Map.of(ZERO, List.of(record(ZERO, 0, "a"), poison(1))), Map.of());
		assertThatExceptionOfType(DeserializationException.class)
			.isThrownBy(() -> this.batchOutcomes.intercept(records, this.mock));
	}

	@Test
	void batchWhenOneRecordFailedCountsThoseInFrontAsProcessed() {
		ConsumerRecords<String, String> records = new ConsumerRecords<>(
				Map.of(ZERO, List.of(record(ZERO, 0, "a"), record(ZERO, 1, "b"), record(ZERO, 2, "c"))), Map.of());
		this.batchOutcomes.failure(records, new IllegalStateException(new BatchListenerFailedException("b", 1)),
				this.consumer);
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.PROCESSED)).isOne();
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.FAILED)).isOne();
		this.batchOutcomes.failure(records, new IllegalStateException(), this.consumer);
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.FAILED)).isEqualTo(4);
	}

	private <K, V> ReliableConsumer<K, V> reliable(Consumer<K, V> delegate) {
		return new ReliableConsumer<>(delegate, this.session, new AssignedPartitions(delegate, this.session.group(),
				ResetPolicy.parse("test", "earliest"), null, Committer.CONTAINER), null, null);
	}

	private void assign() {
		this.consumer.assign(List.of(ZERO, ONE));
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
	}

	private static ConsumerRecord<String, String> record(TopicPartition partition, long offset, String value) {
		return new ConsumerRecord<>(partition.topic(), partition.partition(), offset, null, value);
	}

	private static ConsumerRecord<String, String> poison(long offset) {
		ConsumerRecord<String, String> record = record(ZERO, offset, null);
		SerializationUtils.deserializationException(record.headers(), new byte[0], new IllegalStateException(), false);
		return record;
	}

	private static List<String> values(ConsumerRecords<String, String> records) {
		List<String> values = new ArrayList<>();
		records.forEach((record) -> values.add(record.value()));
		return values;
	}

	private static ErrorHandling errorHandling() {
		return new ErrorHandling(new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()),
				new ContainerProperties("t")));
	}

}
