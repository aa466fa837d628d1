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

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UnfinishedRecords}.
 */
class UnfinishedRecordsTests extends CommitGuardSetup {

	@Test
	void recordOfAListenerThatHangsIsNamedAndNotThatOfASlowOne() {
		watch(false);
		poll(0, 1, 2);
		for (int i = 0; i < 2; i++) {
			guard().call().begin(record(i));
			look(Duration.ofSeconds(50L * i));
			guard().call().done();
			close(i);
		}
		guard().call().begin(record(2));
		look(Duration.ofSeconds(100));
		assertThat(this.ledger.unfinished()).isEmpty();
		look(Duration.ofSeconds(161));
		assertThat(this.ledger.unfinished()).singleElement()
			.satisfies((record) -> assertThat(record.offset()).isEqualTo(2));
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
		look(Duration.ofSeconds(65));
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
	@ExtendWith(OutputCaptureExtension.class)
	void whatComesAgainIsSaidWhenPartitionsGo(CapturedOutput output) {
		watch(false);
		poll(0, 1, 2);
		close(0);
		this.consumer.assign(List.of());
		assertThat(output).contains("group 'g' gives partitions away")
			.contains("t-0@1, up to 2 records without an outcome");
		this.consumer.assign(List.of(ZERO));
		this.running = false;
		this.consumer.close();
		assertThat(output).contains("everything that it has polled of 1 partitions is committed");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void whatCouldNotBeCommittedIsSaidWhenTheContainerStops(CapturedOutput output) {
		watch(false);
		poll(0, 1);
		close(0, 1);
		this.running = false;
		this.mock.failure = new TimeoutException("no answer");
		commit(2);
		this.mock.failure = null;
		this.consumer.close();
		assertThat(output).doesNotContain("everything").contains("t-0 up to 2, though processed");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void whatCouldNotBeCommittedWithoutWaitingIsSaidWhenTheContainerStops(CapturedOutput output) {
		watch(false);
		poll(0, 1);
		close(0, 1);
		this.mock.asyncFailure = new TimeoutException("no answer");
		this.consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(2)), (offsets, failure) -> {
		});
		this.running = false;
		this.consumer.close();
		assertThat(output).doesNotContain("everything").contains("t-0 up to 2, though processed");
	}

}
