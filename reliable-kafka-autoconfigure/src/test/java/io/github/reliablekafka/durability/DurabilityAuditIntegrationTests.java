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

package io.github.reliablekafka.durability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests of what the audit says about topics of a real cluster, and of whether that is
 * true. Brokers 1 and 2 are in one rack, broker 3 in another.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DurabilityAuditIntegrationTests {

	private static final KafkaCluster cluster = KafkaCluster.builder()
		.racks("a", "a", "b")
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		// What the cluster gives by itself: less replicas than the starter, more in sync.
		.property("default.replication.factor", "2")
		.property("min.insync.replicas", "3")
		.build();

	private static final Map<String, NewTopic> topics = new TreeMap<>();

	private static final Duration LONGEST = Duration.ofSeconds(30);

	// How much later it is for the audit.
	private static volatile Duration ahead = Duration.ZERO;

	private static DurabilityAudit audit;

	private static KafkaProbe probe;

	@BeforeAll
	static void start() throws Exception {
		cluster.start();
		probe = new KafkaProbe(cluster.bootstrapServers());
		audit = new DurabilityAudit(Map.of("bootstrap.servers", cluster.bootstrapServers()),
				new DurabilityProperties(Set.of(), DurabilityLevel.SERVER, Map.of(),
						DurabilityProperties.OnViolation.WARN, Duration.ofMinutes(5), false),
				() -> Instant.now().plus(ahead));
		define("one", "1", "");
		define("one-min-2", "2", "min.insync.replicas=2");
		define("one-on-3", "3", "");
		define("two-min-1", "1,2", "min.insync.replicas=1 unclean.leader.election.enable=false");
		define("two-min-2", "1,3", "min.insync.replicas=2 unclean.leader.election.enable=false");
		define("three-min-1", "1,2,3", "min.insync.replicas=1 unclean.leader.election.enable=false");
		define("three-min-1-unclean", "1,2,3", "min.insync.replicas=1 unclean.leader.election.enable=true");
		define("three-unclean", "1,2,3", "min.insync.replicas=2 unclean.leader.election.enable=true");
		define("three-inherits", "1,2,3", "min.insync.replicas=2");
		define("three", "1,2,3", "min.insync.replicas=2 unclean.leader.election.enable=false");
		define("three-led-by-3", "3,1,2", "min.insync.replicas=2 unclean.leader.election.enable=false");
		define("three-min-3", "1,2,3", "min.insync.replicas=3 unclean.leader.election.enable=false");
		define("three-compact", "1,2,3",
				"min.insync.replicas=2 unclean.leader.election.enable=false cleanup.policy=compact retention.ms=1000");
		define("three-tiny", "1,2,3", "min.insync.replicas=2 unclean.leader.election.enable=false retention.ms=600000");
		define("three-small", "1,2,3",
				"min.insync.replicas=2 unclean.leader.election.enable=false retention.bytes=1000");
		define("__transaction_state", "1", "cleanup.policy=compact");
		cluster.admin().createTopics(topics.values()).all().get();
		topics.keySet().forEach(cluster::awaitInSync);
	}

	@AfterAll
	static void stop() {
		audit.close();
		probe.close();
		cluster.close();
	}

	@Test
	@Order(1)
	void topicsGetExactlyTheirLevelAndViolations() {
		assertThat(look()).containsExactlyInAnyOrder("one process [topic.replicas] []",
				"one-min-2 process [topic.replicas] []", "one-on-3 process [topic.replicas] []",
				"two-min-1 process [topic.min-in-sync-replicas, topic.replicas] []",
				"two-min-2 zone [] [topic.min-in-sync-replicas, topic.replicas]",
				"three-min-1 process [topic.min-in-sync-replicas] []",
				"three-min-1-unclean none [topic.min-in-sync-replicas, topic.unclean-election] []",
				"three-unclean none [topic.unclean-election] []", "three-inherits server [] [topic.unclean-election]",
				"three server [] []", "three-led-by-3 server [] []", "three-min-3 zone [] [topic.min-in-sync-replicas]",
				"three-compact server [] []", "three-tiny server [] [topic.retention]",
				"three-small server [] [topic.retention]", "__transaction_state process [topic.replicas] []");
		ClusterDurability seen = audit.look(List.of(TopicUse.of("three", TopicUse.Purpose.PRODUCED)), LONGEST);
		assertThat(seen.brokers()).isEqualTo(Map.of(1, "a", 2, "a", 3, "b"));
		assertThat(seen.isSafe()).isTrue();
		assertThat(seen.topics().get(0).heldBackBy())
			.isEqualTo("partition 0 has 2 replicas in rack 'a', and 2 are enough to acknowledge a record");
	}

	@Test
	@Order(1)
	void topicThatIsCompletedCanBeWrittenWhileABrokerIsAway() throws Exception {
		assertThat(completed("completed")).isEqualTo("[1, 2, 3] 2");
	}

	// Its replicas, and how many must be in sync.
	private static String completed(String name) throws Exception {
		NewTopic open = new NewTopic(name, Optional.of(1), Optional.empty());
		long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
		assertThat(audit.admin().createComplete(open, deadline)).isTrue();
		assertThat(audit.admin().createComplete(open, deadline)).isFalse();
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
		// Each time another broker may be asked, which has not heard of it yet.
		return await().ignoreExceptions()
			.until(() -> "%s %s".formatted(
					audit.admin()
						.describe(name, deadline)
						.orElseThrow()
						.partitions()
						.get(0)
						.replicas()
						.stream()
						.map(Node::id)
						.sorted()
						.toList(),
					cluster.admin()
						.describeConfigs(List.of(resource))
						.all()
						.get()
						.get(resource)
						.get("min.insync.replicas")
						.value()),
					Objects::nonNull);
	}

	@Test
	@Order(2)
	void groupsThatAreTooFarBehindAreToldWhenTheirRecordsExpire() throws Exception {
		long now = System.currentTimeMillis();
		try (KafkaProducer<String, String> producer = producer()) {
			for (int minutes = 8; minutes >= 0; minutes--) {
				producer.send(new ProducerRecord<>("three-tiny", 0, now - minutes * 60_000L, "key", "v" + minutes))
					.get();
			}
		}
		commit("slow", 0);
		commit("fast", 8);
		commit("middling", 4);
		TopicDurability topic = audit
			.look(List.of(new TopicUse("three-tiny", Set.of(TopicUse.Purpose.CONSUMED),
					Set.of("slow", "fast", "middling", "new"), 0)), LONGEST)
			.topics()
			.get(0);
		assertThat(topic.violations()).extracting(Violation::reason)
			.singleElement()
			.asString()
			.matches("records of partition 0 will expire before group 'slow' reads them, "
					+ "in about (2 minutes|1[0-4]\\d seconds|[89]\\d seconds)");
		assertThat(topic.isSafe()).isFalse();
	}

	@Test
	@Order(3)
	void whatIsNotPermittedIsSaidAndNotGuessed() throws Exception {
		ResourcePattern hidden = new ResourcePattern(ResourceType.TOPIC, "three-compact", PatternType.LITERAL);
		ResourcePattern closed = new ResourcePattern(ResourceType.TOPIC, "three", PatternType.LITERAL);
		ResourcePattern brokers = new ResourcePattern(ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL);
		ResourcePattern group = new ResourcePattern(ResourceType.GROUP, "slow", PatternType.LITERAL);
		List<AclBinding> acls = new ArrayList<>();
		for (ResourcePattern resource : List.of(hidden, closed, brokers, group)) {
			acls.add(acl(resource, AclOperation.ALL, AclPermissionType.ALLOW));
		}
		acls.add(acl(hidden, AclOperation.DESCRIBE, AclPermissionType.DENY));
		acls.add(acl(closed, AclOperation.DESCRIBE_CONFIGS, AclPermissionType.DENY));
		acls.add(acl(brokers, AclOperation.DESCRIBE_CONFIGS, AclPermissionType.DENY));
		acls.add(acl(group, AclOperation.DESCRIBE, AclPermissionType.DENY));
		cluster.admin().createAcls(acls).all().get();
		try {
			await().until(() -> look().contains("three between none and zone [] []"));
			List<TopicUse> uses = List.of(TopicUse.of("three-compact", TopicUse.Purpose.PRODUCED),
					TopicUse.of("one", TopicUse.Purpose.PRODUCED),
					new TopicUse("three-tiny", Set.of(TopicUse.Purpose.CONSUMED), Set.of("slow", "fast"), 0));
			// Another broker hears of it later.
			await().untilAsserted(() -> {
				ClusterDurability seen = audit.look(uses, LONGEST);
				assertThat(seen.unknown()).hasSize(2)
					.contains("settings of the brokers: not permitted; allow DescribeConfigs on the cluster")
					.anyMatch((unknown) -> unknown.startsWith("offsets of group 'slow': "));
				assertThat(seen.topics()).extracting(TopicDurability::topic)
					.containsExactly("one", "three-compact", "three-tiny");
				assertThat(seen.topics()).extracting(TopicDurability::levelInWords)
					.containsExactly("process", "between none and zone", "server");
				assertThat(seen.topics().get(1).unknown())
					.containsExactly("partitions and replicas: not permitted; allow Describe on the topic");
				assertThat(seen.topics().get(2).violations()).isEmpty();
				assertThat(seen.isSafe()).isFalse();
			});
		}
		finally {
			cluster.admin().deleteAcls(acls.stream().map(AclBinding::toFilter).toList()).all().get();
		}
		await().until(() -> look().contains("three server [] []"));
	}

	private static AclBinding acl(ResourcePattern resource, AclOperation operation, AclPermissionType permission) {
		return new AclBinding(resource, new AccessControlEntry("User:ANONYMOUS", "*", operation, permission));
	}

	@Test
	@Order(4)
	void serverSurvivesTheDeathOfAMachineAndProcessDoesNot() throws Exception {
		loseMachine(3);
	}

	@Test
	@Order(5)
	void brokersThatAreAwayAreNoticed() throws Exception {
		cluster.kill(3);
		await().atMost(Duration.ofSeconds(20)).until(() -> cluster.isr("three", 0).size() == 2);
		// It has its share of a new topic all the same.
		assertThat(completed("completed-meanwhile")).isEqualTo("[1, 2, 3] 2");
		send("completed-meanwhile", 3);
		assertThat(probe.values("completed-meanwhile")).hasSize(3);
		// As if it is just started again.
		assertThat(look()).contains("three server [] [topic.in-sync]", "one process [topic.replicas] []",
				"one-on-3 process [topic.replicas] [topic.offline]",
				"two-min-2 zone [] [topic.in-sync, topic.min-in-sync-replicas, topic.replicas]");
		ahead = ahead.plus(BrokerHistory.PATIENCE);
		assertThat(look()).contains("three server [] [topic.in-sync]", "one process [topic.replicas] []",
				"one-on-3 process [topic.offline, topic.replicas] []",
				"two-min-2 process [topic.in-sync] [topic.min-in-sync-replicas, topic.replicas]");
		cluster.kill(2);
		await().atMost(Duration.ofSeconds(20)).until(() -> cluster.isr("three", 0).size() == 1);
		assertThat(look()).contains("three server [] [topic.in-sync]");
		ahead = ahead.plus(BrokerHistory.PATIENCE);
		assertThat(look()).contains("three process [topic.in-sync] []");
		ClusterDurability seen = audit.look(List.of(TopicUse.of("one", TopicUse.Purpose.PRODUCED)), LONGEST);
		// No topic in use waits for the other two any more.
		assertThat(seen.violations()).extracting(Violation::risk).containsExactly("cluster.brokers");
		assertThat(seen.brokers()).containsOnlyKeys(1);
		cluster.restore();
		cluster.awaitInSync("three");
	}

	@Test
	@Tag("chaos")
	@Order(6)
	void serverSurvivesTheDeathOfAnyMachine() throws Exception {
		loseMachine(1);
		loseMachine(2);
	}

	// Kill a broker under load, as its machine dies: its disk is gone with it.
	private void loseMachine(int broker) throws Exception {
		String alone = (broker == 3) ? "one-on-3" : "one-of-" + broker;
		if (broker != 3) {
			define(alone, String.valueOf(broker), "");
			cluster.admin().createTopics(List.of(topics.get(alone))).all().get();
			cluster.awaitInSync(alone);
		}
		send(alone, 10);
		List<String> replicated = List.of("three", "three-led-by-3");
		List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());
		AtomicBoolean over = new AtomicBoolean();
		AtomicInteger failures = new AtomicInteger();
		try (KafkaProducer<String, String> producer = producer()) {
			Thread load = new Thread(() -> {
				for (int number = 0; !over.get(); number++) {
					String value = broker + "-" + number;
					for (String topic : replicated) {
						producer.send(new ProducerRecord<>(topic, value), (metadata, failure) -> {
							if (failure == null) {
								acknowledged.add(topic + " " + value);
							}
							else {
								failures.incrementAndGet();
							}
						});
					}
					pause();
				}
			});
			load.start();
			await().until(() -> acknowledged.size() > 200);
			cluster.kill(broker);
			wipe(broker);
			int before = acknowledged.size();
			await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.size() > before + 400);
			cluster.restart(broker);
			over.set(true);
			load.join();
		}
		topics.keySet().stream().filter((topic) -> topic.startsWith("three")).forEach(cluster::awaitInSync);
		List<String> present = new ArrayList<>();
		replicated.forEach((topic) -> probe.values(topic).forEach((value) -> present.add(topic + " " + value)));
		assertThat(acknowledged).hasSizeGreaterThan(600);
		assertThat(present).containsAll(acknowledged);
		assertThat(failures).hasValue(0);
		assertThat(probe.values(alone)).isEmpty();
	}

	private static void wipe(int broker) throws IOException {
		try (Stream<Path> files = Files.walk(cluster.directory().resolve("node-" + broker))) {
			List<Path> logs = files.filter(
					(path) -> Files.isDirectory(path) && path.getFileName().toString().matches("(one|three).*-\\d+"))
				.toList();
			assertThat(logs).isNotEmpty();
			for (Path log : logs) {
				FileSystemUtils.deleteRecursively(log);
			}
		}
	}

	private static void pause() {
		try {
			Thread.sleep(2);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void send(String topic, int count) {
		try (KafkaProducer<String, String> producer = producer()) {
			for (int i = 0; i < count; i++) {
				producer.send(new ProducerRecord<>(topic, "v" + i));
			}
			producer.flush();
		}
	}

	private static void commit(String group, long offset) throws Exception {
		cluster.admin()
			.alterConsumerGroupOffsets(group,
					Map.of(new TopicPartition("three-tiny", 0), new OffsetAndMetadata(offset)))
			.all()
			.get();
	}

	private static KafkaProducer<String, String> producer() {
		return new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "acks", "all", "linger.ms", "1",
						"delivery.timeout.ms", "60000", "request.timeout.ms", "5000"),
				new StringSerializer(), new StringSerializer());
	}

	private static void define(String name, String replicas, String configs) {
		Map<String, String> settings = new TreeMap<>();
		if (!configs.isEmpty()) {
			for (String config : configs.split(" ", -1)) {
				int equals = config.indexOf('=');
				settings.put(config.substring(0, equals), config.substring(equals + 1));
			}
		}
		List<Integer> brokers = Stream.of(replicas.split(",", -1)).map(Integer::valueOf).toList();
		topics.put(name, new NewTopic(name, Map.of(0, brokers)).configs(settings));
	}

	private static List<String> look() {
		Collection<TopicUse> uses = topics.keySet()
			.stream()
			.map((topic) -> TopicUse.of(topic, TopicUse.Purpose.PRODUCED))
			.toList();
		return audit.look(uses, LONGEST)
			.topics()
			.stream()
			.map((topic) -> "%s %s %s %s".formatted(topic.topic(), topic.levelInWords(), risks(topic.violations()),
					risks(topic.advice())))
			.toList();
	}

	private static List<String> risks(List<Violation> violations) {
		return violations.stream().map(Violation::risk).sorted().toList();
	}

}
