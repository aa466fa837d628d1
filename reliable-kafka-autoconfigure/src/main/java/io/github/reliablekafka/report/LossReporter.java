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

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Takes findings from the ledger, has the log looked at again, and says what was found:
 * in the log file and as an event once for each finding and process, in the reports topic
 * until it is written, and to whoever may have the records. A finding waits at most for
 * the timeout to be looked at, so that it is said even if the cluster does not answer.
 * What is remembered of a process is bounded: after 10,000 other findings the same one is
 * said again. Safe for use by many threads.
 */
final class LossReporter implements DisposableBean {

	private static final Log logger = LogFactory.getLog(LossReporter.class);

	private static final int CAPACITY = 10_000;

	private final SequenceBoards boards;

	private final LossLedger ledger;

	private final @Nullable String topic;

	private final String application;

	private final Duration timeout;

	private final Clock clock;

	private final ApplicationEventPublisher events;

	private final Recovery recovery;

	private final Examiner examiner = new Examiner();

	private final ReportLog log = new ReportLog(System::nanoTime);

	private final Map<SequenceBoard, ReportsTopic> topics = new ConcurrentHashMap<>();

	private final BackgroundQueue examinations = new BackgroundQueue("loss-examination", CAPACITY,
			"findings wait to be looked at, and more are not taken: they come again until they are reported");

	private final BackgroundQueue announcements = new BackgroundQueue("loss-events", CAPACITY,
			"loss reports wait until listeners have dealt with others, and more are not published as events");

