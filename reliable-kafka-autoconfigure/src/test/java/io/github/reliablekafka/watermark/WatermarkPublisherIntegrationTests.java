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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.SequenceProperties.Watermarks;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what producers tell, on three real brokers and with faults.
 */
@ExtendWith(OutputCaptureExtension.class)
class WatermarkPublisherIntegrationTests {

	private static final Duration LONG = Duration.ofSeconds(90);

	/**
	 * An application has more patience.
	 */
	private static final Duration TIMEOUT = Duration.ofSeconds(12);

	private static final KafkaCluster cluster = KafkaCluster.builder()
		.brokers(3)
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		.property("auto.create.topics.enable", "false")
		.build();

	private final String topic = "orders-" + UUID.randomUUID();

	private final Lane lane = new Lane(this.topic, 0);

	private final String control = "audit-" + UUID.randomUUID();

	private final List<AuditClusters> applications = new ArrayList<>();

	private final ProducerSession session = new ProducerSession(new ProducerIdentity("orders", "host", "producer-1", 1),
			System::nanoTime, ProducerSession.randomIds(), false);

	// Those of other applications of this JVM, which may live as long as it does.
	private final Set<Thread> threadsBefore = Set.copyOf(Thread.getAllStackTraces().keySet());

	private SequenceBoard sender;

	private SequenceBoard receiver;

	@BeforeAll
	static void startCluster() {
		cluster.start();
	}

	@AfterAll
	static void closeCluster() {
		cluster.close();
	}

	@BeforeEach
	void start() {
		this.sender = application();
		this.receiver = application();
		this.receiver.watch(this.lane);
	}

	@AfterEach
	void stop() {
		this.applications.forEach(AuditClusters::destroy);
		cluster.restore();
	}

	@Test
	void watermarksTravelAndTheLastOneTellsTheEnd() throws Exception {
		this.sender.open(this.session);
		send(1);
		awaitNumber(1, LONG);
		for (int number = 2; number <= 50; number++) {
			send(number);
		}
		awaitNumber(50, LONG);
		assertThat(received().claim().acknowledged()).isEqualTo(50);
		assertThat(received().producer()).isEqualTo(this.session.identity());
		assertThat(received().closed()).isFalse();
		this.session.close();
		await().until(() -> received().closed());
		await().until(() -> this.sender.sessions().isEmpty());
		assertControlTopicIsSafe();
	}

	private void assertControlTopicIsSafe() throws Exception {
		TopicDescription description = cluster.admin()
			.describeTopics(List.of(this.control))
			.allTopicNames()
			.get(30, TimeUnit.SECONDS)
			.get(this.control);
		assertThat(description.partitions()).hasSize(8)
			.allSatisfy((partition) -> assertThat(partition.replicas()).hasSize(3));
		try (KafkaProbe probe = new KafkaProbe(cluster.bootstrapServers())) {
			assertThat(probe.topicConfig(this.control, "min.insync.replicas")).isEqualTo("2");
			assertThat(probe.topicConfig(this.control, "cleanup.policy")).isEqualTo("compact,delete");
			assertThat(probe.topicConfig(this.control, "unclean.leader.election.enable")).isEqualTo("false");
			assertThat(probe.records(this.control)).allSatisfy((record) -> assertThat(record.headers()).isEmpty())
				.hasSizeLessThan(20);
		}
	}

	@Test
	void endWhenTheApplicationEndsRightAfterTheFirstRecordIsTold() {
		this.sender.open(this.session);
		send(1);
		this.session.close();
		this.applications.remove(0).destroy();
		await().atMost(LONG).until(() -> !this.receiver.watermarks(this.lane).isEmpty());
		assertThat(received().closed()).isTrue();
		assertThat(received().claim().acknowledged()).isEqualTo(1);
		assertThat(this.sender.sessions()).isEmpty();
	}

