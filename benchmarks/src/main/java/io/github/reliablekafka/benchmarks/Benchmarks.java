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

package io.github.reliablekafka.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.test.KafkaCluster;
import org.apache.kafka.common.TopicPartition;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Compares applications with the starter to the same ones without. Starts one cluster and
 * then one JVM at a time; within a round the modes of a workload follow each other, or
 * take turns in one JVM, and every round or turn begins with another of them, so that
 * what drifts hits all alike.
 *
 * @since 0.1.0
 */
public final class Benchmarks {

	private static final String FULL_TOPIC = "full";

	private static final String TOPIC = "benchmark.topic";

	private final Options options;

	private final KafkaCluster cluster;

	private final Path logs;

	private final Measurements measurements = new Measurements();

	private int topics;

	Benchmarks(Options options, KafkaCluster cluster) throws IOException {
		this.options = options;
		this.cluster = cluster;
		this.logs = Files.createDirectories(options.directory().resolve("benchmark-logs"));
	}

	/**
	 * Run.
	 * @param args see {@link Options}
	 * @throws Exception if anything cannot be measured
	 */
	public static void main(String[] args) throws Exception {
		Options options = Options.of(args);
		LoggingSystem.get(Benchmarks.class.getClassLoader()).setLogLevel(LoggingSystem.ROOT_LOGGER_NAME, LogLevel.WARN);
		if (options.micro()) {
			MicroBenchmarks.run(options);
			return;
		}
		Report report = new Report(options.modes(), run(options));
		report.write(options.directory().resolve("benchmarks.csv"));
		System.out.printf("%nJDK %s, %d processors, %s, %d brokers, %d rounds, values of %d bytes%n%n%s%n",
				Runtime.version(), Runtime.getRuntime().availableProcessors(), System.getProperty("os.name"),
				options.brokers(), options.rounds(), options.recordSize(), report.tables());
		List<String> missed = report.missed();
		missed.forEach((line) -> System.out.println("Missed: " + line));
		if (options.check() && !missed.isEmpty()) {
			System.exit(1);
		}
	}

	static Measurements run(Options options) throws IOException, InterruptedException, ExecutionException {
		Files.createDirectories(options.directory());
		try (KafkaCluster cluster = cluster(options).start()) {
			return new Benchmarks(options, cluster).measure();
		}
	}

	private static KafkaCluster cluster(Options options) {
		// The cluster's defaults notice a fault within seconds, which a busy machine
		// looks like; these are Kafka's own.
		return KafkaCluster.builder()
			.brokers(options.brokers())
			.links(false)
			.heap("512m")
			.property("broker.session.timeout.ms", "18000")
			.property("broker.heartbeat.interval.ms", "2000")
			.property("replica.lag.time.max.ms", "30000")
			.property("num.network.threads", "3")
			.property("num.io.threads", "8")
			.build();
	}

	private Measurements measure() throws IOException, InterruptedException, ExecutionException {
		boolean consuming = this.options.modes().stream().anyMatch((mode) -> mode.workload().isConsuming());
		createTopic(FULL_TOPIC);
		if (consuming) {
			// Sent by the starter, so that covered consumers find all that it adds.
			Map<String, Object> settings = settings(FULL_TOPIC, this.options.records());
			settings.put("benchmark.warm-up", Duration.ZERO);
			settings.put("benchmark.warm-up-records", 0);
			process("fill").run(Mode.RELIABLE_SEND, settings);
		}
		for (int round = 1; round <= this.options.rounds(); round++) {
			for (Workload workload : Workload.values()) {
				measure(workload, round);
			}
		}
		return this.measurements;
	}

	private void measure(Workload workload, int round) throws IOException, InterruptedException, ExecutionException {
		List<Mode> modes = new ArrayList<>(Mode.of(workload));
		modes.retainAll(this.options.modes());
		if (workload != Workload.START && this.options.turns() > 1 && !modes.isEmpty()) {
			Collections.rotate(modes, -(round - 1));
			measureInTurns(modes, "%s-%d".formatted(workload.name().toLowerCase(Locale.ROOT), round));
			return;
		}
		int times = (workload == Workload.START) ? this.options.starts() : 1;
		Collections.rotate(modes, -(round - 1) * times);
		for (int time = 1; time <= times; time++) {
			for (Mode mode : modes) {
				Figures figures = measure(mode, "%s-%d-%d".formatted(mode.label(), round, time));
				this.measurements.add(mode, figures);
				System.out.printf("round %d: %s %s%n", round, mode.label(), figures.values());
			}
			Collections.rotate(modes, -1);
		}
	}

