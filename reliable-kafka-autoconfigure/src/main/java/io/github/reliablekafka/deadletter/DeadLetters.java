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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;

/**
 * The dead letters of this application: looks at them, and redrives them to the topics
 * they came from, with their own bytes, key and headers. Only the dead letter topics of
 * topics that a listener of this application reads can be named. A dead letter stays in
 * its topic when it is redriven, and is marked.
 * <p>
 * After a crash the next redrive goes on where the last one was. What was acknowledged
 * and not marked yet, at most the last hundred records, is redriven again: twice, never
 * not at all. A redriven record reaches every group that reads the topic, also those that
 * had processed it.
 * <p>
 * Each call connects to the cluster and waits for it. Safe for use by many threads; of
 * all calls that redrive a topic, in all instances, one goes on and the others fail.
 *
 * @since 0.1.0
 */
public final class DeadLetters implements DisposableBean {

	private static final Log logger = LogFactory.getLog(DeadLetters.class);

	private static final int LARGEST_PAGE = 500;

	private final DeadLetterSources sources;

	private final DeadLetterProperties properties;

	private final DeliveryLedger ledger;

	private final ApplicationEventPublisher events;

	private volatile boolean closed;

	DeadLetters(DeadLetterSources sources, DeadLetterProperties properties, DeliveryLedger ledger,
			ApplicationEventPublisher events) {
		this.sources = sources;
		this.properties = properties;
		this.ledger = ledger;
		this.events = events;
	}

	/**
	 * The dead letter topics and parking topics that exist.
	 * @return by name
	 * @throws KafkaException if the cluster does not answer in time
	 */
	public List<Topic> topics() {
		return topics((topic, failure) -> {
			throw failure;
		});
	}

	/**
	 * The dead letter topics and parking topics that exist. Waits for each cluster at
	 * most twice {@code reliable.kafka.dead-letter.publish-timeout}, however many topics
	 * there are.
	 * @param failed takes the name of each topic that could not be looked at, and why
	 * @return the others, by name
	 * @throws KafkaException if the cluster does not answer in time
	 */
	public List<Topic> topics(BiConsumer<String, RuntimeException> failed) {
		Map<DeadLetterCluster, List<DeadLetterSources.Source>> sources = new LinkedHashMap<>();
		this.sources.find()
			.values()
			.forEach((source) -> sources.computeIfAbsent(source.cluster(), (cluster) -> new ArrayList<>()).add(source));
		List<Topic> topics = new ArrayList<>();
		sources.forEach((cluster, ofCluster) -> {
			Duration timeout = cluster.timeout();
			long deadline = System.nanoTime() + timeout.toNanos();
			try (BoundedAdmin admin = cluster.admin(timeout);
					Consumer<byte[], byte[]> reader = cluster.reader(Map.of())) {
				topics.addAll(topics(cluster, ofCluster, admin, reader, deadline, failed));
			}
		});
		topics.sort(Comparator.comparing(Topic::name));
		return topics;
	}

	private List<Topic> topics(DeadLetterCluster cluster, List<DeadLetterSources.Source> sources, BoundedAdmin admin,
			Consumer<byte[], byte[]> reader, long deadline, BiConsumer<String, RuntimeException> failed) {
		List<Topic> topics = new ArrayList<>();
		Map<String, byte[]> marks;
		try {
			// Once for all: whoever reads the topic for marks reads all of it.
			marks = RedriveMarks.readOf(cluster, this.properties.redrive().topic(),
					sources.stream().map(DeadLetterSources.Source::name).collect(Collectors.toSet()), admin, deadline);
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException | IllegalStateException ex) {
			sources.forEach((source) -> failed.accept(source.name(), ex));
			return topics;
		}
		for (DeadLetterSources.Source source : sources) {
			try {
				topics.add(topic(source, marks, admin, reader, deadline));
			}
			catch (InterruptException ex) {
				throw ex;
			}
			catch (KafkaException | IllegalStateException | IllegalArgumentException ex) {
				failed.accept(source.name(), ex);
			}
		}
		return topics;
	}

