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

package io.github.reliablekafka.report;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

import static org.awaitility.Awaitility.await;

/**
 * A cluster that loses records, and what reports on them.
 */
abstract class LossReportSetup {

	static final KafkaCluster cluster = KafkaCluster.builder().brokers(2).build();

	static KafkaProbe probe;

	final String topic = "orders-" + UUID.randomUUID();

	final String reports = "reports-" + UUID.randomUUID();

	final Lane lane = new Lane(this.topic, 1);

	final TopicPartition partition = new TopicPartition(this.topic, 1);

	final SequenceBoards boards = new SequenceBoards();

	final LossLedger ledger = new LossLedger();

	final Queue<LossReport> events = new ConcurrentLinkedQueue<>();

	final List<LossReporter> reporters = new ArrayList<>();

	@BeforeAll
	static void start() {
		cluster.start();
		probe = new KafkaProbe(cluster.bootstrapServers());
	}

	@AfterAll
	static void stop() {
		probe.close();
		cluster.close();
	}

	@BeforeEach
	void connect() {
		cluster.restore();
		cluster.createTopic(this.topic, 2, 2, Map.of("min.insync.replicas", "1"));
		SequenceBoard board = this.boards.board(Set.of(cluster.bootstrapServers()),
				Map.of("bootstrap.servers", cluster.bootstrapServers()));
		board.connect(new PlainLog(cluster.bootstrapServers()));
		board.post(this.topic, new TopicFacts(1, false));
	}

	@AfterEach
	void close() {
		this.reporters.forEach(LossReporter::destroy);
	}

	LossReporter reporter(int seconds, LostRecordSource... sources) {
		Duration timeout = Duration.ofSeconds(seconds);
		LossReporter reporter = new LossReporter(this.boards, this.ledger, this.reports, "shop", timeout,
				Clock.systemUTC(), (event) -> this.events.add(((LossReportEvent) event).getReport()),
				new Recovery(List.of(sources), new SpooledRecords(List::of), timeout, Duration.ofMillis(50)));
		this.reporters.add(reporter);
		return reporter;
	}

	Finding gap(NumberRanges numbers, long before, long after) {
		return Findings.lost(this.lane, numbers, Findings.place(before, -1, numbers.first(0) - 1),
				Findings.place(after, -1, numbers.last(0) + 1));
	}

	static Finding inGroup(Finding finding, String group) {
		return new Finding(finding.verdict(), finding.cause(), group, finding.readCommitted(), finding.lane(),
				finding.session(), finding.producer(), finding.numbers(), finding.evidence(), finding.before(),
				finding.after(), -1, -1, finding.position());
	}

	static LostRecord record(long number) {
		return new LostRecord(number, null, KafkaProbe.bytes("value-" + number),
				List.of(new RecordHeader("trace", KafkaProbe.bytes("t")), new RecordHeader("rk", new byte[] { 1 })),
				1_700_000_000_000L);
	}

	static Collection<Long> numbers(long first, long last) {
		return LongStream.rangeClosed(first, last).boxed().toList();
	}

	void send(Collection<Long> numbers, long aborted) {
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
				// It may ask a paused broker first, which takes the request and does not
				// answer.
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "acks", "all", "request.timeout.ms", "3000"),
				new ByteArraySerializer(), new ByteArraySerializer())) {
			List<Future<RecordMetadata>> sends = new ArrayList<>();
			numbers.forEach((number) -> sends.add(producer.send(stamped(number, aborted, false))));
			for (Future<RecordMetadata> send : sends) {
				send.get(60, TimeUnit.SECONDS);
			}
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	ProducerRecord<byte[], byte[]> stamped(long number, long aborted, boolean transactional) {
		byte[] header = new Stamp(Findings.SESSION, number, aborted, transactional, false, null).encode(this.lane);
		return new ProducerRecord<>(this.topic, 1, null, null, KafkaProbe.bytes("value-" + number),
				List.of(new RecordHeader("rk", header)));
	}

	LogEntries read() throws Exception {
		return new LogEntries(this.lane,
				new PlainLog(cluster.bootstrapServers()).read(this.lane, 0, Long.MAX_VALUE, true)
					.get(60, TimeUnit.SECONDS)
					.records());
	}

	// The marker of a transaction is written after its producer was answered.
	LogEntries awaitNumbers(long... numbers) {
		return await().until(this::read, (log) -> log.numbers().equals(LongStream.of(numbers).boxed().toList()));
	}

	/**
	 * What a reader has seen.
	 */
	record LogEntries(Lane lane, List<LogAccess.Entry> entries) {

		List<Long> numbers() {
			return this.entries.stream().map((entry) -> Stamp.decode(this.lane, entry.header()).number()).toList();
		}

		Finding.Place place(long number) {
			var entry = this.entries.get(numbers().indexOf(number));
			return new Finding.Place(entry.offset(), entry.timestamp(), entry.leaderEpoch(), number);
		}

	}

}
