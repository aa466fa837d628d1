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

package io.github.reliablekafka.spool;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What each {@link SpoolStore} has to do, asked through that interface alone. For another
 * store, extend this and say how it is opened.
 */
abstract class SpoolStoreContract {

	/**
	 * Begin with an empty place.
	 * @return where stores are opened one after the other
	 */
	abstract Place place() throws Exception;

	/**
	 * Whether the thread that flushes is the one that confirms, as a model needs it.
	 */
	boolean isToldByFlush() {
		return true;
	}

	/**
	 * How long to wait for what is told.
	 */
	Duration patience() {
		return Duration.ofSeconds(30);
	}

	@Test
	void positionsGrowWithEachAppendAndAreInOrder() throws Exception {
		SpoolStore store = place().open();
		SpoolLane first = store.lane("main", "orders", 0);
		SpoolLane second = store.lane("main", "orders", 1);
		List<Long> positions = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			positions.add(store.append(first, record(i), 0, null));
			store.append(second, record(i), 0, null);
		}
		assertThat(positions).isSorted().doesNotHaveDuplicates();
		assertThat(store.positions(first)).containsExactly(positions.stream().mapToLong(Long::longValue).toArray());
		store.close();
	}

	@Test
	void recordIsReadAsItWasAppended() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", -1);
		byte[] key = { 1, 2 };
		byte[] value = { 3, 4, 5 };
		List<SpoolRecord.Field> headers = List.of(new SpoolRecord.Field("a", new byte[] { 6 }),
				new SpoolRecord.Field("ü", null), new SpoolRecord.Field("a", new byte[0]));
		long full = store.append(lane, new SpoolRecord(7, 8, 9, key, value, headers), 0, null);
		long empty = store.append(lane, new SpoolRecord(-1, 0, 0, null, null, List.of()), 0, null);
		key[0] = 99;
		value[0] = 99;
		assertThat(store.flush()).isTrue();
		for (int i = 0; i < 2; i++) {
			SpoolRecord record = store.read(store.lane("main", "orders", -1), full);
			assertThat(record).isNotNull();
			assertThat(record.partition()).isEqualTo(7);
			assertThat(record.timestamp()).isEqualTo(8);
			assertThat(record.enqueuedAt()).isEqualTo(9);
			assertThat(record.key()).containsExactly(1, 2);
			assertThat(record.value()).containsExactly(3, 4, 5);
			assertThat(record.headers()).extracting(SpoolRecord.Field::name).containsExactly("a", "ü", "a");
			assertThat(record.headers()).extracting(SpoolRecord.Field::value)
				.containsExactly(new byte[] { 6 }, null, new byte[0]);
			SpoolRecord nothing = store.read(store.lane("main", "orders", -1), empty);
			assertThat(nothing).isNotNull();
			assertThat(nothing.partition()).isEqualTo(-1);
			assertThat(nothing.key()).isNull();
			assertThat(nothing.value()).isNull();
			assertThat(nothing.headers()).isEmpty();
			store.close();
			store = place.open();
		}
		store.close();
	}

	@Test
	void laneIsTheSameForTheSameName() throws Exception {
		SpoolStore store = place().open();
		SpoolLane lane = store.lane("main", "orders", 0);
		assertThat(store.lane("main", "orders", 0)).isSameAs(lane);
		assertThat(List.of(store.lane("other", "orders", 0), store.lane("main", "payments", 0),
				store.lane("main", "orders", -1), store.lane("main", "orders", -2)))
			.doesNotHaveDuplicates()
			.doesNotContain(lane);
		store.close();
	}

	@Test
	void laneIsOccupiedWhileRecordsWait() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", 0);
		assertThat(store.occupied()).isEmpty();
		long position = store.append(lane, record(1), 0, null);
		assertThat(store.occupied()).containsExactly(lane);
		assertThat(store.flush()).isTrue();
		store.close();
		store = place.open();
		assertThat(store.occupied()).singleElement().satisfies((left) -> {
			assertThat(left.destination()).isEqualTo("main");
			assertThat(left.topic()).isEqualTo("orders");
			assertThat(left.partition()).isZero();
		});
		store.resolve(store.lane("main", "orders", 0), position);
		assertThat(store.occupied()).isEmpty();
		store.close();
	}

	@Test
	void resolvedRecordIsGoneForGood() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", 0);
		List<Long> positions = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			positions.add(store.append(lane, record(i), 0, null));
		}
		assertThat(store.flush()).isTrue();
		positions.add(store.append(lane, record(5), 0, null));
		store.resolve(lane, positions.get(5));
		assertThat(store.read(lane, positions.get(5))).isNull();
		store.resolve(lane, positions.get(0));
		assertThat(store.read(lane, positions.get(0))).isNull();
		store.resolve(lane, positions.get(3));
		store.resolve(lane, positions.get(3));
		assertThat(store.holds(lane, positions.get(3))).isFalse();
		assertThat(store.holds(lane, positions.get(4))).isTrue();
		assertThat(store.read(lane, positions.get(3))).isNull();
		assertThat(store.positions(lane)).containsExactly(positions.get(1), positions.get(2), positions.get(4));
		assertThat(store.flush()).isTrue();
		place.kill(store);
		store = place.open();
		assertThat(numbers(store, store.lane("main", "orders", 0))).containsExactly(1L, 2L, 4L);
		store.close();
	}

	@Test
	void confirmedRecordSurvivesTheProcessInItsOrder() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", 0);
		Told told = new Told();
		for (int i = 0; i < 20; i++) {
			store.append(lane, record(i), 0, told);
		}
		assertThat(store.flush()).isTrue();
		await().atMost(patience()).until(() -> told.durable.size() == 20);
		assertThat(told.failed).isEmpty();
		place.kill(store);
		store = place.open();
		assertThat(numbers(store, store.lane("main", "orders", 0)))
			.containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
		store.close();
	}

	@Test
	void confirmationComesOnceAndNotForWhatIsResolvedBefore() throws Exception {
		SpoolStore store = place().open();
		SpoolLane lane = store.lane("main", "orders", 0);
		Told told = new Told();
		store.append(lane, record(1), 0, told);
		assertThat(store.flush()).isTrue();
		await().atMost(patience()).until(() -> !told.durable.isEmpty());
		assertThat(store.flush()).isTrue();
		store.close();
		assertThat(told.durable).hasSize(1);
		assertThat(told.failed).isEmpty();
	}

	@Test
	void moveIsDoneWholeOrNotAtAll() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane from = store.lane("main", "orders", 0);
		SpoolLane to = store.lane("main", "orders", -2);
		long position = store.append(from, record(1), 0, null);
		assertThat(store.flush()).isTrue();
		Told told = new Told();
		long moved = store.move(to, record(2), from, position, told);
		if (told.durable.isEmpty()) {
			// Unless it is done by now.
			assertThat(store.holds(from, position) || !told.durable.isEmpty() || store.read(to, moved) != null)
				.as("it is there until the other is on disk")
				.isTrue();
		}
		assertThat(store.flush()).isTrue();
		assertThat(store.holds(from, position)).isFalse();
		assertThat(numbers(store, to)).containsExactly(2L);
		place.kill(store);
		store = place.open();
		assertThat(numbers(store, store.lane("main", "orders", 0))).isEmpty();
		assertThat(numbers(store, store.lane("main", "orders", -2))).containsExactly(2L);
		long again = store.positions(store.lane("main", "orders", -2))[0];
		store.move(store.lane("main", "orders", 0), record(3), store.lane("main", "orders", -2), again, null);
		place.kill(store);
		store = place.open();
		List<Long> left = numbers(store, store.lane("main", "orders", 0));
		left.addAll(numbers(store, store.lane("main", "orders", -2)));
		assertThat(left).as("one of both").hasSize(1).containsAnyOf(2L, 3L);
		store.close();
	}

	@Test
	void searchSeesOnePartitionInOrderAndStops() throws Exception {
		SpoolStore store = place().open();
		for (int i = 0; i < 9; i++) {
			store.append(store.lane("main", "orders", i % 3), record(i), 0, null);
		}
		store.append(store.lane("main", "payments", 1), record(99), 0, null);
		assertThat(store.flush()).isTrue();
		List<Long> seen = new ArrayList<>();
		store.search("orders", 1, (destination) -> true, (record) -> seen.add(record.timestamp()));
		assertThat(seen.stream().distinct()).containsExactly(1L, 4L, 7L);
		seen.clear();
		store.search("orders", 1, (destination) -> true, (record) -> seen.add(record.timestamp()) && seen.size() < 2);
		assertThat(seen).containsExactly(1L, 4L);
		store.append(store.lane("other", "orders", 1), record(10), 0, null);
		assertThat(store.flush()).isTrue();
		seen.clear();
		store.search("orders", 1, "other"::equals, (record) -> seen.add(record.timestamp()));
		assertThat(seen.stream().distinct()).containsExactly(10L);
		store.close();
	}

	@Test
	void statusCountsWhatIsNotResolved() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", 0);
		long first = store.append(lane, record(1), 0, null);
		store.append(lane, record(2), 0, null);
		store.resolve(lane, first);
		assertThat(store.status().records()).isOne();
		assertThat(store.status().appended()).isEqualTo(2);
		assertThat(store.status().failure()).isNull();
		store.close();
		store = place.open();
		assertThat(store.status().records()).isOne();
		store.close();
	}

	@Test
	void closedStoreHasWrittenAllAndTakesNothing() throws Exception {
		Place place = place();
		SpoolStore store = place.open();
		SpoolLane lane = store.lane("main", "orders", 0);
		store.append(lane, record(1), 0, null);
		store.close();
		store.close();
		SpoolStore closed = store;
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> closed.append(lane, record(2), 0, null))
			.satisfies((ex) -> assertThat(ex.kind()).isEqualTo(SpoolException.Kind.CLOSED));
		store = place.open();
		assertThat(numbers(store, store.lane("main", "orders", 0))).containsExactly(1L);
		store.close();
	}

	@Test
	void randomUseLosesNothingAndBringsNothingBack() throws Exception {
		assumeTrue(isToldByFlush());
		for (int seed = 1; seed <= 20; seed++) {
			Random random = new Random(seed);
			Place place = place();
			SpoolStore store = place.open();
			SpoolModel model = new SpoolModel(seed, 300);
			for (int i = 0; i < 300; i++) {
				model.step(store);
				if (random.nextInt(50) == 0) {
					boolean kill = random.nextBoolean();
					if (kill) {
						place.kill(store);
					}
					else {
						store.close();
					}
					store = place.open();
					model.check(store, kill);
				}
			}
			store.close();
			store = place.open();
			model.check(store, false);
			store.close();
		}
	}

	private static SpoolRecord record(long number) {
		return new SpoolRecord(-1, number, 1, null, String.valueOf(number).getBytes(StandardCharsets.UTF_8), List.of());
	}

	private static List<Long> numbers(SpoolStore store, SpoolLane lane) {
		List<Long> numbers = new ArrayList<>();
		for (long position : store.positions(lane)) {
			SpoolRecord record = store.read(lane, position);
			assertThat(record).isNotNull();
			numbers.add(record.timestamp());
		}
		return numbers;
	}

	/**
	 * Where stores are opened one after the other.
	 */
	interface Place {

		/**
		 * Open a store with what the one before has left.
		 */
		SpoolStore open() throws Exception;

		/**
		 * Have the process of a store die.
		 */
		void kill(SpoolStore store);

	}

	/**
	 * Counts what it is told.
	 */
	private static final class Told implements SpoolStore.Confirmation {

		private final List<Object> durable = new CopyOnWriteArrayList<>();

		private final List<SpoolException> failed = new CopyOnWriteArrayList<>();

		@Override
		public void durable() {
			this.durable.add(this);
		}

		@Override
		public void failed(SpoolException failure) {
			this.failed.add(failure);
		}

	}

}