	private Topic topic(DeadLetterSources.Source source, Map<String, byte[]> allMarks, BoundedAdmin admin,
			Consumer<byte[], byte[]> reader, long deadline) {
		if (deadline - System.nanoTime() <= 0) {
			throw new TimeoutException("There was no time left for the topic");
		}
		TopicDescription description = describe(source, admin, deadline);
		List<TopicPartition> partitions = partitionsOf(description);
		Map<Integer, HandledOffsets> marks = marksOf(source, description).decode(partitions.size(), allMarks);
		// Kafka warns of each partition that is asked for and not assigned.
		reader.assign(partitions);
		Map<TopicPartition, Long> begins = reader.beginningOffsets(partitions, left(deadline));
		long records = 0;
		long handled = 0;
		for (Map.Entry<TopicPartition, Long> end : reader.endOffsets(partitions, left(deadline)).entrySet()) {
			long begin = begins.getOrDefault(end.getKey(), 0L);
			records += end.getValue() - begin;
			HandledOffsets marked = marks.get(end.getKey().partition());
			handled += (marked != null) ? marked.count(begin, end.getValue()) : 0;
		}
		return new Topic(source.name(), source.topic(), source.parking(), partitions.size(), records,
				records - handled);
	}

	private static Duration left(long deadline) {
		return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
	}

