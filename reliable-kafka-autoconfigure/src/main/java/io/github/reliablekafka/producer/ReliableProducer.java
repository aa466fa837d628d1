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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

import io.github.reliablekafka.durability.ConfiguredClient;
import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.Delivery;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.ProducerSession;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * A producer that posts the outcome of every record to the ledger, whether or not the
 * caller looks at it, that gives every record a number, and that never waits without end
 * when it is closed. In a transaction an acknowledged record has its outcome when the
 * transaction has.
 * <p>
 * Records that wait for their acknowledgement are in the client's memory, and are lost
 * with the process unless they are in the spool as well. As thread-safe as the producer
 * it wraps.
 */
final class ReliableProducer<K, V> implements Producer<K, V>, ConfiguredClient {

	private static final Log logger = LogFactory.getLog(ReliableProducer.class);

	private final Producer<K, V> delegate;

	private final Map<String, Object> settings;

	private final DeliveryLedger ledger;

	private final RejectionLog rejectionLog;

	private final ProducerShutdown shutdown;

	private final LongAdder closed = new LongAdder();

	private final Queue<Delivery> uncommitted = new ConcurrentLinkedQueue<>();

	private final boolean transactional;

	private final @Nullable Numbering numbering;

	private final @Nullable Spooling spooling;

	ReliableProducer(Producer<K, V> delegate, Map<String, Object> settings, DeliveryLedger ledger,
			RejectionLog rejectionLog, ProducerShutdown shutdown, @Nullable Numbering numbering,
			@Nullable Spooling spooling) {
		this.delegate = delegate;
		this.settings = settings;
		this.ledger = ledger;
		this.rejectionLog = rejectionLog;
		this.shutdown = shutdown;
		this.transactional = settings.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null;
		this.numbering = numbering;
		this.spooling = spooling;
		shutdown.opened(this);
	}

	@Override
	public Map<String, Object> effectiveSettings() {
		return this.settings;
	}

	@Override
	public Future<RecordMetadata> send(ProducerRecord<K, V> record) {
		return send(record, null);
	}

	@Override
	public Future<RecordMetadata> send(ProducerRecord<K, V> record, @Nullable Callback callback) {
		Outcome outcome = new Outcome(record.topic(), callback, PendingReceipt.take());
		outcome.begin();
		try {
			if (this.spooling != null && this.spooling.unplaced().isWaiting(record.topic())) {
				this.spooling.unplaced().take(outcome, record);
				return outcome.future();
			}
			Future<RecordMetadata> sent = this.delegate.send(record, outcome);
			return (this.spooling != null) ? outcome.future() : sent;
		}
		catch (HandedOver ex) {
			return outcome.future();
		}
		catch (RuntimeException | Error ex) {
			if (outcome.isRescued(ex)) {
				return outcome.future();
			}
			// First, as from then on nobody takes it over.
			outcome.leave(false);
			if (outcome.isHanded()) {
				// The client had it, gave it up, and then threw what made it do so.
				return outcome.future();
			}
			outcome.thrown();
			outcome.post(ex);
			throw ex;
		}
		finally {
			String unknownTopic = outcome.end();
			if (unknownTopic != null) {
				learn(unknownTopic);
			}
		}
	}

	@Override
	public void initTransactions() {
		this.delegate.initTransactions();
	}

	@Override
	public void beginTransaction() {
		this.delegate.beginTransaction();
		ifNumbered(ProducerSession::beginTransaction);
	}

	@Override
	public void sendOffsetsToTransaction(Map<TopicPartition, OffsetAndMetadata> offsets,
			ConsumerGroupMetadata groupMetadata) {
		String group = groupMetadata.groupId();
		try {
			this.delegate.sendOffsetsToTransaction(ConsumerSession.enrich(offsets, group), groupMetadata);
		}
		catch (RuntimeException ex) {
			ConsumerSession.refused(ex, group);
			throw ex;
		}
	}

	@Override
	public void commitTransaction() {
		ifNumbered(ProducerSession::committing);
		try {
			this.delegate.commitTransaction();
		}
		catch (TimeoutException | InterruptException ex) {
			// Still undecided: the caller may try to commit again.
			throw ex;
		}
		catch (RuntimeException ex) {
			// What made the commit fail may be another record's fault.
			RejectionReason reason = (Rejections.reason(ex, false) == RejectionReason.FENCED) ? RejectionReason.FENCED
					: RejectionReason.ABORTED;
			settleUncommitted((delivery) -> delivery.rejected(reason, String.valueOf(ex)));
			throw ex;
		}
		ConsumerSession.committed();
		ifNumbered(ProducerSession::commitTransaction);
		settleUncommitted(Delivery::delivered);
	}

	@Override
	public void abortTransaction() {
		this.delegate.abortTransaction();
		ifNumbered(ProducerSession::abortTransaction);
		settleUncommitted((delivery) -> delivery.rejected(RejectionReason.ABORTED, "The transaction was aborted"));
	}

	@Override
	public void registerMetricForSubscription(KafkaMetric metric) {
		this.delegate.registerMetricForSubscription(metric);
	}

	@Override
	public void unregisterMetricFromSubscription(KafkaMetric metric) {
		this.delegate.unregisterMetricFromSubscription(metric);
	}

	@Override
	public void flush() {
		this.delegate.flush();
		if (this.spooling != null) {
			this.spooling.awaitHanded();
		}
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic) {
		List<PartitionInfo> partitions = this.delegate.partitionsFor(topic);
		if (this.numbering != null) {
			this.numbering.learn(topic, partitions.size());
		}
		return partitions;
	}

