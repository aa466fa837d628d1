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

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.spool.RetainedRecords;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ReportsReader} and {@link LossAnswers} on a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReportsReaderIntegrationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final KafkaCluster cluster = KafkaCluster.builder()
		.brokers(1)
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		// The records say that they are of 1970.
		.property("log.retention.ms", "-1")
		.build();

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String reports = "reports-" + UUID.randomUUID();

	private final List<ReportsReader> readers = new ArrayList<>();

	private final Spool spool = new Spool();

	private final SentAgain sentAgain = new SentAgain();

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

	@AfterEach
	void close() throws Exception {
		for (ReportsReader reader : this.readers) {
			long begin = System.nanoTime();
			reader.close();
			reader.join(begin + TIMEOUT.toNanos());
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
		}
	}

	@Test
	void topicsThatTakeNothingHoldUpNobodyAndAreTriedAgain(CapturedOutput output) throws Exception {
		createTopics(this.topic, this.reports);
		String forbidden = "forbidden-" + this.topic;
		cluster.createTopic(forbidden, 1, 1, Map.of());
		allow(forbidden, AclOperation.READ);
		for (int i = 0; i < 30; i++) {
			report(lost("gone-" + i + this.topic, 0, NumberRanges.of(1, 3)));
		}
		report(lost(forbidden, 0, NumberRanges.of(1, 3)));
		report(lost(this.topic, 9, NumberRanges.of(1, 3)));
		this.spool.keepAny = true;
		read();
		await().atMost(TIMEOUT)
			.until(() -> output.toString().contains("Lost records of topic '%s'".formatted(forbidden)));
		long begin = System.nanoTime();
		String other = "other-" + this.topic;
		cluster.createTopic(other, 1, 1, Map.of());
		report(lost(other, 0, NumberRanges.of(2, 4)));
		await().atMost(TIMEOUT).until(() -> numbers(other).equals(List.of(2L, 3L, 4L)));
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(40));
		allow(forbidden, AclOperation.READ, AclOperation.WRITE);
		cluster.createTopic("gone-7" + this.topic, 1, 1, Map.of());
		await().atMost(Duration.ofMinutes(2))
			.untilAsserted(() -> assertThat(List.of(numbers(forbidden), numbers("gone-7" + this.topic)))
				.allMatch(List.of(1L, 2L, 3L)::equals));
		assertThat(lines(output, "Lost records of topic 'gone-9" + this.topic)).hasSize(1);
	}

	@Test
	void reportIsAnsweredOnceAndOnlyWithWhatIsInTheSpool() throws Exception {
		createTopics(this.topic, this.reports);
		this.spool.keep(this.topic, 0, 2, 3);
		read();
		report(lost(this.topic, 0, NumberRanges.of(1, 4)));
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(2L, 3L)));
		ConsumerRecord<byte[], byte[]> replay = probe.records(this.topic).get(0);
		assertThat(Stamp.decode(new Lane(this.topic, 0), replay.headers().lastHeader("rk").value()))
			.isEqualTo(new Stamp(Findings.SESSION, 2, 0, false, true, null));
		assertThat(replay.headers().lastHeader("trace").value()).isEqualTo(KafkaProbe.bytes("t"));
		assertThat(replay.timestamp()).isEqualTo(1_000_002);
		// The same by another group, by this one again, and by a process that has
		// forgotten.
		report(inGroup(lost(this.topic, 0, NumberRanges.of(1, 4)), "shipping"));
		report(lost(this.topic, 0, NumberRanges.of(1, 4)));
		this.spool.keep(this.topic, 0, 4);
		this.spool.opened.incrementAndGet();
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(2L, 3L, 4L)));
		long searches = this.spool.searches.get();
		read(new SentAgain(), "shop");
		await().atMost(TIMEOUT).until(() -> this.spool.searches.get() > searches);
		report(lost(this.topic, 1, NumberRanges.of(1, 1)));
		this.spool.keep(this.topic, 1, 1);
		this.spool.opened.incrementAndGet();
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).contains(1L));
		// Both readers may send the last one at the same moment.
		assertThat(numbers(this.topic)).filteredOn((number) -> number > 1).containsExactly(2L, 3L, 4L);
	}

	@Test
	void reportThatComesBeforeTheDirectoryIsNotLost() throws Exception {
		createTopics(this.topic, this.reports);
		this.spool.opened.set(0);
		report(lost(this.topic, 0, NumberRanges.of(1, 4)));
		read();
		this.spool.keep(this.topic, 0, 1);
		this.spool.opened.set(1);
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(1L)));
		this.spool.keep(this.topic, 0, 2);
		this.spool.opened.set(2);
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(1L, 2L)));
	}

	@Test
	void spoolThatFailsIsAskedAgain() throws Exception {
		createTopics(this.topic, this.reports);
		this.spool.failures.set(2);
		this.spool.keep(this.topic, 0, 1);
		report(lost(this.topic, 0, NumberRanges.of(1, 4)));
		read();
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(1L)));
	}

	@Test
	void whatIsNoBusinessOfThisApplicationIsNotAnswered(CapturedOutput output) throws Exception {
		createTopics(this.topic, this.reports);
		this.spool.keep(this.topic, 0, 1, 2, 3, 4, 5, 6);
		Finding missed = Findings.of(Verdict.MISSED, Cause.RETENTION, new Lane(this.topic, 0), NumberRanges.of(1, 1),
				null, null);
		report(missed);
		report(new Finding(Verdict.LOST_ACKED, Cause.TRUNCATED, "billing", true, new Lane(this.topic, 0),
				Findings.SESSION, new ProducerIdentity("warehouse", "host", "client", 0), NumberRanges.of(2, 2), "",
				null, null, -1, -1, 0));
		write("not JSON");
		write("{}");
		write(null);
		report(lost(this.topic, 0, NumberRanges.of(3, 3)), NumberRanges.of(3, 3));
		report(lost(this.topic, 0, NumberRanges.of(4, 4)));
		report(Findings.of(Verdict.RECOVERED, Cause.LATE, new Lane(this.topic, 0), NumberRanges.of(4, 4), null, null));
		report(lost(this.topic, 0, NumberRanges.of(6, 6)));
		read();
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(6L)));
		assertThat(lines(output, "that are no loss reports are passed over")).hasSize(1);
		this.spool.cluster = "another";
		long searches = this.spool.searches.get();
		report(lost(this.topic, 0, NumberRanges.of(5, 5)));
		await().atMost(TIMEOUT).until(() -> this.spool.searches.get() > searches);
		this.spool.cluster = Spool.clusterId();
		report(lost(this.topic, 0, NumberRanges.of(1, 1)));
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).contains(1L));
		assertThat(numbers(this.topic)).containsExactly(6L, 1L);
	}

	@Test
	void seekingDoesNotMakeKafkaWarn(CapturedOutput output) throws Exception {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		logging.setLogLevel("org.apache.kafka.clients.consumer", LogLevel.WARN);
		try {
			createTopics(this.topic, this.reports);
			this.spool.keep(this.topic, 0, 1);
			report(lost(this.topic, 0, NumberRanges.of(1, 1)));
			read();
			await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(1L)));
			assertThat(output).doesNotContain("it is no longer assigned");
		}
		finally {
			logging.setLogLevel("org.apache.kafka.clients.consumer", null);
		}
	}

	@Test
	void reportsThatAreOlderThanRecordsAreKeptAreNotRead() throws Exception {
		createTopics(this.topic, this.reports);
		this.spool.keep(this.topic, 0, 1, 2);
		write(json(lost(this.topic, 0, NumberRanges.of(1, 1)), NumberRanges.EMPTY),
				System.currentTimeMillis() - this.spool.period().toMillis() - 60_000);
		report(lost(this.topic, 0, NumberRanges.of(2, 2)));
		read();
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(2L)));
	}

	@Test
	void topicThatIsMissingOrForbiddenIsReadWhenItMay(CapturedOutput output) throws Exception {
		cluster.createTopic(this.topic, 2, 1, Map.of());
		this.spool.keep(this.topic, 0, 1, 2);
		read();
		await().atMost(TIMEOUT).until(() -> output.toString().contains("'%s' does not exist".formatted(this.reports)));
		assertThat(lines(output, "Loss reports cannot be read")).isEmpty();
		allow(this.reports, AclOperation.WRITE);
		cluster.createTopic(this.reports, 1, 1, Map.of());
		report(lost(this.topic, 0, NumberRanges.of(1, 1)));
		await().atMost(TIMEOUT).until(() -> output.toString().contains("Loss reports cannot be read"));
		await().during(Duration.ofSeconds(5)).atMost(TIMEOUT).until(() -> numbers(this.topic).isEmpty());
		assertThat(lines(output, "Loss reports cannot be read")).singleElement()
			.asString()
			.contains(this.reports, "Allow the application Describe and Read");
		allow(this.reports, AclOperation.READ);
		await().atMost(TIMEOUT).until(() -> numbers(this.topic).equals(List.of(1L)));
		assertThat(output).contains("Loss reports are read from topic '%s' again".formatted(this.reports));
		cluster.admin().deleteTopics(List.of(this.reports)).all().get(30, TimeUnit.SECONDS);
	}

	private void createTopics(String... topics) {
		for (String each : topics) {
			cluster.createTopic(each, 2, 1, Map.of());
		}
	}

	private void read() {
		read(this.sentAgain, "shop");
	}

	private void read(SentAgain memory, String application) {
		SequenceBoard board = new SequenceBoards().board(Set.of(),
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "metadata.max.age.ms", "1000"));
		board.connect(new PlainLog(cluster.bootstrapServers()));
		ReportsReader reader = new ReportsReader(board, this.reports, application,
				new SpooledRecords(() -> List.of(this.spool)), memory, Duration.ofSeconds(15), Clock.systemUTC());
		this.readers.add(reader);
		reader.start();
	}

	private static Finding lost(String topic, int partition, NumberRanges numbers) {
		return Findings.lost(new Lane(topic, partition), numbers, null, null);
	}

	private static Finding inGroup(Finding finding, String group) {
		return LossReportSetup.inGroup(finding, group);
	}

	private void report(Finding finding) throws Exception {
		report(finding, NumberRanges.EMPTY);
	}

	private void report(Finding finding, NumberRanges present) throws Exception {
		write(json(finding, present), System.currentTimeMillis());
	}

	private static byte[] json(Finding finding, NumberRanges present) {
		Examination examination = new Examination(Outcome.TRUNCATED, present, -1, -1, 0, 0, 0, "seen");
		return ReportJson.of(new LossReport(finding, finding.verdict(), finding.cause(), examination, Instant.EPOCH,
				"billing", "host-2"));
	}

	private void write(String value) throws Exception {
		write((value != null) ? KafkaProbe.bytes(value) : null, System.currentTimeMillis());
	}

	private void write(byte[] value, long timestamp) throws Exception {
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers()), new ByteArraySerializer(),
				new ByteArraySerializer())) {
			producer.send(new ProducerRecord<>(this.reports, 0, timestamp, KafkaProbe.bytes("key"), value))
				.get(30, TimeUnit.SECONDS);
		}
	}

	private static List<Long> numbers(String topic) {
		return probe.records(topic)
			.stream()
			.map((record) -> Stamp
				.decode(new Lane(topic, record.partition()), record.headers().lastHeader("rk").value())
				.number())
			.toList();
	}

	private static List<String> lines(CapturedOutput output, String text) {
		return output.toString().lines().filter((line) -> line.contains(text)).toList();
	}

	private static void allow(String topic, AclOperation... operations) throws Exception {
		cluster.admin()
			.createAcls(Arrays.stream(operations)
				.map((operation) -> new AclBinding(new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
						new AccessControlEntry("User:ANONYMOUS", "*", operation, AclPermissionType.ALLOW)))
				.toList())
			.all()
			.get(30, TimeUnit.SECONDS);
	}

	/**
	 * Has records of one cluster.
	 */
	private static final class Spool implements RetainedRecords {

		private final Map<Lane, Queue<SpoolRecord>> records = new ConcurrentHashMap<>();

		private final AtomicLong opened = new AtomicLong(1);

		private final AtomicLong searches = new AtomicLong();

		private final AtomicLong failures = new AtomicLong();

		private volatile boolean keepAny;

		private volatile String cluster = clusterId();

		private static String clusterId() {
			try {
				return ReportsReaderIntegrationTests.cluster.admin()
					.describeCluster()
					.clusterId()
					.get(30, TimeUnit.SECONDS);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}

		private void keep(String topic, int partition, long... numbers) {
			Lane lane = new Lane(topic, partition);
			for (long number : numbers) {
				byte[] header = new Stamp(Findings.SESSION, number, 0, false, false, null).encode(lane);
				this.records.computeIfAbsent(lane, (key) -> new ConcurrentLinkedQueue<>())
					.add(new SpoolRecord(-1, 1_000_000 + number, 1, null,
							("value-" + number).getBytes(StandardCharsets.UTF_8),
							List.of(new SpoolRecord.Field("trace", KafkaProbe.bytes("t")),
									new SpoolRecord.Field("rk", header))));
			}
		}

		@Override
		public boolean isRetaining() {
			return true;
		}

		@Override
		public Duration period() {
			return Duration.ofMinutes(10);
		}

		@Override
		public long opened() {
			return this.opened.get();
		}

		@Override
		public void search(String topic, int partition, String clusterId, Predicate<SpoolRecord> visitor) {
			if (this.failures.getAndDecrement() > 0) {
				throw new IllegalStateException("disk away");
			}
			if (this.keepAny) {
				this.records.remove(new Lane(topic, partition));
				keep(topic, partition, 1, 2, 3, 4);
			}
			for (SpoolRecord record : this.records.getOrDefault(new Lane(topic, partition),
					new ConcurrentLinkedQueue<>())) {
				if (this.cluster.equals(clusterId) && !visitor.test(record)) {
					break;
				}
			}
			this.searches.incrementAndGet();
		}

	}

}