	/**
	 * Look at dead letters, those that are redriven or parked already included.
	 * @param topic a dead letter topic or parking topic
	 * @param filter which
	 * @param limit how many, up to 500
	 * @param from where the page begins; {@code null} for the first
	 * @return in the order of partitions and offsets. May have fewer than the limit and a
	 * next page, if the search took too long
	 * @throws IllegalArgumentException if it is no such topic of this application
	 * @throws KafkaException if the cluster does not answer in time
	 */
	public Page inspect(String topic, DeadLetterFilter filter, int limit, @Nullable Place from) {
		if (limit < 1 || limit > LARGEST_PAGE) {
			throw new IllegalArgumentException("limit must be between 1 and " + LARGEST_PAGE);
		}
		DeadLetterSources.Source source = this.sources.require(topic);
		Duration timeout = source.cluster().timeout();
		long deadline = System.nanoTime() + timeout.toNanos();
		List<DeadLetter> letters = new ArrayList<>();
		try (BoundedAdmin admin = source.cluster().admin(timeout);
				Consumer<byte[], byte[]> reader = source.cluster()
					.reader(Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, limit))) {
			TopicDescription description = describe(source, admin, deadline);
			Map<Integer, HandledOffsets> marks = marksOf(source, description).read(description.partitions().size(),
					admin, deadline);
			for (TopicPartition partition : partitionsOf(description)) {
				HandledOffsets marked = marks.get(partition.partition());
				boolean before = from != null && partition.partition() < from.partition();
				if (before || marked == null || !filter.includesPartition(partition.partition())) {
					continue;
				}
				long offset = (from != null && partition.partition() == from.partition()) ? from.offset() : 0;
				Place next = read(reader, partition, offset, filter, limit, marked, letters, deadline);
				if (next != null) {
					return new Page(letters, next);
				}
			}
			return new Page(letters, null);
		}
	}

	private @Nullable Place read(Consumer<byte[], byte[]> reader, TopicPartition partition, long from,
			DeadLetterFilter filter, int limit, HandledOffsets marked, List<DeadLetter> letters, long deadline) {
		List<TopicPartition> only = List.of(partition);
		reader.assign(only);
		long end = reader.endOffsets(only).getOrDefault(partition, 0L);
		long position = Math.max(from, reader.beginningOffsets(only).getOrDefault(partition, 0L));
		reader.seek(partition, position);
		while (position < end) {
			if (deadline - System.nanoTime() <= 0) {
				return new Place(partition.partition(), position);
			}
			for (ConsumerRecord<byte[], byte[]> letter : reader.poll(Duration.ofMillis(100))) {
				if (!filter.matches(letter)) {
					continue;
				}
				if (letters.size() == limit) {
					return new Place(partition.partition(), letter.offset());
				}
				letters.add(DeadLetter.of(letter, marked.contains(letter.offset()), this.properties.showPayload()));
			}
			position = reader.position(partition);
		}
		return null;
	}

	/**
	 * Redrive what the request means. Returns when that is done, the limit is reached, or
	 * it failed.
	 * @param request what and how
	 * @return what was done
	 * @throws IllegalArgumentException if it is no such topic of this application
	 */
	public RedriveReport redrive(Redrive request) {
		DeadLetterSources.Source source = this.sources.require(request.topic());
		if (!request.dryRun()) {
			logger.info("Redrive begins: %s".formatted(describe(request)));
		}
		RedriveReport report = new RedriveRun(source, request, this.properties.redrive(), () -> this.closed).execute();
		if (!request.dryRun()) {
			this.ledger.deadLetters().post(source.name(), DeadLetterCounts.Outcome.REDRIVEN, report.redriven());
			this.ledger.deadLetters().post(source.name(), DeadLetterCounts.Outcome.PARKED, report.parked());
			String line = "Redrive ended: %s redriven=%d parked=%d skipped=%d refused=%s complete=%s took=%dms failure=%s"
				.formatted(describe(request), report.redriven(), report.parked(), report.skipped(), report.refused(),
						report.complete(), report.took().toMillis(), report.failure());
			if (report.failure() != null) {
				logger.warn(line);
			}
			else {
				logger.info(line);
			}
			this.events.publishEvent(report);
		}
		return report;
	}

	private static String describe(Redrive request) {
		return "topic=%s by=%s filter=%s limit=%d maxRedrives=%d".formatted(request.topic(),
				DeadLetter.printable(request.requestedBy()), DeadLetter.printable(request.filter().toString()),
				request.limit(), request.maxRedrives());
	}

	private TopicDescription describe(DeadLetterSources.Source source, BoundedAdmin admin, long deadline) {
		return admin.describe(source.name(), deadline)
			.orElseThrow(() -> new IllegalArgumentException("The topic was deleted"));
	}

	private static List<TopicPartition> partitionsOf(TopicDescription topic) {
		return IntStream.range(0, topic.partitions().size())
			.mapToObj((partition) -> new TopicPartition(topic.name(), partition))
			.toList();
	}

	private RedriveMarks marksOf(DeadLetterSources.Source source, TopicDescription topic) {
		return new RedriveMarks(source.cluster(), this.properties.redrive().topic(), topic.name(), topic.topicId());
	}

	@Override
	public void destroy() {
		this.closed = true;
	}

	/**
	 * A dead letter topic or parking topic.
	 *
	 * @param name its name
	 * @param originalTopic the topic that its records came from
	 * @param parking whether it is for records that were redriven too often
	 * @param partitions how many it has
	 * @param records how many offsets it has
	 * @param waiting how many of these are neither redriven nor parked
	 * @since 0.1.0
	 */
	public record Topic(String name, String originalTopic, boolean parking, int partitions, long records,
			long waiting) {
	}

	/**
	 * Some dead letters.
	 *
	 * @param letters the dead letters
	 * @param next where the next page begins; {@code null} if there is none
	 * @since 0.1.0
	 */
	public record Page(List<DeadLetter> letters, @Nullable Place next) {

		public Page {
			letters = List.copyOf(letters);
		}

	}

	/**
	 * A place in a dead letter topic.
	 *
	 * @param partition the partition
	 * @param offset the offset
	 * @since 0.1.0
	 */
	public record Place(int partition, long offset) {
	}

}
