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
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.reliablekafka.test.KafkaCluster;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Puts what each level promises to the test: of a topic that survives a failure, by what
 * the audit says at that moment, nothing that was acknowledged may be missing afterwards.
 * Which topics lose something is known as well, so that each failure is shown to be one.
 * Brokers 1 and 2 are in one rack, broker 3 in another.
 */
class DurabilityLevelsIntegrationTests {

	private static final Duration LONGEST = Duration.ofSeconds(30);

	// Replicas by what they do: 1 leads, 2 is the other broker of its rack, 3 is in the
	// other rack.
	private static final List<Kind> KINDS = List.of(new Kind("none-1", List.of(1, 2), 1, true, DurabilityLevel.NONE),
			new Kind("none-2", List.of(1, 2, 3), 2, true, DurabilityLevel.NONE),
			new Kind("one", List.of(1), 1, false, DurabilityLevel.PROCESS),
			new Kind("process-1", List.of(1, 2), 1, false, DurabilityLevel.PROCESS),
			new Kind("process-3", List.of(1, 2, 3), 3, true, DurabilityLevel.PROCESS),
			new Kind("server-2", List.of(1, 2), 2, false, DurabilityLevel.SERVER),
			new Kind("server-3", List.of(1, 2, 3), 2, false, DurabilityLevel.SERVER),
			new Kind("zone-2", List.of(1, 3), 2, false, DurabilityLevel.ZONE),
			new Kind("zone-3", List.of(1, 2, 3), 3, false, DurabilityLevel.ZONE));

	private static final AtomicInteger runs = new AtomicInteger();

	private static final KafkaCluster cluster = KafkaCluster.builder().racks("a", "a", "b").build();

	private final Map<String, List<String>> acknowledged = new TreeMap<>();

	private String prefix;

	private int leader;

	@BeforeAll
	static void start() {
		cluster.start();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			# failure | eligible leaders | leader | back | loses
			process   | 0                | 1      | 2 3  | none-1 none-2
			server    | 1                | 1      | 2    | none-1 one process-1
			zone      | 1                | 1      |      | none-1 one process-1 server-2
			""")
	void topicLosesNothingByWhatItSurvives(String failure, int eligible, int first, String back, String loses)
			throws Exception {
		bringAbout(failure, eligible, first, back, loses);
	}

	// Where the cluster keeps eligible leaders, and one of them is up, the controller
	// does
	// better than the audit says.
	@Tag("chaos")
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			# failure | eligible leaders | leader | back | loses
			process   | 1                | 1      | 2    | none-1 none-2
			process   | 1                | 1      | 3 2  | none-1
			process   | 0                | 2      | 2    | none-1 none-2
			process   | 1                | 2      | 3 2  | none-1
			server    | 0                | 1      | 2    | none-1 one process-1
			server    | 1                | 2      | 2    | none-1 one process-1
			zone      | 0                | 1      |      | none-1 one process-1 server-2
			zone      | 1                | 2      |      | none-1 one process-1 server-2
			""")
	void topicLosesNothingByWhatItSurvivesWhereverItIs(String failure, int eligible, int first, String back,
			String loses) throws Exception {
		bringAbout(failure, eligible, first, back, loses);
	}

