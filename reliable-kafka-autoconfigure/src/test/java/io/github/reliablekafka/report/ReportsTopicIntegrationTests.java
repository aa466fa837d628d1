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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ReportsTopic} and the queues in front of it on a broker that refuses
 * or does not answer.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReportsTopicIntegrationTests {

	private static final KafkaCluster cluster = KafkaCluster.builder()
		.brokers(1)
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		.build();

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String reports = "reports-" + UUID.randomUUID();

	private final SequenceBoards boards = new SequenceBoards();

	private final LossLedger ledger = new LossLedger();

	private final Queue<LossReport> events = new ConcurrentLinkedQueue<>();

	private LossReporter reporter;

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
	void close() {
		cluster.restore();
		this.reporter.destroy();
	}

	@Test
	void reportWhenItMustNotBeWrittenIsSaidAllTheSameAndWrittenWhenItMay(CapturedOutput output) throws Exception {
		allow(AclOperation.READ);
		report(30);
		Finding finding = finding(0);
		for (int attempt = 0; attempt < 2; attempt++) {
			CompletableFuture<Void> posted = this.ledger.post(finding);
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> posted.get(30, TimeUnit.SECONDS))
				.satisfies((ex) -> assertThat(ex).hasRootCauseInstanceOf(TopicAuthorizationException.class));
		}
		await().untilAsserted(() -> assertThat(this.events).hasSize(1));
		assertThat(lines(output, "Loss report verdict=LOST_ACKED")).singleElement().asString().contains("ERROR");
		assertThat(lines(output, "Loss reports cannot be written to topic '" + this.reports)).singleElement()
			.asString()
			.contains("WARN", "TopicAuthorizationException",
					"Allow the application Describe and Write on that topic, and Create unless it exists");
		allow(AclOperation.ALL);
		await().atMost(Duration.ofSeconds(30))
			.ignoreExceptions()
			.untilAsserted(() -> this.ledger.post(finding).get(30, TimeUnit.SECONDS));
		assertThat(probe.records(this.reports)).singleElement()
			.satisfies((record) -> assertThat(record.key()).asString(StandardCharsets.UTF_8).isEqualTo(finding.id()));
		assertThat(lines(output, "Loss report verdict=LOST_ACKED")).hasSize(1);
		assertThat(this.events).hasSize(1);
		assertThat(output).contains("Loss reports are written to topic '%s' again".formatted(this.reports))
			.contains("Created topic '%s': partitions=1, replication factor=1, min.insync.replicas=1"
				.formatted(this.reports));
	}

	@Test
	void findingsWhenThereAreTooManyForABrokerThatIsFrozenComeAgainUntilAllAreWritten(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		report(60);
		cluster.brokerIds().forEach(cluster::pause);
		int count = 10_500;
		List<CompletableFuture<Void>> posted = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			posted.add(this.ledger.post(finding(i)));
		}
		// One is being looked at, 10,000 wait.
		assertThat(posted.subList(0, 10_001)).noneMatch(CompletableFuture::isDone);
		assertThat(posted.subList(10_001, count)).allMatch(CompletableFuture::isCompletedExceptionally);
		assertThat(lines(output, "10000 findings wait to be looked at, and more are not taken")).singleElement()
			.asString()
			.contains("WARN", "(1 so far)");
		cluster.brokerIds().forEach(cluster::resume);
		await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(200)).until(() -> {
			for (int i = 0; i < count; i++) {
				if (posted.get(i).isCompletedExceptionally()) {
					posted.set(i, this.ledger.post(finding(i)));
				}
			}
			return posted.stream().allMatch((future) -> future.isDone() && !future.isCompletedExceptionally());
		});
		assertThat(probe.records(this.reports)
			.stream()
			.map((record) -> new String(record.key(), StandardCharsets.UTF_8))
			.distinct()).hasSize(count);
		assertThat(this.events.stream().map(LossReport::id).distinct()).hasSize(count);
		assertThat(lines(output, "There is room again, where 10000 findings wait")).isNotEmpty();
	}

	private void report(int seconds) {
		SequenceBoard board = this.boards.board(Set.of(cluster.bootstrapServers()),
				Map.of("bootstrap.servers", cluster.bootstrapServers()));
		board.connect(new PlainLog(cluster.bootstrapServers()));
		board.post(this.topic, new TopicFacts(1, false));
		Duration timeout = Duration.ofSeconds(seconds);
		this.reporter = new LossReporter(this.boards, this.ledger, this.reports, "shop", timeout, Clock.systemUTC(),
				(event) -> this.events.add(((LossReportEvent) event).getReport()),
				new Recovery(List.of(), new SpooledRecords(List::of), timeout, Duration.ofMillis(50)));
		this.ledger.addPublisher(this.reporter::report);
	}

	// Of the first one the log is read again, which takes as long as the broker is
	// frozen.
	private Finding finding(int index) {
		return Findings.of((index == 0) ? Verdict.LOST_ACKED : Verdict.FAILED_KNOWN, Cause.VANISHED,
				new Lane(this.topic, 0), NumberRanges.of(2L * index + 1, 2L * index + 1), null, null);
	}

	private static List<String> lines(CapturedOutput output, String text) {
		return output.toString().lines().filter((line) -> line.contains(text)).toList();
	}

	// Who has some permission on a resource has no others.
	private void allow(AclOperation... operations) throws Exception {
		cluster.admin()
			.createAcls(Arrays.stream(operations)
				.map((operation) -> new AclBinding(
						new ResourcePattern(ResourceType.TOPIC, this.reports, PatternType.LITERAL),
						new AccessControlEntry("User:ANONYMOUS", "*", operation, AclPermissionType.ALLOW)))
				.toList())
			.all()
			.get(30, TimeUnit.SECONDS);
	}

}