	private final Map<String, Case> cases = new LinkedHashMap<>() {

		private static final long serialVersionUID = 1L;

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Case> eldest) {
			return size() > CAPACITY;
		}

	};

	private volatile @Nullable String host;

	private boolean closed;

	/**
	 * Create a reporter.
	 * @param boards the clusters
	 * @param ledger counts what was found
	 * @param topic where reports are kept; {@code null} for nowhere
	 * @param application the name of this application
	 * @param timeout longest time of a second look, and of writing a report
	 * @param clock the time of reports
	 * @param events are published to
	 * @param recovery may answer
	 */
	LossReporter(SequenceBoards boards, LossLedger ledger, @Nullable String topic, String application, Duration timeout,
			Clock clock, ApplicationEventPublisher events, Recovery recovery) {
		this.boards = boards;
		this.ledger = ledger;
		this.topic = topic;
		this.application = application;
		this.timeout = timeout;
		this.clock = clock;
		this.events = events;
		this.recovery = recovery;
	}

	/**
	 * Report a finding. Returns at once.
	 * @param finding the finding; one that is being reported or was reported is not
	 * reported again
	 * @return completes when the report is written and whatever can be sent again is
	 * acknowledged
	 */
	CompletableFuture<Void> report(Finding finding) {
		Case opened;
		CompletableFuture<Void> reported;
		synchronized (this.cases) {
			if (this.closed) {
				return CompletableFuture.failedFuture(new IllegalStateException("The application is shutting down"));
			}
			opened = this.cases.computeIfAbsent(finding.id(), (id) -> new Case(this.clock.instant()));
			reported = opened.reported;
			if (reported != null && !reported.isCompletedExceptionally()) {
				return reported;
			}
			reported = new CompletableFuture<>();
			opened.reported = reported;
		}
		CompletableFuture<Void> result = reported;
		long deadline = System.nanoTime() + this.timeout.toNanos();
		if (!this.examinations.offer(() -> report(finding, opened, result, deadline))) {
			result.completeExceptionally(new IllegalStateException("Too many findings wait to be reported"));
		}
		return result;
	}

	/**
	 * What need not be sent again.
	 * @return shared with whoever sends as well
	 */
	SentAgain sentAgain() {
		return this.recovery.sentAgain();
	}

	private void report(Finding finding, Case opened, CompletableFuture<Void> result, long deadline) {
		try {
			List<SequenceBoard> candidates = candidates(finding);
			SequenceBoard board = boardOf(candidates);
			LossReport report = opened.report;
			if (report == null) {
				report = examine(finding, board, opened.foundAt, deadline);
				opened.report = report;
				say(report);
			}
			CompletableFuture<Void> written = (this.topic == null || candidates.isEmpty())
					? CompletableFuture.completedFuture(null) : topicOf(candidates.get(0)).write(report);
			CompletableFuture<Void> unused = CompletableFuture.allOf(written, this.recovery.answer(report, board))
				.whenComplete((done, failure) -> {
					if (failure != null) {
						result.completeExceptionally(failure);
					}
					else {
						opened.report = null;
						result.complete(null);
					}
				});
		}
		catch (RuntimeException | Error ex) {
			result.completeExceptionally(ex);
		}
	}

	private LossReport examine(Finding finding, @Nullable SequenceBoard board, Instant foundAt, long deadline) {
		LossReport.Examination examination = this.examiner.examine(finding, board, deadline);
		Examiner.Opinion opinion = Examiner.refine(finding, examination);
		return new LossReport(finding, opinion.verdict(), opinion.cause(), examination, foundAt, this.application,
				host());
	}

	private void say(LossReport report) {
		this.ledger.refine(report.finding(), report.verdict(), report.cause());
		this.log.say(report);
		boolean unused = this.announcements.offer(() -> announce(report));
	}

	private void announce(LossReport report) {
		try {
			this.events.publishEvent(new LossReportEvent(this, report));
		}
		catch (RuntimeException ex) {
			logger.error("A listener of loss reports failed for " + report.id(), ex);
		}
	}

	// Any will do if they are of one cluster.
	private static @Nullable SequenceBoard boardOf(List<SequenceBoard> candidates) {
		SequenceBoard first = candidates.isEmpty() ? null : candidates.get(0);
		return (first != null && candidates.stream()
			.allMatch((board) -> ConnectionSettings.sameCluster(board.connection(), first.connection()))) ? first
					: null;
	}

	// A finding does not say which cluster it is about: the one that knows its session,
	// or whose partition is read or was read before.
	private List<SequenceBoard> candidates(Finding finding) {
		Collection<SequenceBoard> all = this.boards.all();
		List<SequenceBoard> reading = all.stream().filter((board) -> board.watched().contains(finding.lane())).toList();
		List<SequenceBoard> knowing = reading.stream()
			.filter((board) -> board.watermarks(finding.lane()).containsKey(finding.session()))
			.toList();
		if (!knowing.isEmpty()) {
			return knowing;
		}
		if (!reading.isEmpty()) {
			return reading;
		}
		List<SequenceBoard> before = all.stream()
			.filter((board) -> board.facts(finding.lane().topic()) != null)
			.toList();
		return before.isEmpty() ? List.copyOf(all) : before;
	}

	private ReportsTopic topicOf(SequenceBoard board) {
		String name = this.topic;
		if (name == null) {
			throw new IllegalStateException("There is no reports topic");
		}
		return this.topics.computeIfAbsent(board, (key) -> new ReportsTopic(name, key.connection(), this.timeout));
	}

	// May ask a name server, so it waits for the first report.
	private String host() {
		String known = this.host;
		if (known == null) {
			try {
				known = InetAddress.getLocalHost().getHostName();
			}
			catch (UnknownHostException ex) {
				known = "";
			}
			this.host = known;
		}
		return known;
	}

	@Override
	public void destroy() {
		synchronized (this.cases) {
			this.closed = true;
		}
		this.examinations.close();
		this.recovery.close();
		this.topics.values().forEach(ReportsTopic::close);
		this.announcements.close();
	}

	/**
	 * A finding that was reported, or is being reported by one thread.
	 */
	private static final class Case {

		private final Instant foundAt;

		private @Nullable CompletableFuture<Void> reported;

		private volatile @Nullable LossReport report;

		Case(Instant foundAt) {
			this.foundAt = foundAt;
		}

	}

}
