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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.watermark.WatermarkAutoConfiguration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link LossReporter} with a cluster that really loses records.
 */
@ExtendWith(OutputCaptureExtension.class)
class LossReportIntegrationTests extends LossReportSetup {

	@Test
	void reportsOfTheSameFindingHaveTheSameKeyInATopicThatKeepsThem() throws Exception {
		send(numbers(1, 2), 0);
		send(numbers(6, 7), 0);
		Finding finding = gap(NumberRanges.of(3, 5), 1, 2);
		reporter(30).report(finding).get(60, TimeUnit.SECONDS);
		LossReporter afterRestart = reporter(30);
		afterRestart.report(finding).get(60, TimeUnit.SECONDS);
		afterRestart.report(finding).get(60, TimeUnit.SECONDS);
		List<ConsumerRecord<byte[], byte[]>> records = probe.records(this.reports);
		assertThat(records).hasSize(2).allSatisfy((record) -> {
			assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo(finding.id());
			JsonNode json = JsonMapper.shared().readTree(record.value());
			assertThat(json.get("verdict").stringValue()).isEqualTo("LOST_ACKED");
			assertThat(json.get("numbers").toString()).isEqualTo("[[3,5]]");
			assertThat(json.get("examination").get("outcome").stringValue()).isEqualTo("NOT_THERE");
			assertThat(json.get("examination").get("logEnd").longValue()).isEqualTo(4);
		});
		assertThat(probe.topicConfig(this.reports, "cleanup.policy")).isEqualTo("compact");
		assertThat(probe.topicConfig(this.reports, "min.insync.replicas")).isEqualTo("1");
		assertThat(probe.topicConfig(this.reports, "unclean.leader.election.enable")).isEqualTo("false");
		assertThat(cluster.isr(this.reports, 0)).hasSize(2);
	}

	@Test
	void reportsAreSaferThanTheTopicThatLostRecords(CapturedOutput output) throws Exception {
		String single = "single-" + this.topic;
		cluster.createTopic(single, 1, 1, Map.of());
		reporter(30).report(Findings.lost(new Lane(single, 0), NumberRanges.of(3, 5), null, null))
			.get(60, TimeUnit.SECONDS);
		assertThat(cluster.isr(this.reports, 0)).hasSize(2);
		assertThat(output).contains("Topic '%s' has 2 replicas for good".formatted(this.reports));
	}

