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

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.sequence.SequenceBoard;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is reported in one cluster, by a thread and a consumer of its own without a
 * group, and has the losses answered whose records this application may have. Begins with
 * reports as old as records are kept, and does so again whenever another directory of
 * spools is opened, so that a report that came too early is not lost; nothing is read
 * before the first one is. Nothing is answered before the end of the topic was reached
 * once, because a later report may say that the records have come. What fails is said
 * once and tried again.
 */
final class ReportsReader implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(ReportsReader.class);

	private static final Duration POLL = Duration.ofMillis(500);

	private static final Duration RESTING = Duration.ofSeconds(1);

	private static final Duration LOOK_AGAIN = Duration.ofMinutes(3);

	private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);

	private static final Duration LAST_BACKOFF = Duration.ofSeconds(30);

	private final String topic;

	private final SpooledRecords spooled;

	private final Duration timeout;

	private final Clock clock;

	private final BoundedAdmin admin;

	private final OpenLosses open;

	private final ReportFilter filter;

	private final LossAnswers answers;

	private final CountDownLatch closed = new CountDownLatch(1);

	private final Thread thread;

	private final ReportsCursor cursor;

	private Set<TopicPartition> partitions = Set.of();

	private @Nullable Uuid topicId;

	private @Nullable String clusterId;

	private long opened;

	private long lookAt;

	private long failedAt = System.nanoTime();

	private Duration backoff = FIRST_BACKOFF;

	private boolean failing;

	private boolean missing;

	/**
	 * Create a reader that does not run yet.
	 * @param board the cluster
	 * @param topic the name of the reports topic
	 * @param application the name of this application
	 * @param spooled has records
	 * @param sentAgain remembers what need not be sent
	 * @param timeout longest time for an answer of the cluster
	 * @param clock the time of reports
	 */
	ReportsReader(SequenceBoard board, String topic, String application, SpooledRecords spooled, SentAgain sentAgain,
			Duration timeout, Clock clock) {
		this.topic = topic;
		this.spooled = spooled;
		this.timeout = timeout;
		this.clock = clock;
		this.admin = new BoundedAdmin(board.connection(), "reliable-kafka-loss-answers-admin", timeout);
		this.cursor = new ReportsCursor(board.connection(), timeout);
		this.open = new OpenLosses(spooled.period(), System::nanoTime);
		this.filter = new ReportFilter(board, application, sentAgain, this.open);
		this.answers = new LossAnswers(board, this.admin, spooled, sentAgain, this.open, timeout);
		this.thread = new Thread(this::run, "reliable-kafka-loss-answers");
		this.thread.setDaemon(true);
	}

	void start() {
		this.thread.start();
	}

	private void run() {
		try {
			Duration pause = Duration.ZERO;
			while (!this.closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
				pause = survive();
			}
		}
		catch (InterruptedException | InterruptException ex) {
			// Asked to end.
		}
		finally {
			Thread.interrupted();
			stopReading();
		}
	}

	private Duration survive() throws InterruptedException {
		try {
			return attempt();
		}
		catch (InterruptedException | InterruptException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			// What was to be done about a failure has failed, for want of memory, say.
			return LAST_BACKOFF;
		}
	}

	private Duration attempt() throws InterruptedException {
		try {
			return turn();
		}
		catch (WakeupException ex) {
			return Duration.ZERO;
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException | Error ex) {
			failed(ex);
			stopReading();
			return backOff();
		}
	}

	private Duration turn() throws InterruptedException {
		long present = this.spooled.opened();
		if (present == 0) {
			return RESTING;
		}
		if (!look()) {
			return backOff();
		}
		if (present != this.opened) {
			this.cursor.seek(this.partitions, this.clock.millis() - this.spooled.period().toMillis());
			this.opened = present;
		}
		OpenLosses open = this.open;
		boolean caughtUp = this.cursor.isCaughtUp();
		if (!open.isFull() || !open.isDue()) {
			boolean heard = this.cursor.read((caughtUp && open.isDue()) ? Duration.ZERO : POLL, this.filter::accept);
			// A broker that is slow to refuse looks like one that has nothing to say.
			if (heard || System.nanoTime() - this.failedAt >= 2 * LAST_BACKOFF.toNanos()) {
				settled();
			}
		}
		String cluster = this.clusterId;
		if (cluster != null && (this.cursor.isCaughtUp() || open.isFull())) {
			this.answers.answerNext(cluster);
		}
		return Duration.ZERO;
	}

	// Whether the topic is there. One of the same name with another id has nothing to do
	// with the positions in the one before.
	private boolean look() {
		long now = System.nanoTime();
		if (this.topicId != null && now - this.lookAt < 0) {
			return true;
		}
		long deadline = now + this.timeout.toNanos();
		Optional<TopicDescription> present = this.admin.describe(this.topic, deadline);
		if (present.isEmpty()) {
			stopReading();
			this.topicId = null;
			if (!this.missing) {
				this.missing = true;
				logger.info("Topic '%s' does not exist: the first report creates it".formatted(this.topic));
			}
			return false;
		}
		this.missing = false;
		this.clusterId = BoundedAdmin.get(this.admin.admin().describeCluster().clusterId(), deadline);
		this.partitions = IntStream.range(0, present.get().partitions().size())
			.mapToObj((partition) -> new TopicPartition(this.topic, partition))
			.collect(Collectors.toSet());
		if (!present.get().topicId().equals(this.topicId) || !this.cursor.partitions().equals(this.partitions)) {
			this.opened = 0;
			this.topicId = present.get().topicId();
		}
		else {
			this.cursor.lookForEnds();
		}
		this.lookAt = now + LOOK_AGAIN.toNanos();
		return true;
	}

	private Duration backOff() {
		Duration now = this.backoff;
		Duration next = now.multipliedBy(2);
		this.backoff = (next.compareTo(LAST_BACKOFF) < 0) ? next : LAST_BACKOFF;
		return now;
	}

	private void failed(Throwable failure) {
		this.failedAt = System.nanoTime();
		if (this.failing || this.closed.getCount() == 0) {
			return;
		}
		this.failing = true;
		String advice = (failure instanceof AuthorizationException)
				? ". Allow the application Describe and Read on that topic" : "";
		logger.warn("Loss reports cannot be read from topic '%s', so what others report is not answered (%s)%s"
			.formatted(this.topic, failure, advice), (failure instanceof KafkaException) ? null : failure);
	}

	private void settled() {
		this.backoff = FIRST_BACKOFF;
		if (this.failing) {
			this.failing = false;
			logger.info("Loss reports are read from topic '%s' again".formatted(this.topic));
		}
	}

	private void stopReading() {
		this.lookAt = System.nanoTime();
		this.cursor.release();
	}

	/**
	 * End without waiting for the thread. It is not interrupted, since it may be reading
	 * files of the spool, but whatever it waits for is over soon.
	 */
	@Override
	public void close() {
		this.closed.countDown();
		this.cursor.wakeup();
		this.admin.close();
		this.answers.close();
	}

	/**
	 * Wait for the thread.
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @throws InterruptedException if the caller shall not wait
	 */
	void join(long deadline) throws InterruptedException {
		this.thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
	}

}
