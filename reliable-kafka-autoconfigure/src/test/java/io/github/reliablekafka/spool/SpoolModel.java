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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Uses a store at random and knows what has to be in it. Records carry their lane and a
 * number that grows, and bytes that can be told from them.
 */
final class SpoolModel {

	private static final String[] TOPICS = { "orders", "payments", "a" };

	private final Random random;

	/**
	 * By lane: the records that are there, by their numbers, with their positions.
	 */
	private final Map<String, TreeMap<Integer, Long>> present = new HashMap<>();

	/**
	 * Confirmed to be on disk.
	 */
	private final Map<String, Set<Integer>> confirmed = new HashMap<>();

	/**
	 * Resolved, and that is on disk for sure.
	 */
	private final Map<String, Set<Integer>> gone = new HashMap<>();

	/**
	 * Resolved, and that may not be on disk.
	 */
	private final Map<String, Set<Integer>> going = new HashMap<>();

	/**
	 * Moved, which may not be on disk.
	 */
	private final Map<String, Set<Integer>> moving = new HashMap<>();

	private int next;

	private final int largest;

	/**
	 * Each so many-th record is never resolved; 0 for none.
	 */
	private final int staying;

	SpoolModel(long seed, int largest) {
		this(seed, largest, 0);
	}

	SpoolModel(long seed, int largest, int staying) {
		this.random = new Random(seed);
		this.largest = largest;
		this.staying = staying;
	}

	void step(SpoolStore store) {
		int dice = this.random.nextInt(100);
		if (dice < 55) {
			append(store);
		}
		else if (dice < 80) {
			resolve(store);
		}
		else if (dice < 85) {
			move(store);
		}
		else if (dice < 95) {
			flush(store);
		}
		else {
			check(store, false);
		}
	}

	private void append(SpoolStore store) {
		String topic = TOPICS[this.random.nextInt(TOPICS.length)];
		int partition = this.random.nextInt(3) - 1;
		SpoolLane lane = store.lane("main", topic, partition);
		int number = ++this.next;
		try {
			long position = store.append(lane, record(lane, number), 0, confirmation(name(lane), number));
			this.present.computeIfAbsent(name(lane), (key) -> new TreeMap<>()).put(number, position);
		}
		catch (SpoolException ex) {
			assertThat(ex.kind()).isIn(SpoolException.Kind.FULL, SpoolException.Kind.BUSY,
					SpoolException.Kind.TOO_LARGE, SpoolException.Kind.FAILED);
		}
	}

	private SpoolStore.Confirmation confirmation(String lane, int number) {
		return new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				SpoolModel.this.confirmed.computeIfAbsent(lane, (key) -> new TreeSet<>()).add(number);
			}

