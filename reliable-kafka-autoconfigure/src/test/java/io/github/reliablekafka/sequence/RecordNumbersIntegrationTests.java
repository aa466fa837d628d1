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

package io.github.reliablekafka.sequence;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the numbers of records, from the producer into the log.
 */
class RecordNumbersIntegrationTests extends RecordNumbersSetup {

	@Test
	void numbersAreDenseAndInTheOrderOfTheLog() {
		// A fifth of the callbacks send, on the network thread.
		assertNumbers(5, 2, "spring.kafka.producer.buffer-memory=32MB",
				"spring.kafka.producer.properties[max.block.ms]=60000");
	}

	@Test
	void numbersAreDenseWhereMostOfTheTimeThereIsNoRoom() {
		// A callback that sends has the network thread wait for room that it alone makes.
		assertNumbers(1000, 1, "spring.kafka.producer.buffer-memory=64KB",
				"spring.kafka.producer.properties[max.block.ms]=100", "reliable.kafka.spool.mode=off");
	}

	private void assertNumbers(int callbacksPerSend, int leastSessions, String... properties) {
		int threads = 64;
		int perThread = 400;
		probe.createTopic(this.topic, 4);
		AtomicLong acknowledged = new AtomicLong();
		AtomicLong refused = new AtomicLong();
		AtomicReference<Exception> unexpected = new AtomicReference<>();
		this.contextRunner.withPropertyValues(properties)
			.withPropertyValues("spring.kafka.producer.batch-size=4KB",
					"spring.kafka.producer.properties[max.request.size]=3000")
			.run((context) -> {
				ProducerFactory<Object, Object> factory = factory(context);
				Producer<Object, Object> producer = factory.createProducer();
				sendFromManyThreads(producer, threads, perThread, callbacksPerSend,
						(exception) -> count(exception, acknowledged, refused, unexpected));
				producer.flush();
				// What callbacks have sent meanwhile.
				producer.flush();
				ProducerSession session = session(context);
				factory.reset();
				assertThat(unexpected).hasNullValue();
				assertThat(refused).hasValueGreaterThan(100);
				List<ConsumerRecord<byte[], byte[]>> log = read("read_uncommitted");
				assertThat(log).hasSize((int) acknowledged.get());
				Map<String, Long> last = assertDense(log, true);
				assertThat(last.keySet().stream().map((stream) -> stream.substring(0, 16)).distinct())
					.hasSizeBetween(leastSessions, 2);
				assertThat(session.isClosed()).isTrue();
				List<Watermark> watermarks = session.takeWatermarks();
				assertThat(watermarks).hasSize(last.size()).allSatisfy((watermark) -> {
					assertThat(watermark.closed()).isTrue();
					assertThat(watermark.number())
						.isEqualTo(last.get(stream(watermark.session(), watermark.lane().partition())));
					assertThat(watermark.claim().acknowledged()).isEqualTo(watermark.number());
					assertThat(watermark.claim().failed().isEmpty()).isTrue();
					assertThat(watermark.claim().inverted()).isZero();
					assertThat(watermark.claim().topicIdHash()).isNotZero();
					assertThat(watermark.producer().application()).isEqualTo("shop");
				});
				assertClaimsAreTrue(watermarks, log);
			});
	}

	@Test
	void transactionsNumberWhatBecomesVisible() {
		probe.createTopic(this.topic, 2);
		this.contextRunner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-" + UUID.randomUUID())
			.run((context) -> {
				Producer<Object, Object> producer = factory(context).createProducer();
				Random random = new Random(1);
				int committed = 0;
				for (int i = 0; i < 60; i++) {
					producer.beginTransaction();
					int size = 1 + random.nextInt(20);
					for (int r = 0; r < size; r++) {
						producer.send((r % 3 == 0) ? new ProducerRecord<>(this.topic, r % 2, null, "v")
								: new ProducerRecord<>(this.topic, "k" + r, "v"));
					}
					if (random.nextInt(3) == 0) {
						if (random.nextBoolean()) {
							producer.flush();
						}
						producer.abortTransaction();
					}
					else {
						producer.commitTransaction();
						committed += size;
					}
				}
				List<Watermark> watermarks = session(context).takeWatermarks();
				int records = committed;
				// The last marker is written after the producer was answered.
				List<ConsumerRecord<byte[], byte[]>> visible = await().until(() -> read("read_committed"),
						(log) -> log.size() == records);
				Map<String, Long> last = assertDense(visible, true);
				assertThat(watermarks).hasSize(2).allSatisfy((watermark) -> {
					assertThat(watermark.claim().acknowledged()).isEqualTo(watermark.number())
						.isEqualTo(last.get(stream(watermark.session(), watermark.lane().partition())));
					assertThat(watermark.appendClaim().acknowledged()).isEqualTo(watermark.appendNumber())
						.isGreaterThan(watermark.number());
				});
				assertClaimsAreTrue(watermarks, visible);
				assertAppendedInOrder(watermarks, read("read_uncommitted"));
				producer.close();
			});
	}