	@Test
	void watermarksWhenTheyMustNotBeWrittenAreToldWhenTheyMay(CapturedOutput output) throws Exception {
		allowOnly(this.control, AclOperation.READ);
		this.sender.open(this.session);
		send(1);
		await().atMost(LONG).until(() -> output.getOut().contains("Cannot write to topic '" + this.control));
		send(2);
		// Tried again after 1 and 2 seconds.
		await().during(Duration.ofSeconds(4))
			.untilAsserted(
					() -> assertThat(output.getOut().split("Cannot write to topic '" + this.control, -1)).hasSize(2));
		assertThat(output)
			.contains("Allow the application Describe, Read and Write on the topics '%1$s' and '%1$s-state', and Create"
				.formatted(this.control))
			.contains("TopicAuthorizationException");
		assertThat(this.receiver.watermarks(this.lane)).isEmpty();
		allowEverything(this.control);
		awaitNumber(2, LONG);
		await().untilAsserted(() -> assertThat(output)
			.contains("No longer true: Cannot write to topic '%s'".formatted(this.control)));
	}

	@Test
	void watermarksWhenTheTopicMustNotBeReadAreReadWhenItMay(CapturedOutput output) throws Exception {
		allowOnly(this.control, AclOperation.WRITE, AclOperation.DESCRIBE_CONFIGS);
		cluster.createTopic(this.control, 2);
		this.sender.open(this.session);
		send(1);
		await().atMost(LONG).until(() -> output.getOut().contains("Cannot read topic '" + this.control));
		assertThat(output).contains("Topic '%s' has cleanup.policy=delete".formatted(this.control));
		allowEverything(this.control);
		awaitNumber(1, LONG);
	}

	@Test
	void whatIsNotPermittedIsSaidOnceForAllTopicsOfOurOwn(CapturedOutput output) throws Exception {
		String state = this.control + "-state";
		// Before the topics: what leads a partition of them knows what was decided
		// before.
		allowOnly(this.control, AclOperation.DESCRIBE);
		allowOnly(state, AclOperation.DESCRIBE);
		cluster.createTopic(this.control, 2);
		cluster.createTopic(state, 2);
		this.sender.watch(this.lane);
		this.sender.open(this.session);
		send(1);
		// A broker may yet have to hear what was decided.
		await().atMost(LONG)
			.untilAsserted(() -> assertThat(this.sender.logAccess().save("group", this.lane, new byte[] { 1 }))
				.failsWithin(LONG));
		// One of the application that sends and reads, one of that which reads.
		await().during(Duration.ofSeconds(2))
			.untilAsserted(() -> assertThat(
					output.getOut().lines().filter((line) -> line.contains("TopicAuthorizationException")))
				.hasSize(2)
				.allSatisfy((line) -> assertThat(line).contains(this.control, state, "Describe, Read and Write")));
		allowEverything(this.control);
		awaitNumber(1, LONG);
		// What still does not work is said when the rest does.
		await().atMost(LONG).untilAsserted(() -> {
			assertThat(this.sender.logAccess().save("group", this.lane, new byte[] { 1 })).failsWithin(LONG);
			assertThat(output.getOut().lines().filter((line) -> line.contains("write to topic '" + state))).hasSize(1);
		});
	}

	@Test
	void factsWhenTheConfigurationMustNotBeReadCountAsCompacted(CapturedOutput output) throws Exception {
		allowOnly(this.topic, AclOperation.READ);
		cluster.createTopic(this.topic, 1);
		await().atMost(LONG).until(() -> this.receiver.facts(this.topic) != null);
		assertThat(this.receiver.facts(this.topic).compacted()).isTrue();
		assertThat(this.receiver.facts(this.topic).topicIdHash()).isNotZero();
		assertThat(output).contains("Cannot read the configuration of topic '" + this.topic)
			.contains("DescribeConfigs");
	}

