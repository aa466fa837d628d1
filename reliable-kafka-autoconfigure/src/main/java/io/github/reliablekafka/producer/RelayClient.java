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

package io.github.reliablekafka.producer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The producer of a relay: with the settings of the application's, but for bytes, never
 * with less safety than the starter asks for, and without interceptors, as these have
 * seen the records before. It is replaced after a failure that may be for good, when
 * nothing is in its hands any more.
 */
final class RelayClient {

	private static final long WINDOW_BYTES = 16 << 20;

	private static final String MAX_BLOCK_MS = "1000";

	/**
	 * With one request on its way to a broker, which has one batch of each partition, the
	 * size of batches says how fast a spool is emptied.
	 */
	private static final int BATCH_BYTES = 64 << 10;

	/**
	 * So many batches have room in the memory of the client.
	 */
	private static final int BATCHES = 64;

	private volatile Map<String, Object> settings;

	private final boolean placing;

	private final Supplier<@Nullable Numbering> numbering;

	private final Function<Map<String, Object>, Producer<byte[], byte[]>> producers;

	private volatile ClusterIdentity identity = new ClusterIdentity();

	private final AtomicLong bytes = new AtomicLong();

	private final AtomicInteger records = new AtomicInteger();

	private @Nullable Numbering numbers;

	private boolean numbersAsked;

	private volatile @Nullable Producer<byte[], byte[]> producer;

	private volatile boolean suspect;

	private boolean closed;

	/**
	 * Create a client that is not connected.
	 * @param settings all of a producer of the application
	 * @param numbering opens a session for records that got no number before
	 */
	RelayClient(Map<String, Object> settings, Supplier<@Nullable Numbering> numbering) {
		this(settings, numbering,
				(complete) -> new KafkaProducer<>(complete, new ByteArraySerializer(), new ByteArraySerializer()));
	}

	RelayClient(Map<String, Object> settings, Supplier<@Nullable Numbering> numbering,
			Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
		this.settings = own(settings, clientId(settings));
		this.placing = settings.get(StampingPartitioner.DELEGATE_SETTING) == null;
		this.numbering = numbering;
		this.producers = producers;
	}

