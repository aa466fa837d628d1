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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DeadLetters} against a broker.
 */
class RedriveIntegrationTests extends DeadLetterSetup {

	private final String marks = "marks-" + this.topic;

	private final String parking = this.deadLetters + "-parking";

	@BeforeEach
	void createTopicAndRememberReports() {
		probe.createTopic(this.topic, 2);
		this.runner = this.runner.withUserConfiguration(Reports.class);
		configure("reliable.kafka.dead-letter.redrive.topic=" + this.marks,
				"reliable.kafka.consumer.retry.max-attempts=1",
				"reliable.kafka.dead-letter.redrive.records-per-second=1000");
	}

	@Test
	void redriveSendsEachDeadLetterBackAsItWasAndOnlyOnce() {
		probe.send(this.topic, 0, "a", "fine");
		probe.send(this.topic, 1, KafkaProbe.bytes("key"), KafkaProbe.bytes("fail"), new RecordHeader("rk", POISON),
				new RecordHeader("retry_topic-attempts", new byte[] { 7 }));
		probe.send(this.topic, 0, POISON, POISON);
		run(RecordListener.class, (context) -> {
			awaitLetters(2);
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			assertThat(deadLetters.topics()).containsExactly(topic(this.deadLetters, false, 2, 2));
			RedriveReport rehearsal = deadLetters.redrive(Redrive.of(this.deadLetters).asDryRun());
			assertThat(rehearsal.redriven()).isEqualTo(2);
			assertThat(rehearsal.complete()).isTrue();
			assertThat(probe.records(this.topic)).hasSize(3);
			context.getBean(Seen.class).healed = true;

			RedriveReport report = deadLetters.redrive(Redrive.of(this.deadLetters).requestedBy("jane\nREDRIVE"));

			assertThat(report.failure()).isNull();
			assertThat(report.redriven()).isEqualTo(2);
			assertThat(report.complete()).isTrue();
			assertThat(report.requestedBy()).isEqualTo("jane?REDRIVE");
			assertThat(context.getBean(Reports.class).reports).containsExactly(report);
			List<ConsumerRecord<byte[], byte[]>> redriven = probe.records(this.topic)
				.stream()
				.filter((record) -> record.headers().lastHeader("rk-redrives") != null)
				.toList();
			assertThat(redriven).hasSize(2);
			assertThat(redriven.get(0).value()).isEqualTo(POISON);
			assertThat(redriven.get(0).key()).isEqualTo(POISON);
			assertThat(redriven.get(1).partition()).isEqualTo(1);
			assertThat(redriven.get(1).headers().toArray()).extracting(Header::key)
				.containsExactlyInAnyOrder("origin", "rk-orig", "rk-redrives", "rk-redriven-from");
			assertThat(header(redriven.get(1), "rk-redrives")).isEqualTo("1");
			assertThat(header(redriven.get(1), "rk-redriven-from")).isEqualTo(this.deadLetters + "-1@0");
			assertThat(redriven.get(1).headers().lastHeader("rk-orig").value()).isEqualTo(POISON);
			await().until(() -> context.getBean(Seen.class).values.stream().filter("FAIL"::equals).count() == 2);
			// The one that cannot be read has come back.
			awaitLetters(3);
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters).asDryRun()).redriven()).isEqualTo(1);
		});
	}

	@Test
	void inspectShowsWhereARecordCameFromAndWhyButNoPayload() {
		probe.send(this.topic, 1, "secret", "fine");
		probe.send(this.topic, 1, "secret", "fail");
		probe.send(this.topic, 0, "secret", "fail");
		probe.send(this.topic, 0, "other", "fail");
		run(RecordListener.class, (context) -> {
			awaitLetters(3);
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			DeadLetters.Page first = deadLetters.inspect(this.deadLetters, DeadLetterFilter.all(), 2, null);
			assertThat(first.letters()).hasSize(2);
			DeadLetters.Page second = deadLetters.inspect(this.deadLetters, DeadLetterFilter.all(), 2, first.next());
			assertThat(second.next()).isNull();
			assertThat(second.letters()).singleElement().satisfies((letter) -> {
				assertThat(letter.originalTopic()).isEqualTo(this.topic);
				assertThat(letter.originalPartition()).isEqualTo(1);
				assertThat(letter.originalOffset()).isEqualTo(1);
				assertThat(letter.group()).isEqualTo(this.group);
				assertThat(letter.exception()).isEqualTo(IllegalStateException.class.getName());
				assertThat(letter.message()).contains("failed on purpose");
				assertThat(letter.handled()).isFalse();
				assertThat(letter.valueBytes()).isEqualTo(4);
				assertThat(letter.toString()).doesNotContain("secret");
			});
			assertThat(letters(context, DeadLetterFilter.all().key("other"))).hasSize(1);
			assertThat(letters(context, DeadLetterFilter.all().exception("IllegalState").originalPartition(1)))
				.hasSize(1);
			assertThat(letters(context, DeadLetterFilter.all().originalOffsets(1L, null))).hasSize(2);
			assertThat(letters(context, DeadLetterFilter.all().group("nobody"))).isEmpty();
			assertThat(letters(context, DeadLetterFilter.all().at(0, 1))).hasSize(1);
			assertThat(letters(context, DeadLetterFilter.all().written(null, second.letters().get(0).timestamp())))
				.hasSizeLessThan(3);
		});
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void lookingAndRedrivingDoNotMakeKafkaWarn(CapturedOutput output) {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		logging.setLogLevel("org.apache.kafka.clients.consumer", LogLevel.WARN);
		try {
			probe.send(this.topic, 0, "a", "fail");
			probe.send(this.topic, 1, "b", "fail");
			run(RecordListener.class, (context) -> {
				awaitLetters(2);
				context.getBean(Seen.class).healed = true;
				DeadLetters deadLetters = context.getBean(DeadLetters.class);
				assertThat(deadLetters.topics()).containsExactly(topic(this.deadLetters, false, 2, 2));
				assertThat(letters(context, DeadLetterFilter.all())).hasSize(2);
				assertThat(deadLetters.redrive(Redrive.of(this.deadLetters).asDryRun()).redriven()).isEqualTo(2);
				assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isEqualTo(2);
				assertThat(deadLetters.topics()).containsExactly(topic(this.deadLetters, false, 2, 0));
			});
			assertThat(output).doesNotContain("it is no longer assigned");
		}
		finally {
			logging.setLogLevel("org.apache.kafka.clients.consumer", null);
		}
	}

	@Test
	void redriveWhenOnlySomeAreMeantLeavesTheOthersToALaterInstance() {
		for (int i = 0; i < 10; i++) {
			probe.send(this.topic, 0, "key" + i, "fail");
		}
		run(RecordListener.class, (context) -> {
			awaitLetters(10);
			context.getBean(Seen.class).healed = true;
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters).matching(DeadLetterFilter.all().at(0, 3, 7)))
				.redriven()).isEqualTo(2);
			RedriveReport limited = deadLetters.redrive(Redrive.of(this.deadLetters).atMost(4).at(10));
			assertThat(limited.took()).isGreaterThanOrEqualTo(Duration.ofMillis(300));
			assertThat(limited.redriven()).isEqualTo(4);
			assertThat(limited.complete()).isFalse();
			assertThat(letters(context, DeadLetterFilter.all())).filteredOn(DeadLetter::handled)
				.extracting(DeadLetter::offset)
				.containsExactly(0L, 1L, 2L, 3L, 4L, 7L);
		});
		run(RecordListener.class, (context) -> {
			context.getBean(Seen.class).healed = true;
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			assertThat(deadLetters.topics()).containsExactly(topic(this.deadLetters, false, 10, 4));
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isEqualTo(4);
		});
		assertThat(probe.records(this.topic)).filteredOn((record) -> record.headers().lastHeader("rk-redrives") != null)
			.extracting((record) -> new String(record.key(), StandardCharsets.UTF_8))
			.containsExactlyInAnyOrder("key0", "key1", "key2", "key3", "key4", "key5", "key6", "key7", "key8", "key9");
	}

	@Test
	void redriveWhenMarksCannotBeWrittenSendsAgainAndLosesNothing() {
		List.of("fail", "fail").forEach((value) -> probe.send(this.topic, 0, "a", value));
		// What a crash between the two leaves behind, and the log says so.
		probe.createTopic(this.marks, 1, Map.of("cleanup.policy", "compact", "max.message.bytes", "10"));
		run(RecordListener.class, (context) -> {
			awaitLetters(2);
			context.getBean(Seen.class).healed = true;
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			RedriveReport failed = deadLetters.redrive(Redrive.of(this.deadLetters));
			assertThat(failed.failure()).contains("2 records were redriven or parked and could not be marked");
			probe.alterTopic(this.marks, "max.message.bytes", "1000000");
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isEqualTo(2);
			assertThat(probe.records(this.topic)).hasSize(6);
			assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isZero();
		});
	}

	@Test
	void redriveWhenARecordFailsAgainAndAgainParksItAndEnds() {
		probe.send(this.topic, 1, "a", "fail");
		run(RecordListener.class, (context) -> {
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			for (int redrives = 1; redrives <= 2; redrives++) {
				awaitLetters(redrives);
				assertThat(deadLetters.redrive(Redrive.of(this.deadLetters)).redriven()).isEqualTo(1);
			}
			awaitLetters(3);
			assertThat(letters(context, DeadLetterFilter.all()).get(2).redrives()).isEqualTo(2);
			RedriveReport parkingReport = deadLetters.redrive(Redrive.of(this.deadLetters));
			assertThat(parkingReport.parked()).isEqualTo(1);
			assertThat(parkingReport.redriven()).isZero();
			assertThat(probe.partitions(this.parking)).isEqualTo(2);
			assertThat(probe.topicConfig(this.parking, "retention.ms")).isEqualTo("-1");
			assertThat(deadLetters.topics()).containsExactly(topic(this.deadLetters, false, 3, 0),
					topic(this.parking, true, 1, 1));
			assertThat(deadLetters.redrive(Redrive.of(this.parking)).refused().values()).containsExactly(1L);
			context.getBean(Seen.class).healed = true;
			assertThat(deadLetters.redrive(Redrive.of(this.parking).allowing(3)).redriven()).isEqualTo(1);
			awaitCommitted(1, 4);
			assertThat(probe.records(this.deadLetters)).hasSize(3);
		}, "reliable.kafka.dead-letter.redrive.max-redrives=2");
	}

	@Test
	void redriveWhenHeadersNameAnotherTopicRefuses() {
		probe.createTopic(this.deadLetters, 1);
		probe.send(this.deadLetters, 0, null, KafkaProbe.bytes("evil"),
				new RecordHeader(KafkaHeaders.DLT_ORIGINAL_TOPIC, KafkaProbe.bytes("__consumer_offsets")));
		probe.send(this.deadLetters, 0, null, KafkaProbe.bytes("unknown"));
		run(RecordListener.class, (context) -> {
			RedriveReport report = context.getBean(DeadLetters.class).redrive(Redrive.of(this.deadLetters));
			assertThat(report.redriven()).isZero();
			assertThat(report.refused().values()).containsExactly(2L);
			assertThat(report.complete()).isTrue();
		});
	}

	@Test
	void redriveWhenTopicIsNoDeadLetterTopicOfTheApplicationIsRefused() {
		String foreign = "foreign-" + this.topic + "-dlt";
		probe.createTopic(foreign, 1);
		run(RecordListener.class, (context) -> {
			DeadLetters deadLetters = context.getBean(DeadLetters.class);
			for (String name : List.of(foreign, this.topic, this.deadLetters, "../" + this.deadLetters, "", "*")) {
				assertThatIllegalArgumentException().isThrownBy(() -> deadLetters.redrive(Redrive.of(name)))
					.withMessage("There is no dead letter topic of this application of that name");
				assertThatIllegalArgumentException()
					.isThrownBy(() -> deadLetters.inspect(name, DeadLetterFilter.all(), 1, null));
			}
		});
	}

	@Test
	void redriveWhenAnotherInstanceRedrivesIsRefused() {
		probe.send(this.topic, 0, "a", "fail");
		run(RecordListener.class, (context) -> {
			awaitLetters(1);
			try (KafkaConsumer<byte[], byte[]> other = new KafkaConsumer<>(
					Map.of("bootstrap.servers", probe.bootstrapServers(), "group.id", "rk-redrive-" + this.deadLetters),
					new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
				other.subscribe(List.of(this.deadLetters));
				await().until(() -> {
					other.poll(Duration.ofMillis(100));
					return !other.assignment().isEmpty();
				});
				RedriveReport report = context.getBean(DeadLetters.class).redrive(Redrive.of(this.deadLetters));
				assertThat(report.failure()).contains("is being redriven by another instance");
				assertThat(report.redriven()).isZero();
			}
			assertThat(context.getBean(DeadLetters.class).redrive(Redrive.of(this.deadLetters)).redriven())
				.isEqualTo(1);
		});
	}

	@Test
	void marksThatCannotBeFoundOrWouldBeForgottenAreAFailure() {
		Map<String, Object> connection = Map.of("bootstrap.servers", probe.bootstrapServers());
		Duration timeout = Duration.ofSeconds(20);
		try (DeadLetterCluster cluster = new DeadLetterCluster(connection, connection, timeout,
				new SpooledLetters(new DefaultListableBeanFactory().getBeanProvider(SpoolEntrance.class), connection));
				BoundedAdmin admin = cluster.admin(timeout)) {
			RedriveMarks log = new RedriveMarks(cluster, this.marks, this.deadLetters, Uuid.randomUuid());
			long deadline = System.nanoTime() + timeout.toNanos();
			assertThat(log.read(1, admin, deadline).get(0).contains(0)).isFalse();
			// As a broker with old metadata answers.
			assertThatExceptionOfType(KafkaException.class)
				.isThrownBy(() -> log.readProvided(1, admin, System.nanoTime() + Duration.ofSeconds(1).toNanos()));
			log.provide(admin, System.nanoTime() + timeout.toNanos());
			assertThat(probe.topicConfig(this.marks, "max.message.bytes")).isEqualTo("1048588");
			log.provide(admin, System.nanoTime() + timeout.toNanos());
			assertThat(log.readProvided(1, admin, System.nanoTime() + timeout.toNanos())).hasSize(1);
			probe.alterTopic(this.marks, "cleanup.policy", "delete");
			await().untilAsserted(() -> assertThatIllegalStateException()
				.isThrownBy(() -> log.provide(admin, System.nanoTime() + timeout.toNanos()))
				.withMessageContaining("cleanup.policy=compact"));
		}
	}

	private void awaitLetters(int count) {
		await().until(() -> probe.records(this.deadLetters).size() == count);
	}

	private DeadLetters.Topic topic(String name, boolean isParking, long records, long waiting) {
		return new DeadLetters.Topic(name, this.topic, isParking, 2, records, waiting);
	}

	private List<DeadLetter> letters(ApplicationContext context, DeadLetterFilter filter) {
		return context.getBean(DeadLetters.class).inspect(this.deadLetters, filter, 100, null).letters();
	}

	private static String header(ConsumerRecord<?, ?> record, String name) {
		return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
	}

	@Configuration(proxyBeanMethods = false)
	static class Reports {

		final Queue<RedriveReport> reports = new ConcurrentLinkedQueue<>();

		@EventListener
		void onReport(RedriveReport report) {
			this.reports.add(report);
		}

	}

}