	@Test
	void watermarksWhenTheTopicIsDeletedAreAllToldAgain() throws Exception {
		Lane quiet = new Lane(this.topic, 1);
		this.sender.open(this.session);
		send(1);
		ticket(quiet, 1).acknowledged(0);
		awaitNumber(1, LONG);
		cluster.admin().deleteTopics(List.of(this.control)).all().get(30, TimeUnit.SECONDS);
		send(2);
		SequenceBoard late = application();
		late.watch(this.lane);
		late.watch(quiet);
		await().atMost(LONG).until(() -> !late.watermarks(this.lane).isEmpty());
		assertThat(late.watermarks(this.lane).values()).singleElement()
			.satisfies((watermark) -> assertThat(watermark.number()).isEqualTo(2));
		await().atMost(LONG).until(() -> !late.watermarks(quiet).isEmpty());
	}

	@Test
	void watermarksWhenTheBrokersAreAwayAreToldWhenTheyAreBack() {
		this.sender.open(this.session);
		send(1);
		awaitNumber(1, LONG);
		cluster.brokerIds().forEach(cluster::kill);
		for (int number = 2; number <= 20; number++) {
			send(number);
		}
		await().during(Duration.ofSeconds(2)).until(() -> received().number() == 1);
		cluster.brokerIds().forEach(cluster::restart);
		awaitNumber(20, LONG);
	}

	@Test
	void endWhenTheBrokersAreFrozenComesInTime(CapturedOutput output) {
		this.sender.open(this.session);
		send(1);
		awaitNumber(1, LONG);
		this.sender.logAccess().save("group", this.lane, new byte[] { 1 }).join();
		cluster.brokerIds().forEach(cluster::pause);
		send(2);
		this.session.close();
		this.sender.logAccess().save("group", this.lane, new byte[] { 2 });
		long begun = System.nanoTime();
		new ArrayList<>(this.applications).forEach(AuditClusters::destroy);
		this.applications.clear();
		assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
		await().untilAsserted(
				() -> assertThat(output).contains("Ended with 1 watermarks that are not in topic '" + this.control));
		// The network thread of a client may wait for a broker that does not answer.
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(Thread.getAllStackTraces()).allSatisfy((thread, stack) -> {
				if (!this.threadsBefore.contains(thread)) {
					assertThat(thread.getName()).as("%s: %s", thread, Arrays.toString(stack))
						.doesNotContain("reliable-kafka-audit");
				}
			}));
	}

	// Who has some permission on a resource has no others.
	private static void allowOnly(String topic, AclOperation... operations) throws Exception {
		cluster.admin()
			.createAcls(Arrays.stream(operations)
				.map((operation) -> new AclBinding(new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
						new AccessControlEntry("User:ANONYMOUS", "*", operation, AclPermissionType.ALLOW)))
				.toList())
			.all()
			.get(30, TimeUnit.SECONDS);
	}

	private static void allowEverything(String topic) throws Exception {
		allowOnly(topic, AclOperation.ALL);
	}

	private Watermark received() {
		return this.receiver.watermarks(this.lane).values().iterator().next();
	}

	private void awaitNumber(long number, Duration patience) {
		await().atMost(patience)
			.untilAsserted(() -> assertThat(this.receiver.watermarks(this.lane).values()).singleElement()
				.satisfies((watermark) -> assertThat(watermark.number()).isEqualTo(number)));
	}

	private void send(long number) {
		ticket(this.lane, number).acknowledged(number);
	}

	private Ticket ticket(Lane lane, long number) {
		try {
			Ticket ticket = this.session.stamp(lane.topic(), lane.partition(), 7, 1);
			assertThat(ticket.number()).isEqualTo(number);
			ticket.appended();
			return ticket;
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private SequenceBoard application() {
		SequenceBoards boards = new SequenceBoards();
		this.applications
			.add(new AuditClusters(
					new SequenceProperties(true, Watermarks.CONTROL_TOPIC, Duration.ofSeconds(5),
							Duration.ofMillis(500), this.control, this.control + "-state", Duration.ofDays(30)),
					boards, TIMEOUT));
		return boards.board(Set.of(cluster.bootstrapServers()),
				Map.of("bootstrap.servers", cluster.bootstrapServers()));
	}

}