	private static Map<String, Object> own(Map<String, Object> settings, Object clientId) {
		Map<String, Object> own = new HashMap<>(settings);
		own.keySet().removeIf((name) -> name.startsWith("reliable."));
		own.remove(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG);
		own.remove(ProducerConfig.PARTITIONER_CLASS_CONFIG);
		own.remove(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG);
		own.remove(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG);
		own.put(ProducerConfig.CLIENT_ID_CONFIG, clientId);
		// Whatever risks the application accepts for what it sends directly: from here on
		// a record is on disk only until it is acknowledged.
		own.put(ProducerConfig.ACKS_CONFIG, "all");
		own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
		own.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
		own.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
		// Others wait behind a topic that is not known.
		own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS);
		own.put(ProducerConfig.BATCH_SIZE_CONFIG, batchBytes(settings));
		return own;
	}

	private static int batchBytes(Map<String, Object> settings) {
		int given = (int) ProducerRules.effective(settings, ProducerConfig.BATCH_SIZE_CONFIG);
		long buffer = (long) ProducerRules.effective(settings, ProducerConfig.BUFFER_MEMORY_CONFIG);
		return (int) Math.max(given, Math.min(BATCH_BYTES, buffer / BATCHES));
	}

	/**
	 * Take other settings for the next connection, as passwords change. The one there is
	 * stays as long as it works.
	 * @param newer all of a producer of the application
	 */
	void settings(Map<String, Object> newer) {
		Map<String, Object> present = this.settings;
		this.settings = own(newer, present.getOrDefault(ProducerConfig.CLIENT_ID_CONFIG, clientId(newer)));
	}

	/**
	 * By what settings records are sent.
	 * @return those of the next connection
	 */
	Map<String, Object> settings() {
		return this.settings;
	}

	boolean isLike(Map<String, Object> identity) {
		return ConnectionSettings.identity(this.settings).equals(identity);
	}

	/**
	 * What the client takes. What it would refuse is parked, and so must not be promised.
	 * @return its limits
	 */
	ClientLimits limits() {
		Map<String, Object> present = this.settings;
		return new ClientLimits(Duration.ZERO,
				((Number) ProducerRules.effective(present, ProducerConfig.BUFFER_MEMORY_CONFIG)).longValue(),
				((Number) ProducerRules.effective(present, ProducerConfig.MAX_REQUEST_SIZE_CONFIG)).longValue(),
				() -> 0);
	}

	static String clientId(Map<String, Object> settings) {
		return settings.getOrDefault(ProducerConfig.CLIENT_ID_CONFIG, "producer") + "-spool";
	}

	boolean isPlacing() {
		return this.placing;
	}

	/**
	 * Whether another record may be sent. To be asked before it is taken from its lane: a
	 * producer that failed is given up here and not while a record is sent, as one that
	 * was taken before the failure would get ahead of what comes back by it.
	 * @return {@code false} while too much is on its way
	 */
	boolean hasRoom() {
		return this.bytes.get() < WINDOW_BYTES && (!this.suspect || isGivenUp());
	}

	private synchronized boolean isGivenUp() {
		if (this.records.get() > 0) {
			return false;
		}
		Producer<byte[], byte[]> failed = this.producer;
		this.producer = null;
		// The next one may get to another cluster.
		this.identity = new ClusterIdentity();
		this.suspect = false;
		if (failed != null) {
			boolean unused = BoundedClose.close(failed, Duration.ZERO);
		}
		return true;
	}

	/**
	 * The cluster to which records would be sent now.
	 * @return its id; {@code null} if it has not answered this connection yet
	 */
	@Nullable String clusterId() {
		return this.identity.id();
	}

	/**
	 * How many partitions a topic has by what the client knows, if a record was not sent
	 * as its partition is not among them.
	 * @param lane where the record goes
	 * @param failure what it failed with before it was sent
	 * @return 0 if there is no such topic; {@link Integer#MAX_VALUE} if it failed for
	 * another reason
	 */
	int missingFrom(SpooledLane lane, Exception failure) {
		RejectionReason reason = Rejections.reason(failure, true);
		if (reason == RejectionReason.TOPIC_NOT_FOUND) {
			return 0;
		}
		String message = failure.getMessage();
		// The client has no other word for it. What has another reason is not asked for,
		// as the client may wait for an answer.
		if (reason != RejectionReason.UNREACHABLE || message == null || !message.contains(" partition count ")) {
			return Integer.MAX_VALUE;
		}
		try {
			int count = partitionsFor(lane.topic()).size();
			return (count <= lane.partition()) ? count : Integer.MAX_VALUE;
		}
		catch (RuntimeException ex) {
			return Integer.MAX_VALUE;
		}
	}

	/**
	 * What became of a record whose partition does not exist.
	 * @param topic its topic
	 * @param count how many partitions there are
	 * @return a failure as it is of a topic that does not exist
	 */
	static TimeoutException noSuchPartition(String topic, int count) {
		String message = "Topic '%s' has %d partitions, and not the one of this record".formatted(topic, count);
		return new TimeoutException(message, new UnknownTopicOrPartitionException(message));
	}

	List<PartitionInfo> partitionsFor(String topic) {
		try {
			if (this.suspect) {
				boolean unused = isGivenUp();
			}
			return producer().partitionsFor(topic);
		}
		catch (KafkaException ex) {
			if (isSuspect(ex, true)) {
				this.suspect = true;
			}
			throw ex;
		}
	}

	/**
	 * Send a record to its partition.
	 * @param record the record
	 * @param lane where it goes
	 * @param replay whether it may be there
	 * @param sent is told what became of it
	 * @return {@code false} if it is not sent, as another has failed since there was room
	 */
	boolean send(SpoolRecord record, SpooledLane lane, boolean replay, Sent sent) {
		if (this.suspect) {
			return false;
		}
		int size = Spooling.sizeOf(record);
		this.bytes.addAndGet(size);
		this.records.incrementAndGet();
		Thread sender = Thread.currentThread();
		boolean[] told = new boolean[1];
		try {
			Future<RecordMetadata> unused = producer().send(outgoing(record, lane, replay), (metadata, failure) -> {
				told[0] = true;
				this.bytes.addAndGet(-size);
				boolean before = Thread.currentThread() == sender;
				if (failure != null && isSuspect(failure, before)) {
					this.suspect = true;
				}
				try {
					sent.sent(metadata, failure, !before);
				}
				finally {
					// Last: until it is back in its lane, what came later must not be
					// sent.
					this.records.decrementAndGet();
				}
			});
		}
		catch (RuntimeException | Error ex) {
			if (told[0]) {
				return true;
			}
			this.bytes.addAndGet(-size);
			this.records.decrementAndGet();
			this.suspect = true;
			// An error comes from anywhere.
			Exception failure = (ex instanceof RuntimeException exception) ? exception
					: new KafkaException("The record could not be sent", ex);
			sent.sent(null, failure, ex instanceof Error);
		}
		return true;
	}

	/**
	 * How many records have no outcome.
	 * @return those of all lanes
	 */
	int inFlight() {
		return this.records.get();
	}

	/**
	 * Send nothing more until all that was sent has its outcome, and then with another
	 * producer.
	 */
	void holdBack() {
		this.suspect = true;
	}

	/**
	 * Whether nothing is sent for that reason, or as something has failed.
	 * @return {@code false} also if that is over
	 */
	boolean isHeldBack() {
		return this.suspect;
	}

	/**
	 * Have what the cluster has not acknowledged back, though it may have been written.
	 * Nothing more is sent until all of it is back.
	 */
	void takeBack() {
		Producer<byte[], byte[]> present = this.producer;
		if (present != null) {
			this.suspect = true;
			boolean unused = BoundedClose.close(present, Duration.ZERO);
		}
	}

	private static boolean isSuspect(Exception failure, boolean before) {
		return switch (Rejections.reason(failure, before)) {
			case FENCED, CLOSED, OTHER, EXPIRED, NOT_AUTHORIZED -> true;
			default -> false;
		};
	}

	/**
	 * Whether the cluster will not take the record the next time either.
	 * @param failure why it was not taken
	 * @return {@code false} if in doubt
	 */
	static boolean isForGood(Exception failure) {
		RejectionReason reason = Rejections.reason(failure, false);
		return reason == RejectionReason.RECORD_TOO_LARGE || reason == RejectionReason.INVALID_RECORD
				|| reason == RejectionReason.INVALID_TOPIC;
	}

	/**
	 * Whether the cluster knows who sends, and does not permit it.
	 * @param failure why a record was not taken
	 * @return {@code false} if the cluster could not be asked
	 */
	static boolean isDenied(Exception failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof AuthorizationException) {
				return true;
			}
			if (cause instanceof TimeoutException) {
				// With what it was told before the cluster went away.
				return false;
			}
		}
		return false;
	}

	/**
	 * Number a record that has no number. Whoever calls appends it and says so.
	 * @param topic its topic
	 * @param partition its partition
	 * @return {@code null} if records are not numbered
	 */
	@Nullable Ticket number(String topic, int partition) {
		if (!this.numbersAsked) {
			this.numbersAsked = true;
			this.numbers = this.numbering.get();
		}
		Numbering present = this.numbers;
		return (present != null) ? present.stamp(topic, partition, null, System.nanoTime()) : null;
	}

	/**
	 * The number that a record has.
	 * @param record the record
	 * @param lane where it goes
	 * @return {@code null} if it has none
	 */
	static @Nullable Stamp number(SpoolRecord record, SpooledLane lane) {
		for (SpoolRecord.Field field : record.headers()) {
			if (field.name().equals(Stamp.HEADER)) {
				return Stamp.decode(new Lane(lane.topic(), lane.partition()), field.value());
			}
		}
		return null;
	}

	static SpoolRecord stamped(SpoolRecord record, @Nullable Ticket ticket) {
		if (ticket == null) {
			return record;
		}
		List<SpoolRecord.Field> headers = new ArrayList<>(record.headers());
		headers.add(new SpoolRecord.Field(Stamp.HEADER, ticket.takeHeader()));
		return new SpoolRecord(record.partition(), record.timestamp(), record.enqueuedAt(), record.key(),
				record.value(), headers);
	}

	private static ProducerRecord<byte[], byte[]> outgoing(SpoolRecord record, SpooledLane lane, boolean replay) {
		Headers headers = new RecordHeaders();
		for (SpoolRecord.Field field : record.headers()) {
			byte[] value = field.value();
			if (replay && field.name().equals(Stamp.HEADER)) {
				value = replayed(new Lane(lane.topic(), lane.partition()), value);
			}
			headers.add(field.name(), value);
		}
		return new ProducerRecord<>(lane.topic(), lane.partition(), record.timestamp(), record.key(), record.value(),
				headers);
	}

	private static byte @Nullable [] replayed(Lane lane, byte @Nullable [] header) {
		Stamp stamp = Stamp.decode(lane, header);
		return (stamp != null) ? new Stamp(stamp.session(), stamp.number(), stamp.aborted(), stamp.transactional(),
				true, stamp.anchor())
			.encode(lane) : header;
	}

	private synchronized Producer<byte[], byte[]> producer() {
		if (this.closed) {
			throw new IllegalStateException("Producer closed");
		}
		Producer<byte[], byte[]> present = this.producer;
		if (present == null) {
			ClusterIdentity found = new ClusterIdentity();
			Map<String, Object> complete = new HashMap<>(this.settings);
			complete.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, List.of(ProducerSettingsVeto.class));
			complete.put(ClusterIdentity.SETTING, found);
			present = this.producers.apply(complete);
			this.identity = found;
			this.producer = present;
		}
		return present;
	}

	void close(Duration timeout) {
		Producer<byte[], byte[]> last;
		synchronized (this) {
			this.closed = true;
			last = this.producer;
		}
		if (last != null) {
			boolean unused = BoundedClose.close(last, timeout);
		}
		Numbering present = this.numbers;
		if (present != null) {
			present.close();
		}
	}

	/**
	 * Is told what became of a record.
	 */
	@FunctionalInterface
	interface Sent {

		/**
		 * There is an outcome.
		 * @param metadata where it is
		 * @param failure why it is nowhere; {@code null} if it is somewhere
		 * @param replay whether it may have been written although it failed
		 */
		void sent(@Nullable RecordMetadata metadata, @Nullable Exception failure, boolean replay);

	}

}
