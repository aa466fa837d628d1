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

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.report.OpenLosses.Loss;
import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.LeaderNotAvailableException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Answers losses that others have reported in one cluster, as far as the records are in
 * the spools of this application and were sent to that cluster: looks whether they have
 * come meanwhile, and sends them again. A topic that is not there, or does not take them,
 * is found out in a moment as long as the cluster answers, and left alone for a while.
 * Memory: 32 MiB of records at a time. For use by one thread, but for closing.
 */
final class LossAnswers implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(LossAnswers.class);

	private static final Duration SLICE = Duration.ofMillis(100);

	private final SequenceBoard board;

	private final BoundedAdmin admin;

	private final BoundedProducer producer;

	private final SpooledRecords spooled;

	private final SentAgain sentAgain;

	private final Replays replays;

	private final OpenLosses open;

	private final Duration timeout;

	private volatile boolean closed;

	/**
	 * Create it.
	 * @param board the cluster
	 * @param admin reaches it; not to be closed here
	 * @param spooled has records
	 * @param sentAgain remembers what need not be sent
	 * @param open the losses
	 * @param timeout longest time until a record is acknowledged or given up
	 */
	LossAnswers(SequenceBoard board, BoundedAdmin admin, SpooledRecords spooled, SentAgain sentAgain, OpenLosses open,
			Duration timeout) {
		this.board = board;
		this.admin = admin;
		this.spooled = spooled;
		this.sentAgain = sentAgain;
		this.open = open;
		this.timeout = timeout;
		this.replays = new Replays(sentAgain, timeout);
		this.producer = new BoundedProducer(board.connection(), "reliable-kafka-loss-answers", timeout);
	}

	/**
	 * Answer the losses of one partition, or as many as are a portion.
	 * @param clusterId the cluster that answers now
	 * @throws InterruptedException if the thread shall end
	 */
	void answerNext(String clusterId) throws InterruptedException {
		OpenLosses.Batch batch = this.open.next();
		if (batch == null) {
			return;
		}
		try {
			if (answer(batch, clusterId)) {
				this.open.worked(batch.lane());
			}
			else {
				this.open.postpone(batch.lane());
			}
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			if (!this.closed && this.open.failed(batch.lane())) {
				logger.warn(("Lost records of topic '%s' are in the spool and cannot be sent again now, which is tried "
						+ "again for as long as they are kept: %s")
					.formatted(batch.lane().topic(), ex));
			}
		}
	}

	// Returns whether nobody else is about to send some of them.
	private boolean answer(OpenLosses.Batch batch, String clusterId) throws InterruptedException {
		Map<Long, NumberRanges> wanted = new HashMap<>();
		batch.losses().forEach((stream, loss) -> wanted.put(stream.session(), loss.numbers()));
		BooleanSupplier ended = () -> this.closed;
		SpooledRecords.Portion portion = this.spooled.find(batch.lane(), wanted, clusterId, ended);
		if (this.closed) {
			return true;
		}
		if (!portion.isPart()) {
			batch.losses()
				.forEach((stream, loss) -> this.open.remove(stream,
						without(loss.numbers(), portion.of(stream.session()))));
		}
		if (portion.isEmpty()) {
			return true;
		}
		requireLeader(batch.lane());
		boolean alone = true;
		for (Map.Entry<Stream, Loss> each : batch.losses().entrySet()) {
			Map<Long, LostRecord> records = portion.of(each.getKey().session());
			if (!records.isEmpty() && !this.closed) {
				alone &= send(each.getKey(), each.getValue(), records);
			}
		}
		return alone;
	}

	private static NumberRanges without(NumberRanges numbers, Map<Long, LostRecord> found) {
		NumberRanges rest = numbers;
		for (long number : found.keySet()) {
			rest = rest.remove(number, number);
		}
		return rest;
	}

	private boolean send(Stream stream, Loss loss, Map<Long, LostRecord> records) throws InterruptedException {
		NumberRanges come = come(stream, loss);
		this.sentAgain.add(stream, come);
		Map<Long, ProducerRecord<byte[], byte[]>> replays = new TreeMap<>();
		NumberRanges found = NumberRanges.EMPTY;
		for (LostRecord record : records.values()) {
			found = found.add(record.number(), record.number());
			// Nothing in a spool was ever sent in a transaction.
			replays.put(record.number(), Replays.replay(stream, record, record.number(), 0));
		}
		Replays.Outcome outcome = this.replays.send(this.producer, stream, replays);
		Throwable refusal = outcome.refusal();
		boolean ofTopic = refusal instanceof TopicAuthorizationException || refusal instanceof InvalidTopicException;
		this.open.remove(stream, outcome.sent());
		if (!ofTopic) {
			this.open.remove(stream, outcome.refused());
		}
		// What another thread has sent, or has come. What it is about to send stays, as
		// that may fail.
		this.open.remove(stream, found.remove(this.sentAgain.without(stream, found)));
		String line = "Loss answer had=%d sent=%d come=%d topic=%s partition=%d session=%016x".formatted(records.size(),
				outcome.sent().count(), come.count(), stream.lane().topic(), stream.lane().partition(),
				stream.session());
		if (refusal != null && !ofTopic) {
			logger.error(line + "; some were refused", refusal);
		}
		else if (!outcome.sent().isEmpty()) {
			logger.info(line);
		}
		Throwable failure = (outcome.failure() != null || !ofTopic) ? outcome.failure() : refusal;
		if (failure != null) {
			throw (failure instanceof KafkaException known) ? known : new KafkaException(failure);
		}
		return outcome.busy().isEmpty();
	}

	// A producer that has to find out itself waits for each record.
	private void requireLeader(Lane lane) {
		TopicDescription topic = this.admin.describe(lane.topic(), System.nanoTime() + this.timeout.toNanos())
			.orElseThrow(() -> new UnknownTopicOrPartitionException("There is no such topic"));
		if (lane.partition() >= topic.partitions().size()) {
			throw new UnknownTopicOrPartitionException("There is no partition " + lane.partition());
		}
		Node leader = topic.partitions().get(lane.partition()).leader();
		if (leader == null || leader.isEmpty()) {
			throw new LeaderNotAvailableException("Partition %d has no leader".formatted(lane.partition()));
		}
	}

	// Another instance may have sent them, or this one before it was started again. Who
	// may only write cannot look: then readers know a duplicate for what it is.
	private NumberRanges come(Stream stream, Loss loss) throws InterruptedException {
		LogAccess log = this.board.logAccess();
		if (log == null) {
			return NumberRanges.EMPTY;
		}
		NumberRanges come = NumberRanges.EMPTY;
		try {
			long end = await(log.end(stream.lane())).offset();
			long from = (loss.logEnd() >= 0) ? Math.min(loss.logEnd(), end) : Math.max(0, end - Examiner.LONGEST_RANGE);
			LogAccess.Reading reading = await(
					log.read(stream.lane(), from, Math.min(end, from + Examiner.LONGEST_RANGE), true));
			for (LogAccess.Entry entry : reading.records()) {
				Stamp stamp = Stamp.decode(stream.lane(), entry.header());
				if (stamp != null && stamp.session() == stream.session() && loss.numbers().contains(stamp.number())) {
					come = come.add(stamp.number(), stamp.number());
				}
			}
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.debug("Whether lost records have come meanwhile is not known", ex);
		}
		return come;
	}

	private <T> T await(CompletableFuture<T> answer) throws InterruptedException, ExecutionException, TimeoutException {
		long deadline = System.nanoTime() + this.timeout.toNanos();
		while (true) {
			try {
				return answer.get(SLICE.toMillis(), TimeUnit.MILLISECONDS);
			}
			catch (TimeoutException ex) {
				if (this.closed || System.nanoTime() - deadline >= 0) {
					throw ex;
				}
			}
		}
	}

	/**
	 * Give up what is not acknowledged yet.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.producer.close(Duration.ZERO);
	}

}