	private Figures measure(Mode mode, String name) throws IOException, InterruptedException, ExecutionException {
		if (mode.workload() == Workload.START) {
			Map<String, Object> settings = settings(FULL_TOPIC, 1);
			settings.put("benchmark.listen", true);
			return process(name).run(mode, settings);
		}
		Map<String, Object> settings = settings(mode);
		Figures figures = process(name).run(mode, settings);
		return mode.workload().isSending() ? sent(topicOf(settings), List.of(figures)).get(0) : figures;
	}

	private void measureInTurns(List<Mode> modes, String name)
			throws IOException, InterruptedException, ExecutionException {
		Map<Mode, Map<String, Object>> settings = new LinkedHashMap<>();
		modes.forEach((mode) -> settings.put(mode, settings(mode)));
		Map<Mode, List<Figures>> turns = process(name).runInTurns(this.options.turns(), settings);
		for (Map.Entry<Mode, Map<String, Object>> entry : settings.entrySet()) {
			Mode mode = entry.getKey();
			List<Figures> all = turns.getOrDefault(mode, List.of());
			for (Figures figures : mode.workload().isSending() ? sent(topicOf(entry.getValue()), all) : all) {
				this.measurements.add(mode, figures);
				System.out.printf("%s: %s %s%n", name, mode.label(), figures.values());
			}
		}
	}

	private Map<String, Object> settings(Mode mode) {
		if (mode.workload().isConsuming()) {
			return settings(FULL_TOPIC, this.options.records() * this.options.passes());
		}
		String topic = "topic-" + ++this.topics;
		createTopic(topic);
		Map<String, Object> settings = settings(topic, this.options.records());
		settings.put("spring.kafka.producer.compression-type", this.options.compression());
		return settings;
	}

	private static String topicOf(Map<String, Object> settings) {
		return String.valueOf(settings.get(TOPIC));
	}

	// With what the topic takes on disk. It is deleted.
	private List<Figures> sent(String topic, List<Figures> turns) throws InterruptedException, ExecutionException {
		long sent = (long) turns.get(turns.size() - 1).get(Figures.SENT);
		requireInTopic(topic, sent);
		double bytes = (double) sizeOf(topic) / sent;
		this.cluster.admin().deleteTopics(List.of(topic)).all().get();
		return turns.stream().map((figures) -> figures.with(Figures.TOPIC_BYTES, bytes)).toList();
	}

	private ModeProcess process(String name) {
		ModeProcess process = new ModeProcess(this.logs, name, this.options.jvm());
		return this.options.profile() ? process.withRecording() : process;
	}

	private Map<String, Object> settings(String topic, long records) {
		Map<String, Object> settings = new LinkedHashMap<>();
		settings.put("spring.kafka.bootstrap-servers", this.cluster.bootstrapServers());
		settings.put(TOPIC, topic);
		settings.put("benchmark.group", "group-" + ++this.topics);
		settings.put("benchmark.listen", false);
		settings.put("benchmark.records", records);
		settings.put("benchmark.record-size", this.options.recordSize());
		settings.put("benchmark.reuse-values", this.options.reuseValues());
		settings.put("benchmark.header", this.options.header());
		settings.put("benchmark.json", this.options.json());
		settings.put("benchmark.warm-up", this.options.warmUp());
		settings.put("benchmark.warm-up-records", this.options.warmUpRecords());
		return settings;
	}

	private void createTopic(String topic) {
		int replicas = Math.min(3, this.options.brokers());
		this.cluster.createTopic(topic, this.options.partitions(), replicas, Map.of("min.insync.replicas",
				Integer.toString(Math.max(1, replicas - 1)), "file.delete.delay.ms", "1000"));
	}

	private long sizeOf(String topic) throws InterruptedException, ExecutionException {
		// Followers may lag behind.
		Map<TopicPartition, Long> sizes = new HashMap<>();
		List<Integer> brokers = this.cluster.admin()
			.describeCluster()
			.nodes()
			.get()
			.stream()
			.map((node) -> node.id())
			.toList();
		this.cluster.admin()
			.describeLogDirs(brokers)
			.allDescriptions()
			.get()
			.values()
			.forEach((directories) -> directories.values()
				.forEach((directory) -> directory.replicaInfos().forEach((partition, replica) -> {
					if (partition.topic().equals(topic)) {
						sizes.merge(partition, replica.size(), Math::max);
					}
				})));
		return sizes.values().stream().mapToLong(Long::longValue).sum();
	}

	private void requireInTopic(String topic, long expected) {
		long actual = 0;
		for (int partition = 0; partition < this.options.partitions(); partition++) {
			actual += this.cluster.endOffset(new TopicPartition(topic, partition));
		}
		if (actual != expected) {
			throw new IllegalStateException(
					"Records in topic=%s: expected=%d, actual=%d".formatted(topic, expected, actual));
		}
	}

}
