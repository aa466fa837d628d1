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

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ReliableProducer} and {@link Spooling} with a client that throws an
 * exception for a record that it was given, and may have taken.
 */
class ThrownRecordsTests {

	private SpooledProducer producer;

	@BeforeEach
	void open(@TempDir Path directory) throws Exception {
		this.producer = new SpooledProducer(directory);
	}

	@AfterEach
	void close() {
		assertThat(this.producer.ledger().totals().isBalanced()).isTrue();
		this.producer.close();
	}

	@Test
	void recordOfABrokenClientIsSentFromTheSpool() {
		KafkaException broken = new KafkaException("in an error state");
		this.producer.client((delivery) -> {
			throw broken;
		});
		Future<RecordMetadata> future = this.producer.send("value");
		assertThat(future.isDone()).isFalse();
		assertThat(this.producer.lane().waiting()).isOne();
		// The client had it after all, and gives up what it has.
		((Callback) this.producer.sent()).onCompletion(null, new KafkaException("In an error state", broken));
		assertThat(future.isDone()).isFalse();
		assertThat(this.producer.ledger().deliveries("orders").rejectedTotal()).isZero();
		RecordMetadata place = SpooledProducer.place(7);
		this.producer.sent().complete(place);
		assertThat(future).succeedsWithin(Duration.ofSeconds(1)).isSameAs(place);
		assertThat(this.producer.ledger().deliveries("orders").delivered()).isOne();
	}

	@Test
	void promiseIsKeptWhateverTheClientThrows() {
		this.producer.client((delivery) -> {
			await().until(delivery::isPromised);
			throw new InterruptException(new InterruptedException());
		});
		PendingReceipt receipt = this.producer.deliver("value");
		assertThat(Thread.interrupted()).isTrue();
		assertThat(receipt).succeedsWithin(Duration.ofSeconds(10));
		assertThat(this.producer.lane().waiting()).as("the relay has it").isOne();
		this.producer.sent().complete(SpooledProducer.place(7));
	}

	@Test
	void whatIsThrownWithoutAPromiseIsNotSent() {
		this.producer.client((delivery) -> {
			throw new InterruptException(new InterruptedException());
		});
		assertThatExceptionOfType(InterruptException.class).isThrownBy(() -> this.producer.send("value"));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.producer.lane().waiting()).isZero();
		assertThat(this.producer.isKept()).isFalse();
		assertThat(this.producer.ledger().deliveries("orders").rejected())
			.containsExactly(Map.entry(RejectionReason.INTERRUPTED, 1L));
	}

	@Test
	void recordThatIsRejectedIsNotTakenOverMeanwhile() {
		this.producer.client((delivery) -> {
			// The network thread gives it up while the sender finds out what was thrown.
			throw new InterruptException("interrupted", new InterruptedException()) {

				@Override
				public String getMessage() {
					CompletableFuture
						.runAsync(() -> ((Callback) delivery).onCompletion(null, new TimeoutException("expired")))
						.join();
					return "interrupted";
				}

			};
		});
		assertThatExceptionOfType(InterruptException.class).isThrownBy(() -> this.producer.send("value"));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.producer.ledger().deliveries("orders").rejectedTotal()).isOne();
		assertThat(this.producer.lane().waiting()).as("rejected, and sent nevertheless").isZero();
	}

	@Test
	void recordThatHasLeftTheClientIsNotParked() {
		this.producer.client((delivery) -> await().until(delivery::isPromised));
		this.producer.deliver("value");
		this.producer.sent().leave(false);
		assertThat(this.producer.sent().isParked(new RecordTooLargeException())).isFalse();
		assertThat(this.producer.isKept()).as("for the next process").isTrue();
		this.producer.sent().complete(SpooledProducer.place(7));
	}

}