	@Override
	public Map<MetricName, ? extends Metric> metrics() {
		return this.delegate.metrics();
	}

	@Override
	public Uuid clientInstanceId(Duration timeout) {
		return this.delegate.clientInstanceId(timeout);
	}

	/**
	 * Close within the configured time. Kafka's own waits until the last record is
	 * acknowledged, for days if need be.
	 */
	@Override
	public void close() {
		close(this.shutdown.timeout());
	}

	@Override
	public void close(Duration timeout) {
		Duration patience = this.shutdown.closed(this) ? timeout : Duration.ZERO;
		long closedBefore = this.closed.sum();
		try {
			if (!BoundedClose.close(this.delegate, patience)) {
				logger.warn(("Producer closed, although a broker that is connected and does not answer keeps its "
						+ "network thread; records that wait for their acknowledgement have no outcome"));
			}
		}
		finally {
			ifNumbered(ProducerSession::close);
			settleUncommitted((delivery) -> {
				delivery.rejected(RejectionReason.CLOSED,
						"The producer was closed before its transaction was committed");
				this.closed.increment();
			});
			long unacknowledged = this.closed.sum() - closedBefore;
			if (unacknowledged > 0) {
				logger
					.error("Producer closed with %d records that were not acknowledged; they may or may not be written"
						.formatted(unacknowledged));
			}
		}
	}

	private void learn(String topic) {
		try {
			// Does not wait: the client has just looked it up.
			List<PartitionInfo> unused = partitionsFor(topic);
		}
		catch (RuntimeException ex) {
			logger.debug("Partitions of topic '%s' not known yet".formatted(topic), ex);
		}
	}

	private void ifNumbered(Consumer<ProducerSession> action) {
		ProducerSession session = (this.numbering != null) ? this.numbering.session() : null;
		if (session != null) {
			action.accept(session);
		}
	}

	private void settleUncommitted(Consumer<Delivery> outcome) {
		for (Delivery delivery = this.uncommitted.poll(); delivery != null; delivery = this.uncommitted.poll()) {
			outcome.accept(delivery);
		}
	}

	/**
	 * Posts what becomes of one record, then tells the caller.
	 */
	private final class Outcome extends SpooledDelivery implements Callback {

		private volatile @Nullable Callback callback;

		/**
		 * What the sender gets, as the client's future knows nothing of the relay, to
		 * which the record may go later; {@code null} if there is none.
		 */
		private final @Nullable CompletableFuture<RecordMetadata> future;

		private boolean told;

		Outcome(String topic, @Nullable Callback callback, @Nullable PendingReceipt receipt) {
			super(ReliableProducer.this.ledger, topic, ReliableProducer.this.numbering, ReliableProducer.this.spooling,
					receipt);
			this.callback = callback;
			this.future = (ReliableProducer.this.spooling != null) ? new CompletableFuture<>() : null;
		}

		@Override
		public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
			boolean over = exception == null || !isTakenOver(exception, Rejections.reason(exception, isBeingSent()));
			// If send has thrown, the relay may have it, and tells what becomes of it.
			if (over && !isHanded()) {
				tell(finish(metadata, exception), exception);
			}
		}

		@Override
		void complete(@Nullable RecordMetadata metadata) {
			RecordMetadata place = finish(metadata, null);
			tellLater(() -> tell(place, null));
		}

		@Override
		void reject(Exception exception) {
			RecordMetadata place = finish(nowhere(), exception);
			tellLater(() -> tell(place, exception));
		}

		@Override
		void forgetSender() {
			this.callback = null;
		}

		@Override
		void abandon(Exception exception) {
			if (isKnownToBeSafe()) {
				// And that is the truth.
				over();
				return;
			}
			RecordMetadata place = nowhere();
			tell(place, isDurable() ? new DeliveryPendingException(place.topic(), exception) : exception);
		}

		private @Nullable RecordMetadata finish(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
			RecordMetadata place = settle(metadata, exception);
			if (exception == null || !isParked(exception)) {
				leave(exception == null);
			}
			if (exception != null) {
				post(exception);
			}
			else if (ReliableProducer.this.transactional) {
				ReliableProducer.this.uncommitted.add(this);
			}
			else {
				delivered();
			}
			return place;
		}

		private void tell(@Nullable RecordMetadata place, @Nullable Exception exception) {
			synchronized (this) {
				// What was abandoned may arrive all the same.
				if (this.told) {
					return;
				}
				this.told = true;
			}
			Callback present = this.callback;
			try {
				if (present != null) {
					present.onCompletion(place, exception);
				}
			}
			finally {
				// Whatever the application does in its callback.
				if (this.future != null && exception != null) {
					this.future.completeExceptionally(exception);
				}
				else if (this.future != null) {
					this.future.complete(place);
				}
				over();
			}
		}

		private Future<RecordMetadata> future() {
			return Objects.requireNonNull(this.future);
		}

		private RecordMetadata nowhere() {
			SpooledLane lane = Objects.requireNonNull(lane());
			return new RecordMetadata(new TopicPartition(lane.topic(), Math.max(-1, lane.partition())), -1, -1,
					RecordBatch.NO_TIMESTAMP, -1, -1);
		}

		private void post(Throwable failure) {
			RejectionReason reason = Rejections.reason(failure, isBeingSent());
			String message = Rejections.describe(reason, failure);
			if (rejected(reason, message)) {
				if (reason == RejectionReason.CLOSED) {
					ReliableProducer.this.closed.increment();
				}
				ReliableProducer.this.rejectionLog.rejected(topic(), reason, message);
			}
		}

	}

}