	private void sendFromManyThreads(Producer<Object, Object> producer, int threads, int perThread,
			int callbacksPerSend, Consumer<Exception> outcome) throws InterruptedException {
		CountDownLatch done = new CountDownLatch(threads);
		for (int t = 0; t < threads; t++) {
			Random random = new Random(t);
			Thread sender = new Thread(() -> {
				try {
					for (int i = 0; i < perThread; i++) {
						boolean again = random.nextInt(callbacksPerSend) == 0;
						ProducerRecord<Object, Object> second = record(random);
						producer.send(record(random), (metadata, exception) -> {
							outcome.accept(exception);
							if (again || exception instanceof RecordTooLargeException) {
								// On the network thread, or on this one if it is too
								// large.
								producer.send(second, (nested, failure) -> outcome.accept(failure));
							}
						});
					}
				}
				catch (RuntimeException ex) {
					outcome.accept(ex);
				}
				done.countDown();
			});
			sender.setDaemon(true);
			sender.start();
		}
		assertThat(done.await(120, TimeUnit.SECONDS)).isTrue();
	}

	private static void count(Exception exception, AtomicLong acknowledged, AtomicLong refused,
			AtomicReference<Exception> unexpected) {
		if (exception == null) {
			acknowledged.incrementAndGet();
		}
		else if (exception instanceof RecordTooLargeException || exception instanceof TimeoutException) {
			refused.incrementAndGet();
		}
		else {
			unexpected.set(exception);
		}
	}

	private static void assertAppendedInOrder(List<Watermark> watermarks, List<ConsumerRecord<byte[], byte[]>> log) {
		for (Watermark watermark : watermarks) {
			long next = 1;
			NumberRanges failed = watermark.appendClaim().failed();
			for (ConsumerRecord<byte[], byte[]> record : log) {
				if (record.partition() != watermark.lane().partition()) {
					continue;
				}
				while (failed.contains(next)) {
					next++;
				}
				assertThat(stamp(record).appendNumber()).isEqualTo(next++);
			}
			assertThat(failed.isEmpty() ? next - 1 : Math.max(next - 1, failed.last(failed.size() - 1)))
				.isEqualTo(watermark.appendNumber());
		}
	}

	private static void assertClaimsAreTrue(List<Watermark> watermarks, List<ConsumerRecord<byte[], byte[]>> log) {
		for (Watermark watermark : watermarks) {
			List<Long> offsets = log.stream()
				.filter((record) -> record.partition() == watermark.lane().partition()
						&& stamp(record).session() == watermark.session()
						&& stamp(record).number() <= watermark.claim().acknowledged())
				.map(ConsumerRecord::offset)
				.toList();
			assertThat(offsets.get(0)).isGreaterThanOrEqualTo(watermark.claim().firstOffset());
			assertThat(offsets.get(offsets.size() - 1)).isLessThanOrEqualTo(watermark.claim().offset());
		}
		for (ConsumerRecord<byte[], byte[]> record : log) {
			Claim anchor = stamp(record).anchor();
			if (anchor != null && anchor.acknowledged() > 0) {
				assertThat(anchor.offset()).isLessThan(record.offset());
				assertThat(anchor.acknowledged()).isLessThan(stamp(record).number());
			}
		}
	}

}
