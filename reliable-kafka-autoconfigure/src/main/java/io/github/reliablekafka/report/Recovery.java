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
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.sequence.Watermark;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Sends records again that Kafka lost, if the application still has them: to the same
 * partition, with the same session and number, marked as a replay. A number is sent again
 * once per process, whichever groups miss it, until a group has reported that it has
 * come; after a crash in the middle it may be sent twice. Safe for use by many threads.
 */
final class Recovery implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Recovery.class);

	private static final int CAPACITY = 1000;

	private static final int ATTEMPTS = 3;

	private final List<LostRecordSource> sources;

	private final SpooledRecords spooled;

	private final Duration timeout;

	private final Duration pause;

	private final Map<SequenceBoard, BoundedProducer> producers = new ConcurrentHashMap<>();

	private final SentAgain sentAgain = new SentAgain();

	private final Replays replays;

	private final BackgroundQueue queue = new BackgroundQueue("loss-recovery", CAPACITY,
			"losses wait to be answered, and more are not taken: they come again until they are answered");

	/**
	 * Create a recovery.
	 * @param sources have records; may be empty
	 * @param spooled what is still in the spools of this application
	 * @param timeout longest time until a record is acknowledged or given up
	 * @param pause before a source that failed is asked again
	 */
	Recovery(List<LostRecordSource> sources, SpooledRecords spooled, Duration timeout, Duration pause) {
		this.sources = sources;
		this.spooled = spooled;
		this.timeout = timeout;
		this.pause = pause;
		this.replays = new Replays(this.sentAgain, timeout);
	}

	/**
	 * What need not be sent again.
	 * @return shared with whoever sends as well
	 */
	SentAgain sentAgain() {
		return this.sentAgain;
	}

	/**
	 * Send again what a report is about, as far as somebody has it.
	 * @param report the report
	 * @param board its cluster; {@code null} if that is not known
	 * @return completes when everything that can be sent is acknowledged; fails if the
	 * cluster does not take it now, or somebody else is about to send it
	 */
	CompletableFuture<Void> answer(LossReport report, @Nullable SequenceBoard board) {
		if (report.verdict() != Verdict.LOST_ACKED || (this.sources.isEmpty() && !this.spooled.isRetaining())) {
			return CompletableFuture.completedFuture(null);
		}
		if (board == null) {
			say(report, "the cluster is not known for sure");
			return CompletableFuture.completedFuture(null);
		}
		CompletableFuture<Void> answered = new CompletableFuture<>();
		if (!this.queue.offer(() -> answer(report, board, answered))) {
			answered.completeExceptionally(
					new IllegalStateException("Too many losses wait to be answered, or the application shuts down"));
		}
		return answered;
	}

	private void answer(LossReport report, SequenceBoard board, CompletableFuture<Void> answered) {
		try {
			Finding finding = report.finding();
			Stream stream = Stream.of(board, finding.lane(), finding.session());
			NumberRanges wanted = wanted(report, stream);
			Long aborted = wanted.isEmpty() ? null : abortedBefore(finding, board);
			if (!wanted.isEmpty() && aborted == null) {
				say(report, "the session has aborted transactions, and it is not known how many were in front of them");
			}
			else if (aborted != null) {
				while (send(report, board, stream, wanted, aborted)) {
					wanted = wanted(report, stream);
				}
			}
			answered.complete(null);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			answered.completeExceptionally(ex);
		}
		catch (ExecutionException ex) {
			answered.completeExceptionally((ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (TimeoutException | RuntimeException | Error ex) {
			answered.completeExceptionally(ex);
		}
	}

	private NumberRanges wanted(LossReport report, Stream stream) {
		return this.sentAgain.without(stream, report.finding().numbers().remove(report.examination().present()));
	}

	// Returns whether there may be more to send.
	private boolean send(LossReport report, SequenceBoard board, Stream stream, NumberRanges wanted, long aborted)
			throws InterruptedException, ExecutionException {
		Map<Long, LostRecord> records = new TreeMap<>();
		SpooledRecords.Portion spooled = find(report, wanted, records);
		BoundedProducer producer = this.producers.computeIfAbsent(board,
				(key) -> new BoundedProducer(key.connection(), "reliable-kafka-loss-recovery", this.timeout));
		Map<Long, ProducerRecord<byte[], byte[]>> replays = new TreeMap<>();
		records.forEach((number, record) -> replays.put(number,
				Replays.replay(stream, record, report.finding().readCommitted() ? number : number - aborted, aborted)));
		Replays.Outcome outcome = this.replays.send(producer, stream, replays);
		Throwable refusal = outcome.refusal();
		long sent = outcome.sent().count();
		String line = "Loss answer missing=%d had=%d sent=%d topic=%s partition=%d session=%016x".formatted(
				wanted.count(), records.size(), sent, stream.lane().topic(), stream.lane().partition(),
				stream.session());
		if (refusal != null) {
			logger.error(line + "; some were refused", refusal);
		}
		else if (sent + outcome.busy().count() < wanted.count()) {
			logger.warn(line);
		}
		else {
			logger.info(line);
		}
		if (outcome.failure() != null) {
			throw new ExecutionException(outcome.failure());
		}
		if (!outcome.busy().isEmpty()) {
			throw new IllegalStateException("Records are being sent again by another thread, which may fail");
		}
		return spooled.isPart() && sent > 0 && sent < wanted.count();
	}

	private SpooledRecords.Portion find(LossReport report, NumberRanges wanted, Map<Long, LostRecord> records)
			throws InterruptedException {
		for (LostRecordSource source : this.sources) {
			Collection<LostRecord> found = ask(source, report, () -> List.copyOf(source.find(report)), List.of());
			for (LostRecord record : found) {
				if (wanted.contains(record.number())) {
					records.putIfAbsent(record.number(), record);
				}
			}
		}
		Finding finding = report.finding();
		SpooledRecords.Portion spooled = ask("the spool", report,
				() -> this.spooled.find(finding.lane(), Map.of(finding.session(), wanted), null, () -> false),
				new SpooledRecords.Portion(Map.of(), false));
		spooled.of(finding.session()).forEach(records::putIfAbsent);
		return spooled;
	}

	private <T> T ask(Object source, LossReport report, Supplier<T> question, T nothing) throws InterruptedException {
		for (int attempt = 1;; attempt++) {
			try {
				return question.get();
			}
			catch (RuntimeException ex) {
				if (attempt == ATTEMPTS) {
					logger.error("Lost records may not be sent again: %s failed for %s".formatted(source, report.id()),
							ex);
					return nothing;
				}
				Thread.sleep(this.pause.toMillis() * attempt);
			}
		}
	}

	/**
	 * Find out how many records of aborted transactions are in front of the lost ones,
	 * because a record carries that beside its number.
	 * @param finding the loss
	 * @param board its cluster
	 * @return {@code null} if that cannot be told, now or later
	 * @throws InterruptedException if the application is shutting down
	 * @throws ExecutionException if the log cannot be read now
	 * @throws TimeoutException if the log cannot be read in time
	 */
	private @Nullable Long abortedBefore(Finding finding, SequenceBoard board)
			throws InterruptedException, ExecutionException, TimeoutException {
		Watermark watermark = board.watermarks(finding.lane()).get(finding.session());
		if (watermark != null && watermark.number() == watermark.appendNumber()) {
			return 0L;
		}
		List<Stamp> neighbours = new ArrayList<>();
		for (Finding.Place place : new Finding.Place[] { finding.before(), finding.after() }) {
			if (place != null) {
				Stamp stamp = stampAt(finding, place.offset(), board);
				if (stamp == null) {
					return null;
				}
				neighbours.add(stamp);
			}
		}
		if (neighbours.isEmpty()) {
			return null;
		}
		Stamp last = Collections.max(neighbours, Comparator.comparing(Stamp::aborted));
		if (last.aborted() == 0 && (finding.after() != null || !last.transactional())) {
			return 0L;
		}
		if (neighbours.size() == 2 && neighbours.get(0).aborted() == neighbours.get(1).aborted()) {
			return last.aborted();
		}
		return null;
	}

	private @Nullable Stamp stampAt(Finding finding, long offset, SequenceBoard board)
			throws InterruptedException, ExecutionException, TimeoutException {
		LogAccess logAccess = board.logAccess();
		if (logAccess == null) {
			return null;
		}
		for (LogAccess.Entry entry : logAccess.read(finding.lane(), offset, offset + 1, false)
			.get(this.timeout.toMillis(), TimeUnit.MILLISECONDS)
			.records()) {
			Stamp stamp = Stamp.decode(finding.lane(), entry.header());
			if (entry.offset() == offset && stamp != null && stamp.session() == finding.session()) {
				return stamp;
			}
		}
		return null;
	}

	private static void say(LossReport report, String reason) {
		logger.warn("Lost records are not sent again, as %s: %s".formatted(reason, report.id()));
	}

	@Override
	public void close() {
		this.queue.close();
		this.producers.values().forEach(BoundedProducer::close);
	}

}