			@Override
			public void failed(SpoolException failure) {
				if (failure.kind() == SpoolException.Kind.FULL || failure.kind() == SpoolException.Kind.BUSY) {
					SpoolModel.this.present.get(lane).remove(number);
				}
			}

		};
	}

	private void resolve(SpoolStore store) {
		String name = someLane();
		if (name == null) {
			return;
		}
		TreeMap<Integer, Long> records = this.present.get(name);
		if (this.staying > 0) {
			resolveOthers(store, name, records);
			return;
		}
		Integer number = (this.random.nextInt(8) > 0) ? records.firstKey()
				: records.ceilingKey(this.random.nextInt(records.lastKey()) + 1);
		if (number != null) {
			store.resolve(lane(store, name), records.remove(number));
			this.going.computeIfAbsent(name, (key) -> new TreeSet<>()).add(number);
		}
	}

	private void resolveOthers(SpoolStore store, String name, Map<Integer, Long> records) {
		for (int number : List.copyOf(records.keySet())) {
			if (number % this.staying != 0) {
				store.resolve(lane(store, name), records.remove(number));
				this.going.computeIfAbsent(name, (key) -> new TreeSet<>()).add(number);
			}
		}
	}

	private void move(SpoolStore store) {
		String name = someLane();
		if (name == null) {
			return;
		}
		SpoolLane from = lane(store, name);
		SpoolLane to = store.lane("main", from.topic(), 7);
		TreeMap<Integer, Long> records = this.present.get(name);
		if (to == from) {
			return;
		}
		int number = records.firstKey();
		SpoolRecord record = record(to, ++this.next);
		String target = name(to);
		int moved = this.next;
		long position;
		try {
			position = store.move(to, record, from, records.get(number), confirmation(target, moved));
		}
		catch (SpoolException ex) {
			assertThat(ex.kind()).isIn(SpoolException.Kind.FULL, SpoolException.Kind.BUSY, SpoolException.Kind.FAILED,
					SpoolException.Kind.TOO_LARGE);
			return;
		}
		records.remove(number);
		this.moving.computeIfAbsent(name, (key) -> new TreeSet<>()).add(number);
		this.present.computeIfAbsent(target, (key) -> new TreeMap<>()).put(moved, position);
		this.going.computeIfAbsent(name, (key) -> new TreeSet<>()).add(number);
	}

	private void flush(SpoolStore store) {
		boolean all = store.flush();
		this.moving.clear();
		if (all) {
			this.going
				.forEach((lane, numbers) -> this.gone.computeIfAbsent(lane, (key) -> new TreeSet<>()).addAll(numbers));
			this.going.clear();
		}
	}

	private String someLane() {
		List<String> occupied = this.present.entrySet()
			.stream()
			.filter((entry) -> !entry.getValue().isEmpty())
			.map(Map.Entry::getKey)
			.sorted()
			.toList();
		return occupied.isEmpty() ? null : occupied.get(this.random.nextInt(occupied.size()));
	}

	private static String name(SpoolLane lane) {
		return lane.topic() + "-" + lane.partition() + " of " + lane.destination();
	}

	private static SpoolLane lane(SpoolStore store, String name) {
		String[] parts = name.substring(0, name.indexOf(' ')).split("-", 2);
		return store.lane("main", parts[0], Integer.parseInt(parts[1]));
	}

	private SpoolRecord record(SpoolLane lane, int number) {
		return record(name(lane), number, this.largest);
	}

	private static SpoolRecord record(String lane, int number, int largest) {
		Random bytes = new Random(number * 31L + lane.hashCode());
		byte[] value = (number % 13 == 0) ? null : new byte[bytes.nextInt(largest)];
		if (value != null) {
			bytes.nextBytes(value);
		}
		byte[] key = (number % 5 == 0) ? null : String.valueOf(number).getBytes(StandardCharsets.UTF_8);
		return new SpoolRecord(number % 4 - 1, number, 1, key, value,
				List.of(new SpoolRecord.Field("number", String.valueOf(number).getBytes(StandardCharsets.UTF_8)),
						new SpoolRecord.Field("ü", null)));
	}

	/**
	 * Look at all that is in a store.
	 * @param store the store
	 * @param crashed whether records may be missing that were not confirmed, and others
	 * be there again whose end was not made durable
	 */
	void check(SpoolStore store, boolean crashed) {
		Map<String, TreeMap<Integer, Long>> found = new HashMap<>();
		for (SpoolLane lane : store.occupied()) {
			List<Integer> numbers = new ArrayList<>();
			for (long position : store.positions(lane)) {
				SpoolRecord record = store.read(lane, position);
				if (record == null) {
					assertThat(crashed).isFalse();
					continue;
				}
				int number = (int) record.timestamp();
				assertSame(record, record(name(lane), number, this.largest));
				numbers.add(number);
				found.computeIfAbsent(name(lane), (key) -> new TreeMap<>()).put(number, position);
			}
			assertThat(numbers).as("order of %s", lane).isSorted();
		}
		Set<String> lanes = new TreeSet<>(this.present.keySet());
		lanes.addAll(found.keySet());
		for (String lane : lanes) {
			Set<Integer> there = found.getOrDefault(lane, new TreeMap<>()).keySet();
			Set<Integer> due = new TreeSet<>(this.present.getOrDefault(lane, new TreeMap<>()).keySet());
			due.retainAll(this.confirmed.getOrDefault(lane, Set.of()));
			assertThat(there).as("confirmed records of %s", lane).containsAll(due);
			Set<Integer> back = new TreeSet<>(there);
			back.retainAll(this.gone.getOrDefault(lane, Set.of()));
			assertThat(back).as("resolved records of %s", lane).isEmpty();
			Set<Integer> known = new TreeSet<>(this.present.getOrDefault(lane, new TreeMap<>()).keySet());
			known.addAll(this.moving.getOrDefault(lane, Set.of()));
			if (crashed) {
				known.addAll(this.going.getOrDefault(lane, Set.of()));
			}
			assertThat(known).as("records of %s that were appended", lane).containsAll(there);
		}
		if (crashed) {
			this.present.clear();
			this.present.putAll(found);
			this.going.clear();
			this.moving.clear();
			this.confirmed.clear();
			found.forEach((lane, numbers) -> this.confirmed.put(lane, new TreeSet<>(numbers.keySet())));
		}
	}

	int confirmedCount() {
		return this.confirmed.values().stream().mapToInt(Set::size).sum();
	}

	private static void assertSame(SpoolRecord actual, SpoolRecord expected) {
		assertThat(actual.key()).isEqualTo(expected.key());
		assertThat(actual.value()).isEqualTo(expected.value());
		assertThat(actual.partition()).isEqualTo(expected.partition());
		assertThat(actual.headers()).hasSameSizeAs(expected.headers());
		for (int i = 0; i < expected.headers().size(); i++) {
			assertThat(actual.headers().get(i).name()).isEqualTo(expected.headers().get(i).name());
			assertThat(actual.headers().get(i).value()).isEqualTo(expected.headers().get(i).value());
		}
	}

}
