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

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ReliableProducer}.
 */
class ReliableProducerTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final MockProducer<String, String> kafka = new MockProducer<>(false, null, new StringSerializer(),
			new StringSerializer());

	private final ReliableProducer<String, String> producer = reliable(this.kafka, Map.of());

	@AfterEach
	void booksBalance() {
		assertThat(this.ledger.totals().isBalanced()).isTrue();
	}

	@Test
	void acknowledgedRecordIsDeliveredWhenNobodyLooks() {
		this.producer.send(record());
		assertThat(counts().inFlight()).isOne();
		this.kafka.completeNext();
		assertThat(counts().delivered()).isOne();
		assertThat(counts().inFlight()).isZero();
	}

	@Test
	void callbackSeesItsResultAfterTheLedger() {
		AtomicReference<RecordMetadata> seen = new AtomicReference<>();
		AtomicReference<Long> deliveredWhenSeen = new AtomicReference<>();
		this.producer.send(record(), (metadata, exception) -> {
			seen.set(metadata);
			deliveredWhenSeen.set(counts().delivered());
		});
		this.kafka.completeNext();
		assertThat(seen.get()).isNotNull();
		assertThat(deliveredWhenSeen.get()).isOne();
	}

	@Test
	void failedRecordIsRejectedWithItsReason() {
		this.producer.send(record());
		this.kafka.errorNext(new RecordTooLargeException("too large"));
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.RECORD_TOO_LARGE, 1L));
		assertThat(this.ledger.recentRejections()).singleElement()
			.satisfies((rejection) -> assertThat(rejection.message()).contains("too large"));
	}

	@Test
	void thrownFailureIsRejectedAndThrown() {
		this.kafka.sendException = new SerializationException("no bytes");
		assertThatExceptionOfType(SerializationException.class).isThrownBy(() -> this.producer.send(record()));
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.NOT_SERIALIZABLE, 1L));
	}

	@Test
	void failureReportedByExceptionAndByCallbackCountsOnce() {
		MockProducer<String, String> broken = new MockProducer<>(false, null, new StringSerializer(),
				new StringSerializer()) {

			@Override
			public synchronized Future<RecordMetadata> send(ProducerRecord<String, String> record, Callback callback) {
				super.send(record, callback);
				throw new KafkaException("Cannot execute transactional method because we are in an error state");
			}

		};
		ReliableProducer<String, String> reliable = reliable(broken, Map.of());
		assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> reliable.send(record()));
		broken.errorNext(new KafkaException("aborted"));
		assertThat(counts().rejectedTotal()).isOne();
	}

	@Test
	void timeoutBeforeSendReturnsMeansNothingWasWritten() {
		MockProducer<String, String> full = new MockProducer<>(false, null, new StringSerializer(),
				new StringSerializer()) {

			@Override
			public synchronized Future<RecordMetadata> send(ProducerRecord<String, String> record, Callback callback) {
				Future<RecordMetadata> future = super.send(record, callback);
				errorNext(new TimeoutException("no metadata"));
				return future;
			}

		};
		reliable(full, Map.of()).send(record());
		this.producer.send(record());
		this.kafka.errorNext(new TimeoutException("expired"));
		assertThat(counts().rejected()).containsOnly(Map.entry(RejectionReason.UNREACHABLE, 1L),
				Map.entry(RejectionReason.EXPIRED, 1L));
	}

	@Test
	void committedTransactionDelivers() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		assertThat(counts().inFlight()).isOne();
		transactional.commitTransaction();
		assertThat(counts().delivered()).isOne();
	}

	@Test
	void abortedTransactionRejects() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		transactional.abortTransaction();
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.ABORTED, 1L));
	}

	@Test
	void commitThatTimesOutIsUndecidedUntilItIsRepeated() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		this.kafka.commitTransactionException = new TimeoutException("later");
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(transactional::commitTransaction);
		assertThat(counts().inFlight()).isOne();
		this.kafka.commitTransactionException = null;
		transactional.commitTransaction();
		assertThat(counts().delivered()).isOne();
	}

	@Test
	void commitThatIsInterruptedIsUndecided() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		this.kafka.commitTransactionException = new InterruptException("interrupted");
		assertThatExceptionOfType(InterruptException.class).isThrownBy(transactional::commitTransaction);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(counts().inFlight()).isOne();
		transactional.close();
	}

	@Test
	void commitThatFailsForAnotherRecordAborts() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		this.kafka.commitTransactionException = new KafkaException("error state",
				new RecordTooLargeException("another record"));
		assertThatExceptionOfType(KafkaException.class).isThrownBy(transactional::commitTransaction);
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.ABORTED, 1L));
	}

	@Test
	void contentOfARecordIsNotKept() {
		this.kafka.sendException = new SerializationException("Can't serialize secret",
				new IllegalArgumentException("secret"));
		assertThatExceptionOfType(SerializationException.class).isThrownBy(() -> this.producer.send(record()));
		assertThat(this.ledger.recentRejections()).singleElement()
			.satisfies((rejection) -> assertThat(rejection.message()).doesNotContain("secret")
				.contains(SerializationException.class.getName()));
	}

	@Test
	void closeThatFailsStillSettles() {
		MockProducer<String, String> failing = new MockProducer<>(true, null, new StringSerializer(),
				new StringSerializer()) {

			@Override
			public void close(Duration timeout) {
				throw new KafkaException("no");
			}

		};
		ReliableProducer<String, String> transactional = reliable(failing,
				Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "tx"));
		transactional.initTransactions();
		transactional.beginTransaction();
		transactional.send(record());
		assertThatExceptionOfType(KafkaException.class).isThrownBy(transactional::close);
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.CLOSED, 1L));
	}

	@Test
	void commitThatIsFencedRejects() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		this.kafka.commitTransactionException = new ProducerFencedException("another");
		assertThatExceptionOfType(ProducerFencedException.class).isThrownBy(transactional::commitTransaction);
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.FENCED, 1L));
	}

	@Test
	void uncommittedRecordsAreRejectedWhenTheProducerIsClosed() {
		ReliableProducer<String, String> transactional = transactional();
		transactional.send(record());
		this.kafka.completeNext();
		transactional.close();
		assertThat(counts().rejected()).containsExactly(Map.entry(RejectionReason.CLOSED, 1L));
		assertThat(counts().inFlight()).isZero();
	}

	private ReliableProducer<String, String> transactional() {
		ReliableProducer<String, String> transactional = reliable(this.kafka,
				Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "tx"));
		transactional.initTransactions();
		transactional.beginTransaction();
		return transactional;
	}

	private ReliableProducer<String, String> reliable(MockProducer<String, String> delegate,
			Map<String, Object> settings) {
		return new ReliableProducer<>(delegate, settings, this.ledger, new RejectionLog(System::nanoTime),
				new ProducerShutdown(Duration.ofSeconds(5), this.ledger, null), null, null);
	}

	private DeliveryCounts counts() {
		return this.ledger.deliveries("orders");
	}

	private static ProducerRecord<String, String> record() {
		return new ProducerRecord<>("orders", "key", "value");
	}

}