	private void bringAbout(String name, int eligible, int first, String back, String loses) throws Exception {
		DurabilityLevel failure = DurabilityLevel.valueOf(name.toUpperCase(Locale.ROOT));
		this.prefix = "run%d-".formatted(runs.incrementAndGet());
		this.leader = first;
		tellEligibleLeaders(eligible);
		create();
		Map<String, DurabilityLevel> levels = levels();
		KINDS.forEach((kind) -> assertThat(levels.get(kind.name())).as(kind.name()).isEqualTo(kind.level()));
		send("whole-");
		if (failure != DurabilityLevel.ZONE) {
			pause(2);
			send("without-2-");
		}
		if (failure == DurabilityLevel.PROCESS) {
			pause(3);
			send("without-2-and-3-");
		}
		Map<String, DurabilityLevel> atThatMoment = levels();
		Set<Integer> dying = (failure == DurabilityLevel.ZONE) ? Set.of(1, 2) : Set.of(broker(1));
		dying.forEach(cluster::kill);
		if (failure != DurabilityLevel.PROCESS) {
			for (int broker : dying) {
				wipe(broker);
			}
		}
		for (String role : words(back)) {
			int broker = broker(Integer.parseInt(role));
			cluster.resume(broker);
			await().atMost(LONGEST).until(() -> cluster.liveBrokers().contains(broker));
		}
		await().atMost(LONGEST).until(() -> Collections.disjoint(cluster.liveBrokers(), dying));
		if (failure != DurabilityLevel.PROCESS) {
			// The disks are gone, so somebody has to decide.
			leaderless(dying).forEach(cluster::uncleanElection);
		}
		cluster.restore();
		KINDS.forEach((kind) -> cluster.awaitInSync(this.prefix + kind.name()));
		Map<String, Set<String>> present = read();
		Set<String> lost = this.acknowledged.keySet()
			.stream()
			.filter((topic) -> !present.getOrDefault(topic, Set.of()).containsAll(this.acknowledged.get(topic)))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(lost).isEqualTo(new TreeSet<>(words(loses)));
		assertThat(atThatMoment.values()).contains(failure);
		assertThat(lost)
			.allMatch((topic) -> atThatMoment.getOrDefault(topic, DurabilityLevel.ZONE).compareTo(failure) < 0);
	}

	private int broker(int role) {
		return (role == 3) ? 3 : (role == 1) ? this.leader : 3 - this.leader;
	}

	private static List<String> words(String text) {
		return (text != null) ? List.of(text.split(" ", -1)) : List.of();
	}

