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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.ClusterResource;
import org.apache.kafka.common.ClusterResourceListener;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * A producer that is none of the application's: it writes bytes, is idempotent and
 * acknowledged by every in-sync replica, and gives up after a bounded time, because
 * whoever uses it tries again, whereas the application's never give up. Nothing of it is
 * numbered, checked or measured. Connects when it is used first. After a failure that may
 * be for good it is replaced, and what was still in its buffer fails. Compresses with
 * gzip, which needs no library, because a record that an application has sent compressed
 * may be too large without. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class BoundedProducer implements AutoCloseable {

	private static final Set<Class<? extends ApiException>> REFUSALS = Set.of(RecordTooLargeException.class,
			RecordBatchTooLargeException.class, InvalidRecordException.class, InvalidTimestampException.class,
			InvalidTopicException.class, TopicAuthorizationException.class, PolicyViolationException.class);

	// May be over the next time, but say nothing about the producer either.
	private static final Set<Class<? extends ApiException>> OF_TOPIC = Set.of(UnknownTopicOrPartitionException.class,
			NotEnoughReplicasException.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	private static final Duration GRACE = Duration.ofSeconds(1);

	private final Map<String, Object> settings;

	private final ReentrantLock lock = new ReentrantLock();

	private @Nullable Producer<byte[], byte[]> producer;

	private volatile @Nullable String clusterId;

	private boolean closed;

	/**
	 * Create a producer that is not connected.
	 * @param connection how to reach the cluster
	 * @param name what its client id begins with
	 * @param timeout longest time from a call of {@link #send} to its outcome: a third of
	 * it for the topic to be known, the rest for the acknowledgement. One request may
	 * take a third
	 */
	public BoundedProducer(Map<String, Object> connection, String name, Duration timeout) {
		long third = Math.max(1, timeout.toMillis() / 3);
		this.settings = ConnectionSettings.ofOwnClient(connection, name);
		this.settings.put(ProducerConfig.ACKS_CONFIG, "all");
		this.settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
		this.settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1");
		this.settings.put(ProducerConfig.LINGER_MS_CONFIG, "0");
		this.settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
		this.settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, String.valueOf(third));
		this.settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, String.valueOf(third));
		this.settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, String.valueOf(2 * third));
		// The broker knows what is too large.
		this.settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(Integer.MAX_VALUE));
	}

	/**
	 * The partitions of a topic. Waits up to a third of the timeout if they are not known
	 * yet.
	 * @param topic the topic
	 * @return in no order
	 * @throws KafkaException if they do not become known
	 * @throws IllegalStateException once closed
	 */
	public List<PartitionInfo> partitionsFor(String topic) {
		Producer<byte[], byte[]> current = producer();
		try {
			return current.partitionsFor(topic);
		}
		catch (KafkaException ex) {
			giveUp(current, ex);
			throw ex;
		}
	}

	/**
	 * Send a record. Waits up to a third of the timeout if the cluster or the topic is
	 * not known yet.
	 * @param record the record
	 * @return completes when it is acknowledged, in the producer's thread; fails if it is
	 * not, or may not be
	 * @throws InterruptException if the caller shall not wait
	 */
	public CompletableFuture<Void> send(ProducerRecord<byte[], byte[]> record) {
		CompletableFuture<Void> acknowledged = new CompletableFuture<>();
		Producer<byte[], byte[]> current = null;
		try {
			current = producer();
			Producer<byte[], byte[]> used = current;
			Future<RecordMetadata> unused = current.send(record, (metadata, failure) -> {
				if (failure == null) {
					acknowledged.complete(null);
					return;
				}
				giveUp(used, failure);
				acknowledged.completeExceptionally(failure);
			});
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException | IllegalStateException ex) {
			if (current != null) {
				giveUp(current, ex);
			}
			acknowledged.completeExceptionally(ex);
		}
		return acknowledged;
	}

	/**
	 * The cluster that has answered last, as it calls itself. Addresses do not tell.
	 * @return {@code null} if none has answered yet
	 */
	public @Nullable String clusterId() {
		return this.clusterId;
	}

	/**
	 * Give up whatever is not acknowledged yet: it fails, and is not written later
	 * either, unless it is on its way. The next record connects anew.
	 */
	public void abandon() {
		Producer<byte[], byte[]> last;
		this.lock.lock();
		try {
			last = this.producer;
			this.producer = null;
		}
		finally {
			this.lock.unlock();
		}
		if (last != null) {
			close(last, Duration.ZERO);
		}
	}

	/**
	 * Whether a failure says something about the record or its topic, and will be the
	 * same the next time, unless somebody changes the topic.
	 * @param failure why a record was not acknowledged
	 * @return {@code false} if in doubt
	 */
	public static boolean isRefusal(Throwable failure) {
		return REFUSALS.stream().anyMatch((type) -> type.isInstance(failure));
	}

	/**
	 * Whether a failure says nothing about the producer, so that the records of others go
	 * on.
	 * @param failure why a record was not acknowledged
	 * @return {@code false} if in doubt
	 */
	static boolean isSurvivable(Throwable failure) {
		return isRefusal(failure) || OF_TOPIC.stream().anyMatch((type) -> type.isInstance(failure));
	}

	private Producer<byte[], byte[]> producer() {
		this.lock.lock();
		try {
			if (this.closed) {
				throw new IllegalStateException("The application is shutting down");
			}
			if (this.producer == null) {
				this.producer = new KafkaProducer<>(this.settings, new ByteArraySerializer(), new ValueSerializer());
			}
			return this.producer;
		}
		finally {
			this.lock.unlock();
		}
	}

	private void giveUp(Producer<byte[], byte[]> failed, Throwable failure) {
		if (isSurvivable(failure) || failure instanceof InterruptException) {
			return;
		}
		this.lock.lock();
		try {
			if (this.producer != failed) {
				return;
			}
			this.producer = null;
		}
		finally {
			this.lock.unlock();
		}
		startClose(failed, Duration.ZERO);
	}

	/**
	 * Wait up to 5 seconds for what is not acknowledged yet, then give it up. There will
	 * be no further record.
	 */
	@Override
	public void close() {
		close(CLOSE_TIMEOUT);
	}

	/**
	 * Wait for what is not acknowledged yet, then give it up. There will be no further
	 * record. Connections to brokers that do not answer may last for a third of the
	 * producer's timeout longer.
	 * @param timeout longest time to wait, and a second
	 */
	public void close(Duration timeout) {
		Producer<byte[], byte[]> last;
		this.lock.lock();
		try {
			this.closed = true;
			last = this.producer;
			this.producer = null;
		}
		finally {
			this.lock.unlock();
		}
		if (last != null) {
			close(last, timeout);
		}
	}

	private static Thread startClose(Producer<byte[], byte[]> last, Duration timeout) {
		Thread closing = new Thread(() -> last.close(timeout), "reliable-kafka-close");
		closing.setDaemon(true);
		closing.start();
		return closing;
	}

	// However little it may wait, it waits for its network thread, and nobody can stop
	// that while it waits for a broker that is connected and does not answer.
	private static void close(Producer<byte[], byte[]> last, Duration timeout) {
		Thread closing = startClose(last, timeout);
		try {
			closing.join(timeout.plus(GRACE).toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Hears which cluster it is: Kafka tells serializers.
	 */
	private final class ValueSerializer extends ByteArraySerializer implements ClusterResourceListener {

		@Override
		public void onUpdate(ClusterResource cluster) {
			if (cluster.clusterId() != null) {
				BoundedProducer.this.clusterId = cluster.clusterId();
			}
		}

	}

}
