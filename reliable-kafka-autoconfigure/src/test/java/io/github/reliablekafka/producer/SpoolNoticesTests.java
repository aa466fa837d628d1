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

import java.io.IOException;
import java.time.Duration;

import io.github.reliablekafka.spool.QuietSpool;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SpoolNotices}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SpoolNoticesTests extends SpoolingSetup {

	@Test
	void recordsThatWaitForTheClusterAreSentByThemselves(CapturedOutput output) {
		handed(100, null);
		this.relay.notNow(this.relay.lanes().lane("orders", 0), new TimeoutException("away"));
		assertThat(output).contains("WARN")
			.contains("Records of orders-0 of main",
					" wait in the spool (1), and are sent when the cluster takes them; those with a receipt are safe on "
							+ "this machine's disk: org.apache.kafka.common.errors.TimeoutException: away");
	}

	@Test
	void faultOfTheDiskIsNotTheClusters(CapturedOutput output) {
		handed(100, null);
		this.relay.notNow(this.relay.lanes().lane("orders", 0), this.refusal);
		assertThat(output).contains("ERROR")
			.contains("wait in the spool: they cannot be sent", this.refusal.getMessage())
			.doesNotContain("when the cluster takes them");
	}

	@Test
	void spoolThatIsBusyIsNoFault(CapturedOutput output) throws IOException {
		SpoolException busy = busy();
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed delivery = direct(100, new PendingReceipt("orders"));
		await().until(delivery::isPromised);
		this.refuseMoves = busy;
		assertThat(this.relay.refused().park(lane, delivery, new RecordTooLargeException("on purpose"))).isTrue();
		assertThat(this.spool.holds(lane.lane(), delivery.position())).isTrue();
		this.relay.notNow(lane, busy);
		assertThat(output).doesNotContain("ERROR", "cannot be sent", "cannot be parked");
		assertThat(this.events).isEmpty();
		this.spools.notices().notParked(lane, this.refusal);
		assertThat(output).contains("ERROR", "cannot be parked");
	}

	@Test
	void spoolThatStaysBusyIsTold(CapturedOutput output) throws IOException {
		SpoolException busy = busy();
		handed(100, null);
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		assertThat(lane.isHeldUp(System.nanoTime() - Duration.ofSeconds(15).toNanos(), 1)).isFalse();
		this.spools.notices().notParked(lane, busy);
		this.relay.notNow(lane, busy);
		assertThat(output).contains("ERROR", "cannot be parked; it stays where it is", "they cannot be sent",
				"another file is being made");
	}

	@Test
	void spoolThatTookARecordMeanwhileHasNotStayedBusy(CapturedOutput output) throws IOException {
		SpoolException busy = busy();
		handed(100, null);
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		assertThat(lane.isHeldUp(System.nanoTime() - Duration.ofSeconds(15).toNanos(), 1)).isFalse();
		lane.relayed(lane.poll(System.nanoTime(), 1));
		Followed next = handed(100, null);
		this.spools.notices().notParked(lane, busy);
		this.relay.notNow(lane, busy);
		assertThat(output).doesNotContain("ERROR");
		assertThat(lane.poll(System.nanoTime(), 1)).as("not at once").isNull();
		assertThat(lane.poll(System.nanoTime() + Duration.ofMinutes(1).toNanos(), 1).delivery()).isSameAs(next);
	}

	private SpoolException busy() throws IOException {
		try (SegmentSpool quiet = QuietSpool.open(this.directory.resolve("quiet"), 32 << 20)) {
			SpoolLane from = quiet.lane("main", "orders", 0);
			SpoolLane to = quiet.lane("main", "orders", SpoolLane.PARKED);
			long position = quiet.append(from, record(50_000), 0, null);
			SpoolException refused = catchThrowableOfType(SpoolException.class, () -> {
				while (true) {
					quiet.move(to, record(50_000), from, position, null);
				}
			});
			assertThat(refused.kind()).isEqualTo(SpoolException.Kind.BUSY);
			return refused;
		}
	}

	@Test
	void partitionThatIsNotKnownYetIsNoNumber(CapturedOutput output) {
		this.relay.notNow(this.relay.lanes().unplaced("orders"), new TimeoutException("away"));
		assertThat(output).contains("Records of topic 'orders' (partition not known yet) of ").doesNotContain("--1");
	}

	@Test
	void recordsThatStayAreCounted(CapturedOutput output) {
		SpoolNotices notices = new SpoolNotices(this::publish);
		notices.remain(1, "here");
		notices.remain(2, "there");
		assertThat(output).contains("1 record stays in the spool in here", "2 records stay in the spool in there");
	}

}
