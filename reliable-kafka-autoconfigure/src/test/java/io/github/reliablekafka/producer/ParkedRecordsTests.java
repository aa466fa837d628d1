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

package io.github.reliablekafka.producer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.QuietSpool;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ParkedRecords} that another instance left.
 */
class ParkedRecordsTests extends SpoolingSetup {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 32 << 20, 0, false);

	@Test
	void parkedRecordsOfAnotherInstanceDoNotKeepItsDirectory() throws Exception {
		Path base = this.directory.resolve("shop");
		try (SegmentSpool first = SpoolDirectory.open(base, OPTIONS);
				SegmentSpool second = SpoolDirectory.open(base, OPTIONS)) {
			assertThat(second.location()).isNotEqualTo(first.location());
			SpoolLane lane = second.lane("nobody", "orders", SpoolLane.PARKED);
			for (int i = 0; i < 3; i++) {
				second.append(lane, parked(i), 0, null);
			}
			assertThat(second.flush()).isTrue();
		}
		assertThat(base.resolve("1")).isDirectoryContaining("glob:**.segment");
		this.spools.known("other", mock(ProducerFactory.class));
		this.spools.start();
		try {
			assertThat(this.spools.stores().parked(10)).hasSize(3);
			await().untilAsserted(() -> assertThat(base.resolve("1")).isDirectoryNotContaining("glob:**.segment"));
			assertThat(this.spools.stores().parked(10)).extracting(ParkedRecord::partition).containsExactly(0, 1, 2);
			assertThat(this.spools.stores().parked(10)).extracting(ParkedRecord::reason).containsOnly("too large");
			assertThat(this.spools.stores().discard(this.spools.stores().parked(1).get(0).id())).isTrue();
		}
		finally {
			this.spools.stop();
			this.spools.close();
		}
		try (SegmentSpool next = SpoolDirectory.open(base, OPTIONS)) {
			assertThat(next.positions(next.lane("nobody", "orders", SpoolLane.PARKED))).hasSize(2);
		}
	}

	@Test
	void parkedRecordsOfOthersTakeHalfOfTheRoomAtMostAndNotAllAtOnce() throws Exception {
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 8 << 20);
				SegmentSpool other = QuietSpool.open(this.directory.resolve("other"), 32 << 20)) {
			SpoolLane lane = other.lane("nobody", "orders", SpoolLane.PARKED);
			for (int i = 0; i < 100; i++) {
				other.append(lane, parked(i, 60_000), 0, null);
			}
			assertThat(other.flush()).isTrue();
			ParkedRecords records = new ParkedRecords(List.of(own, other), List.of(), this.ledger);
			records.gather();
			assertThat(own.status().records()).isBetween(1L, 20L);
			for (int i = 0; i < 20; i++) {
				records.gather();
			}
			assertThat(own.status().bytes()).isBetween(4L << 20, (5L << 20) + 200_000);
			assertThat(records.list(1000)).extracting(ParkedRecord::partition).doesNotHaveDuplicates().hasSize(100);
			assertThat(records.count()).isEqualTo(100);
		}
	}

	@Test
	void recordThatDoesNotFitKeepsNoOthersAndNoneIsParkedTwice() throws Exception {
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 8 << 20);
				SegmentSpool other = QuietSpool.open(this.directory.resolve("other"), 32 << 20)) {
			SpoolLane lane = other.lane("nobody", "orders", SpoolLane.PARKED);
			other.append(lane, parked(0), 0, null);
			long large = other.append(lane, parked(1, 100_000), 0, null);
			other.append(lane, parked(2), 0, null);
			assertThat(other.flush()).isTrue();
			ParkedRecords records = new ParkedRecords(List.of(own, other), List.of(), this.ledger);
			for (int i = 0; i < 2; i++) {
				try {
					records.gather();
				}
				catch (SpoolException ex) {
					assertThat(ex.kind()).isEqualTo(SpoolException.Kind.TOO_LARGE);
				}
			}
			assertThat(own.flush()).isTrue();
			assertThat(own.positions(own.lane("nobody", "orders", SpoolLane.PARKED))).hasSize(2);
			assertThat(other.positions(lane)).containsExactly(large);
			assertThat(records.list(10)).extracting(ParkedRecord::partition).containsExactly(0, 2, 1);
			assertThat(records.count()).isEqualTo(3);
		}
	}

	@Test
	void recordThatIsOnItsWayToItsPartitionIsNeitherSentTwiceNorParkedAgain() throws Exception {
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		Destination destination = Destination.of("main", settings);
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 32 << 20);
				SegmentSpool other = QuietSpool.open(this.directory.resolve("other"), 32 << 20)) {
			SpoolLane lane = other.lane(destination.byAddress(), "orders", SpoolLane.PARKED);
			for (int i = 0; i < 3; i++) {
				other.append(lane, parked(i), 0, null);
			}
			assertThat(other.flush()).isTrue();
			Relay target = new Relay(this.spools, destination, own, new RelayClient(settings, () -> null));
			ParkedRecords records = new ParkedRecords(List.of(own, other), List.of(target), this.ledger);
			String id = records.list(1).get(0).id();
			assertThat(records.sendAgain(id)).isTrue();
			assertThat(records.sendAgain(id)).as("again").isFalse();
			assertThat(records.discard(id)).isFalse();
			assertThat(records.count()).isEqualTo(2);
			records.gather();
			assertThat(own.flush()).isTrue();
			assertThat(own.positions(own.lane(destination.byAddress(), "orders", 0))).hasSize(1);
			assertThat(records.list(10)).extracting(ParkedRecord::partition).containsExactly(1, 2);
			assertThat(other.occupied()).isEmpty();
		}
	}

	@Test
	void recordThatBlocksAndOneThatIsParkedAreNotTakenForEachOther() throws Exception {
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		Destination destination = Destination.of("main", settings);
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 32 << 20)) {
			SpoolLane parked = own.lane(destination.byAddress(), "orders-2", SpoolLane.PARKED);
			own.append(parked, parked(0), 0, null);
			Relay target = new Relay(this.spools, destination, own, new RelayClient(settings, () -> null));
			SpooledLane lane = target.lanes().lane("orders", 2);
			lane.admit(new Followed(null), record(10), true, true, false);
			target.wake(lane);
			assertThat(own.flush()).isTrue();
			SpooledLane.Item item = lane.poll(System.nanoTime(), 1);
			assertThat(lane.block(item, Instant.EPOCH, "too large")).isTrue();
			ParkedRecords records = new ParkedRecords(List.of(own), List.of(target), this.ledger);
			assertThat(own.positions(parked)).as("as it is with the other").containsExactly(item.position());
			String id = records.blocked().get(0).id();
			assertThat(id).isNotEqualTo(records.list(1).get(0).id());
			assertThat(records.discard(id)).isFalse();
			assertThat(records.park(records.list(1).get(0).id())).isFalse();
			assertThat(records.park(id)).isTrue();
			assertThat(records.count()).isOne();
		}
	}

	@Test
	void whatNobodySendsAnyMoreStaysWhereItIs() throws Exception {
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		Destination destination = Destination.of("main", settings);
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 32 << 20)) {
			SpoolLane lane = own.lane(destination.byAddress(), "orders", SpoolLane.PARKED);
			own.append(lane, parked(0), 0, null);
			Relay target = new Relay(this.spools, destination, own, new RelayClient(settings, () -> null));
			SpooledLane other = target.lanes().lane("orders", 2);
			other.admit(new Followed(null), record(10), true, true, false);
			target.wake(other);
			assertThat(own.flush()).isTrue();
			assertThat(other.block(other.poll(System.nanoTime(), 1), Instant.EPOCH, "too large")).isTrue();
			ParkedRecords records = new ParkedRecords(List.of(own), List.of(target), this.ledger);
			target.stop();
			String blocking = records.blocked().get(0).id();
			assertThatIllegalStateException().isThrownBy(() -> records.park(blocking)).withMessageContaining("stops");
			assertThat(other.block().passed()).isFalse();
			String id = records.list(1).get(0).id();
			assertThatIllegalStateException().isThrownBy(() -> records.sendAgain(id)).withMessageContaining("stops");
			assertThat(records.count()).isOne();
			assertThat(own.flush()).isTrue();
			assertThat(own.positions(lane)).hasSize(1);
		}
	}

	@Test
	void spoolThatIsBusyForAMomentIsNoReasonToWarn() throws Exception {
		try (SegmentSpool own = QuietSpool.open(this.directory.resolve("own"), 64 << 20);
				SegmentSpool other = QuietSpool.open(this.directory.resolve("other"), 32 << 20)) {
			SpoolLane lane = other.lane("nobody", "orders", SpoolLane.PARKED);
			other.append(lane, parked(0, 100_000), 0, null);
			assertThat(other.flush()).isTrue();
			SpoolLane busy = own.lane("main", "orders", 0);
			assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
				while (true) {
					own.append(busy, record(50_000), 0, null);
				}
			}).satisfies((ex) -> assertThat(ex.kind()).isEqualTo(SpoolException.Kind.BUSY));
			ParkedRecords records = new ParkedRecords(List.of(own, other), List.of(), this.ledger);
			records.gather();
			assertThat(other.positions(lane)).hasSize(1);
			assertThat(own.flush()).isTrue();
			records.gather();
			assertThat(own.positions(own.lane("nobody", "orders", SpoolLane.PARKED))).hasSize(1);
			assertThat(other.positions(lane)).isEmpty();
		}
	}

	private static SpoolRecord parked(int partition) {
		return parked(partition, 10);
	}

	private static SpoolRecord parked(int partition, int bytes) {
		return new SpoolRecord(partition, 1, 1, null, new byte[bytes], List
			.of(new SpoolRecord.Field(RefusedRecords.PARKED_HEADER, "too large".getBytes(StandardCharsets.UTF_8))));
	}

}
