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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.sequence.Watermark;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WatermarkStreams}.
 */
class WatermarkStreamsTests {

	private final AtomicLong now = new AtomicLong(1);

	private final ProducerSession session = new ProducerSession(new ProducerIdentity("", "", "producer-1", 1),
			this.now::get, ProducerSession.randomIds(), false);

	private final WatermarkStreams streams = new WatermarkStreams(Duration.ofSeconds(5), Duration.ofMillis(500));

	private WatermarkStreams.Stream sending;

	@Test
	void streamIsDueWhenItIsIdle() {
		send(0);
		collect(false);
		assertThat(due()).isEmpty();
		pass(Duration.ofMillis(500));
		collect(false);
		assertThat(due()).singleElement().satisfies((stream) -> assertThat(sent(stream).number()).isEqualTo(1));
	}

	@Test
	void streamThatIsNeverIdleIsDueAfterTheInterval() {
		int rounds = 0;
		while (due().isEmpty()) {
			send(0);
			pass(Duration.ofMillis(100));
			collect(false);
			rounds++;
		}
		assertThat(rounds).isEqualTo(50);
	}

	@Test
	void watermarkThatWasNotWrittenIsDueAgain() {
		send(0);
		collect(true);
		WatermarkStreams.Stream stream = due().get(0);
		Watermark first = sent(stream);
		assertThat(due()).isEmpty();
		stream.settle(false);
		assertThat(this.streams.untold()).isEqualTo(1);
		assertThat(due()).containsExactly(stream);
		assertThat(sent(stream)).isEqualTo(first);
		stream.settle(true);
		assertThat(due()).isEmpty();
		assertThat(this.streams.untold()).isZero();
	}

	@Test
	void watermarkThatIsOutdatedWhileItIsSentIsFollowedByTheNext() {
		send(0);
		collect(true);
		WatermarkStreams.Stream stream = due().get(0);
		sent(stream);
		send(0);
		collect(true);
		assertThat(due()).isEmpty();
		stream.settle(true);
		assertThat(this.streams.untold()).isEqualTo(1);
		assertThat(sent(due().get(0)).number()).isEqualTo(2);
	}

	@Test
	void everyLaneHasAStreamOfItsOwn() {
		send(0);
		send(1);
		collect(true);
		assertThat(due()).hasSize(2);
	}

	@Test
	void streamThatChangesItsSessionIdHasTwoUntilTheFirstIsTold() {
		send(0);
		ticket(0, 99).acknowledged(1);
		collect(true);
		List<WatermarkStreams.Stream> due = due();
		assertThat(due).hasSize(2).extracting((stream) -> sent(stream).session()).doesNotHaveDuplicates();
		due.forEach((stream) -> stream.settle(true));
		assertThat(this.streams.dropTold(this.now.get(), true)).isEmpty();
		this.streams.repeat();
		assertThat(due()).hasSize(1);
	}

	@Test
	void closedSessionIsForgottenWhenItsEndWasToldAndNoOutcomeIsLate() {
		Ticket late = ticket(0, 7);
		collect(true);
		tell();
		this.session.close();
		collect(false);
		assertThat(this.streams.dropTold(this.now.get(), false)).isEmpty();
		assertThat(sent(due().get(0)).closed()).isTrue();
		pass(Duration.ofSeconds(4));
		late.acknowledged(3);
		settleAll();
		assertThat(this.streams.dropTold(this.now.get(), false)).isEmpty();
		pass(Duration.ofSeconds(1));
		assertThat(this.streams.dropTold(this.now.get(), false)).isEmpty();
		collect(false);
		assertThat(tell().claim().acknowledged()).isEqualTo(1);
		assertThat(this.streams.dropTold(this.now.get(), false)).containsExactly(this.session);
	}

	@Test
	void closedSessionThatWasNeverUsedIsForgotten() {
		this.session.close();
		collect(false);
		assertThat(due()).isEmpty();
		assertThat(this.streams.dropTold(this.now.get(), true)).containsExactly(this.session);
	}

	@Test
	void openStreamIsRepeatedOnceADay() {
		send(0);
		collect(true);
		Watermark watermark = tell();
		pass(Duration.ofHours(23));
		collect(false);
		assertThat(due()).isEmpty();
		pass(Duration.ofHours(1));
		collect(false);
		assertThat(tell()).isEqualTo(watermark);
		assertThat(due()).isEmpty();
	}

	@Test
	void sessionThatIsNotOnTheBoardAnyMoreIsDropped() {
		send(0);
		collect(true);
		this.streams.collect(List.of(), this.now.get(), true);
		assertThat(due()).isEmpty();
		assertThat(this.streams.untold()).isZero();
	}

	private Watermark sent(WatermarkStreams.Stream stream) {
		this.sending = stream;
		return stream.send(this.now.get());
	}

	private void settleAll() {
		this.sending.settle(true);
	}

	private Watermark tell() {
		assertThat(due()).hasSize(1);
		Watermark watermark = sent(due().get(0));
		settleAll();
		return watermark;
	}

	private void pass(Duration time) {
		this.now.addAndGet(time.toNanos());
	}

	private List<WatermarkStreams.Stream> due() {
		return this.streams.due(this.now.get());
	}

	private void collect(boolean all) {
		this.streams.collect(List.of(this.session), this.now.get(), all);
	}

	private void send(int partition) {
		ticket(partition, 7).acknowledged(0);
	}

	private Ticket ticket(int partition, int topicIdHash) {
		try {
			Ticket ticket = this.session.stamp("orders", partition, topicIdHash, 1);
			ticket.appended();
			return ticket;
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