	@Test
	void reportIsSaidOnceAndWrittenLaterWhenTheClusterIsAway(CapturedOutput output) throws Exception {
		LossReporter reporter = reporter(6);
		this.ledger.addPublisher(reporter::report);
		cluster.brokerIds().forEach(cluster::kill);
		Finding finding = gap(NumberRanges.of(3, 5), 1, 2);
		for (int attempt = 0; attempt < 2; attempt++) {
			long begin = System.nanoTime();
			CompletableFuture<Void> posted = this.ledger.post(finding);
			assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(5));
			await().until(() -> this.events.size() == 1);
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> posted.get(30, TimeUnit.SECONDS));
		}
		assertThat(this.events.element().examination().outcome()).isEqualTo(Outcome.NOT_RUN);
		cluster.restore();
		await().ignoreExceptions().untilAsserted(() -> this.ledger.post(finding).get(30, TimeUnit.SECONDS));
		assertThat(probe.records(this.reports)).hasSize(1);
		assertThat(this.events).hasSize(1);
		assertThat(output.toString().lines().filter((line) -> line.contains("Loss report "))).hasSize(1);
		assertThat(output.toString().lines().filter((line) -> line.contains("Loss reports cannot be written")))
			.hasSize(1);
		assertThat(output).contains("Loss reports are written to topic '%s' again".formatted(this.reports));
	}

	@Test
	void truncatedLogIsRecognisedAndItsRecordsAreSentAgainToTheirPartition() throws Exception {
		send(numbers(1, 100), 0);
		cluster.uncleanElection(this.partition, () -> send(numbers(101, 150), 0));
		send(numbers(151, 160), 0);
		LogEntries log = read();
		assertThat(log.numbers()).containsExactlyElementsOf(
				LongStream.concat(LongStream.rangeClosed(1, 100), LongStream.rangeClosed(151, 160)).boxed().toList());
		Finding finding = Findings.lost(this.lane, NumberRanges.of(101, 150), log.place(100), log.place(151));
		AtomicInteger asked = new AtomicInteger();
		LostRecordSource source = (report) -> {
			if (asked.incrementAndGet() < 3) {
				throw new IllegalStateException("database away");
			}
			assertThat(report.cause()).isEqualTo(Cause.TRUNCATED);
			return List.of(record(150), record(101), record(100), record(101), record(177));
		};
		LossReporter reporter = reporter(30, source);
		reporter.report(finding).get(90, TimeUnit.SECONDS);
		assertThat(this.events.element().examination().outcome()).isEqualTo(Outcome.TRUNCATED);
		assertThat(asked).hasValue(3);
		reporter.report(inGroup(finding, "shipping")).get(90, TimeUnit.SECONDS);
		List<ConsumerRecord<byte[], byte[]>> records = probe.records(this.topic);
		assertThat(records).hasSize(112).allMatch((record) -> record.partition() == 1);
		List<ConsumerRecord<byte[], byte[]>> again = records.subList(110, 112);
		assertThat(again).extracting((record) -> Stamp.decode(this.lane, record.headers().lastHeader("rk").value()))
			.containsExactly(new Stamp(Findings.SESSION, 101, 0, false, true, null),
					new Stamp(Findings.SESSION, 150, 0, false, true, null));
		assertThat(again).allSatisfy((record) -> {
			assertThat(record.headers().headers("rk")).hasSize(1);
			assertThat(record.headers().lastHeader("trace").value()).isEqualTo(KafkaProbe.bytes("t"));
			assertThat(record.timestamp()).isEqualTo(1_700_000_000_000L);
		});
		assertThat(again).extracting((record) -> new String(record.value(), StandardCharsets.UTF_8))
			.containsExactly("value-101", "value-150");
	}

	@Test
	void recordsThatAreThereAreNotSentAgain() throws Exception {
		send(numbers(1, 10), 0);
		LogEntries log = read();
		reporter(30, (report) -> List.of(record(4), record(5)))
			.report(Findings.lost(this.lane, NumberRanges.of(4, 5), log.place(3), log.place(6)))
			.get(60, TimeUnit.SECONDS);
		LossReport report = this.events.element();
		assertThat(report.examination().outcome()).isEqualTo(Outcome.STILL_THERE);
		assertThat(report.verdict()).isEqualTo(Verdict.MISSED);
		assertThat(report.cause()).isEqualTo(Cause.IN_LOG);
		assertThat(report.stage()).isEqualTo(Verdict.Stage.CONSUMPTION);
		assertThat(report.examination().presentFrom()).isEqualTo(3);
		assertThat(report.examination().presentTo()).isEqualTo(4);
		assertThat(report.id()).startsWith("LOST_ACKED/");
		assertThat(probe.records(this.topic)).hasSize(10);
	}

	@Test
	void otherVerdictsAskForNoRecords() throws Exception {
		send(numbers(1, 10), 0);
		cluster.deleteRecords(this.partition, 8);
		Finding finding = new Finding(Verdict.MISSED, Cause.RETENTION, "billing", true, this.lane, Findings.SESSION,
				null, NumberRanges.of(3, 8), "claim", Findings.place(1, 0, 2), Findings.place(8, 0, 9), 2, 8, 10);
		AtomicInteger asked = new AtomicInteger();
		reporter(30, (report) -> {
			asked.incrementAndGet();
			return List.of();
		}).report(finding).get(60, TimeUnit.SECONDS);
		LossReport report = this.events.element();
		assertThat(report.examination().outcome()).isEqualTo(Outcome.RETENTION);
		assertThat(report.examination().logStart()).isEqualTo(8);
		assertThat(asked).hasValue(0);
	}

	@Test
	void abortedRecordsAreRecognised() throws Exception {
		send(numbers(1, 2), 0);
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "transactional.id", this.topic),
				new ByteArraySerializer(), new ByteArraySerializer())) {
			producer.initTransactions();
			producer.beginTransaction();
			producer.send(stamped(3, 0, true)).get(30, TimeUnit.SECONDS);
			producer.abortTransaction();
			producer.beginTransaction();
			producer.send(stamped(4, 0, true)).get(30, TimeUnit.SECONDS);
			producer.commitTransaction();
		}
		LogEntries log = awaitNumbers(1, 2, 4);
		Finding finding = Findings.lost(this.lane, NumberRanges.of(3, 3), log.place(2), log.place(4));
		reporter(30).report(finding).get(60, TimeUnit.SECONDS);
		assertThat(this.events.element().examination().outcome()).isEqualTo(Outcome.ABORTED);
		assertThat(this.events.element().verdict()).isEqualTo(Verdict.UNVERIFIED);
		assertThat(this.events.element().isLoss()).isFalse();
	}

	@Test
	void recordsAreSentAgainWhenTheClusterIsBack() throws Exception {
		send(numbers(1, 2), 0);
		Finding finding = Findings.lost(this.lane, NumberRanges.of(3, 4), read().place(2), null);
		LossReporter reporter = reporter(6, (report) -> List.of(record(3), record(4)));
		cluster.brokerIds().forEach(cluster::kill);
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> reporter.report(finding).get(60, TimeUnit.SECONDS));
		cluster.restore();
		await().ignoreExceptions().untilAsserted(() -> reporter.report(finding).get(30, TimeUnit.SECONDS));
		assertThat(read().numbers()).containsExactly(1L, 2L, 3L, 4L);
	}

	@Test
	void recordsAreNotSentAgainWithANumberThatMayBeWrong(CapturedOutput output) throws Exception {
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "transactional.id", this.topic),
				new ByteArraySerializer(), new ByteArraySerializer())) {
			producer.initTransactions();
			producer.beginTransaction();
			producer.send(stamped(1, 0, true)).get(30, TimeUnit.SECONDS);
			producer.send(stamped(3, 5, true)).get(30, TimeUnit.SECONDS);
			producer.commitTransaction();
		}
		LogEntries log = awaitNumbers(1, 3);
		Finding finding = Findings.lost(this.lane, NumberRanges.of(2, 2), log.place(1), log.place(3));
		reporter(30, (report) -> List.of(record(2))).report(finding).get(60, TimeUnit.SECONDS);
		assertThat(read().numbers()).containsExactly(1L, 3L);
		assertThat(output).contains("Lost records are not sent again");
	}

	@Test
	void roomsOfAnApplicationWorkTogether() {
		send(numbers(1, 2), 0);
		send(numbers(6, 7), 0);
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
					WatermarkAutoConfiguration.class, LossReportAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("reliable.kafka.sequence.reports-topic=" + this.reports)
			.run((context) -> {
				SequenceBoard board = context.getBean(SequenceBoards.class)
					.board(Set.of(cluster.bootstrapServers()), Map.of("bootstrap.servers", cluster.bootstrapServers()));
				board.watch(this.lane);
				await().atMost(Duration.ofSeconds(30)).until(() -> board.facts(this.topic) != null);
				context.getBean(LossLedger.class).post(gap(NumberRanges.of(3, 5), 1, 2)).get(60, TimeUnit.SECONDS);
			});
		assertThat(probe.values(this.reports)).singleElement()
			.asString()
			.contains("\"outcome\":\"NOT_THERE\"", "\"logEnd\":4");
	}

	@Test
	void nothingIsWrittenWithoutTopicsOfOurOwn(CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
					WatermarkAutoConfiguration.class, LossReportAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("reliable.kafka.sequence.reports-topic=" + this.reports,
					"reliable.kafka.sequence.watermarks=none")
			.run((context) -> {
				context.getBean(SequenceBoards.class)
					.board(Set.of(cluster.bootstrapServers()), Map.of("bootstrap.servers", cluster.bootstrapServers()));
				context.getBean(LossLedger.class).post(gap(NumberRanges.of(3, 5), 1, 2)).get(60, TimeUnit.SECONDS);
			});
		assertThat(probe.records(this.reports)).isEmpty();
		assertThat(output).contains("Loss report verdict=LOST_ACKED");
	}

}