	private static void tellEligibleLeaders(int version) throws Exception {
		String feature = "eligible.leader.replicas.version";
		int now = cluster.admin()
			.describeFeatures()
			.featureMetadata()
			.get()
			.finalizedFeatures()
			.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().equals(feature))
			.mapToInt((entry) -> entry.getValue().maxVersionLevel())
			.sum();
		if (now != version) {
			cluster.admin()
				.updateFeatures(
						Map.of(feature,
								new FeatureUpdate((short) version,
										(version > now) ? FeatureUpdate.UpgradeType.UPGRADE
												: FeatureUpdate.UpgradeType.SAFE_DOWNGRADE)),
						new UpdateFeaturesOptions())
				.all()
				.get();
		}
	}

	private void create() throws Exception {
		List<NewTopic> topics = KINDS.stream()
			.map((kind) -> new NewTopic(this.prefix + kind.name(),
					Map.of(0, kind.replicas().stream().map(this::broker).toList()))
				.configs(Map.of("min.insync.replicas", String.valueOf(kind.min()), "unclean.leader.election.enable",
						String.valueOf(kind.unclean()))))
			.toList();
		cluster.admin().createTopics(topics).all().get();
		topics.forEach((topic) -> cluster.awaitInSync(topic.name()));
	}

	// As an application says that has just been started.
	private Map<String, DurabilityLevel> levels() {
		Collection<TopicUse> uses = KINDS.stream()
			.map((kind) -> TopicUse.of(this.prefix + kind.name(), TopicUse.Purpose.PRODUCED))
			.toList();
		DurabilityProperties policy = new DurabilityProperties(Set.of(), DurabilityLevel.SERVER, Map.of(),
				DurabilityProperties.OnViolation.WARN, Duration.ofMinutes(5), false);
		// Those that are paused would let it wait.
		String address = cluster.bootstrapServers().split(",", -1)[this.leader - 1];
		try (DurabilityAudit audit = new DurabilityAudit(Map.of("bootstrap.servers", address), policy, Instant::now)) {
			return audit.look(uses, LONGEST)
				.topics()
				.stream()
				.collect(Collectors.toMap((topic) -> topic.topic().substring(this.prefix.length()),
						TopicDurability::level));
		}
	}

	// Until it is in sync nowhere.
	private void pause(int role) {
		int broker = broker(role);
		cluster.pause(broker);
		KINDS.forEach((kind) -> await().atMost(LONGEST)
			.until(() -> !cluster.isr(this.prefix + kind.name(), 0).contains(broker)));
	}

	// To all topics that have enough replicas in sync. The others acknowledge nothing.
	private void send(String value) {
		List<String> writable = new ArrayList<>();
		List<String> others = new ArrayList<>();
		for (Kind kind : KINDS) {
			boolean enough = cluster.isr(this.prefix + kind.name(), 0).size() >= kind.min();
			(enough ? writable : others).add(kind.name());
		}
		Map<String, List<String>> all = send(writable, value, LONGEST);
		assertThat(all.keySet()).containsExactlyInAnyOrderElementsOf(writable);
		all.forEach((topic, values) -> {
			assertThat(values).as(topic).hasSize(10);
			this.acknowledged.computeIfAbsent(topic, (key) -> new ArrayList<>()).addAll(values);
		});
		if (!others.isEmpty()) {
			assertThat(send(others, value, Duration.ofMillis(1500))).isEmpty();
		}
	}

	private Map<String, List<String>> send(List<String> topics, String prefixOfValues, Duration timeout) {
		Map<String, List<String>> values = new TreeMap<>();
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers",
				cluster.bootstrapServers().split(",", -1)[this.leader - 1], "acks", "all", "linger.ms", "1",
				"delivery.timeout.ms", String.valueOf(timeout.toMillis()), "request.timeout.ms", "1000"),
				new StringSerializer(), new StringSerializer())) {
			for (String topic : topics) {
				for (int number = 0; number < 10; number++) {
					String value = prefixOfValues + number;
					producer.send(new ProducerRecord<>(this.prefix + topic, value), (metadata, failure) -> {
						if (failure == null) {
							values.computeIfAbsent(topic, (key) -> new ArrayList<>()).add(value);
						}
					});
				}
			}
		}
		return values;
	}

	private void wipe(int broker) throws IOException {
		try (Stream<Path> files = Files.walk(cluster.directory().resolve("node-" + broker))) {
			List<Path> logs = files
				.filter((path) -> Files.isDirectory(path) && path.getFileName().toString().startsWith(this.prefix))
				.toList();
			assertThat(logs).isNotEmpty();
			for (Path log : logs) {
				FileSystemUtils.deleteRecursively(log);
			}
		}
	}

	// Those that some broker has that did not die.
	private List<TopicPartition> leaderless(Set<Integer> dead) {
		return KINDS.stream()
			.filter((kind) -> !dead.containsAll(kind.replicas().stream().map(this::broker).toList()))
			.map((kind) -> new TopicPartition(this.prefix + kind.name(), 0))
			.filter((partition) -> cluster.leaderOf(partition.topic(), 0) == KafkaCluster.NO_LEADER)
			.toList();
	}

	private Map<String, Set<String>> read() {
		List<TopicPartition> partitions = KINDS.stream()
			.map((kind) -> new TopicPartition(this.prefix + kind.name(), 0))
			.toList();
		Map<String, Set<String>> values = new TreeMap<>();
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "auto.offset.reset", "earliest"),
				new StringDeserializer(), new StringDeserializer())) {
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
			await().atMost(LONGEST).until(() -> {
				consumer.poll(Duration.ofMillis(100))
					.forEach((record) -> values
						.computeIfAbsent(record.topic().substring(this.prefix.length()), (key) -> new HashSet<>())
						.add(record.value()));
				return partitions.stream().allMatch((partition) -> consumer.position(partition) >= ends.get(partition));
			});
		}
		return values;
	}

	/**
	 * A topic.
	 *
	 * @param name its name, without the part that tells runs apart
	 * @param replicas where it is, the leader first
	 * @param min how many replicas acknowledge a record
	 * @param unclean whether one that is not in sync may lead
	 * @param level what it survives while all is well
	 */
	private record Kind(String name, List<Integer> replicas, int min, boolean unclean, DurabilityLevel level) {

	}

}
