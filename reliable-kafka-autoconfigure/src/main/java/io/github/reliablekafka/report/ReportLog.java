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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.github.reliablekafka.sequence.Finding;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Writes each report as one line: a sentence for people, then key=value pairs for
 * programs. When thousands come at once, a few of each verdict, topic and group are
 * written each minute; all are in the reports topic and counted by the meters. No key or
 * value of a record is ever written. Safe for use by many threads.
 */
final class ReportLog {

	private static final Log logger = LogFactory.getLog(LossReport.class);

	private static final int BURST = 20;

	private static final int LONGEST_TEXT = 500;

	private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

	private final Map<String, Entry> entries = new ConcurrentHashMap<>();

	private final LongSupplier nanoClock;

	ReportLog(LongSupplier nanoClock) {
		this.nanoClock = nanoClock;
	}

	void say(LossReport report) {
		Finding finding = report.finding();
		String kind = report.verdict() + " " + finding.lane().topic() + " " + finding.group();
		String more = this.entries.computeIfAbsent(kind, (key) -> new Entry()).next(this.nanoClock.getAsLong());
		if (more == null) {
			return;
		}
		String line = line(report) + more;
		switch (report.verdict()) {
			case LOST_ACKED, MISSED, PROCESSING_LOSS -> logger.error(line);
			case UNVERIFIED, INDETERMINATE_AT_CRASH -> logger.warn(line);
			case RECOVERED, FAILED_KNOWN -> logger.info(line);
		}
	}

	/**
	 * A report in one line.
	 * @param report the report
	 * @return a sentence and key=value pairs; what comes from outside and has other than
	 * plain characters is in quotes
	 */
	static String line(LossReport report) {
		Finding finding = report.finding();
		LossReport.Examination examination = report.examination();
		StringBuilder line = new StringBuilder(768).append(ReportSentence.of(report)).append(" Loss report");
		pair(line, "verdict", report.verdict());
		pair(line, "loss", report.isLoss());
		pair(line, "cause", report.cause());
		pair(line, "stage", report.stage());
		pair(line, "topic", finding.lane().topic());
		pair(line, "partition", finding.lane().partition());
		pair(line, "group", finding.group());
		pair(line, "readCommitted", finding.readCommitted());
		pair(line, "count", finding.numbers().count());
		pair(line, "numbers", finding.numbers());
		pair(line, "session", "%016x".formatted(finding.session()));
		pair(line, "producer", (finding.producer() != null) ? finding.producer() : "unknown");
		place(line, "before", finding.before());
		place(line, "after", finding.after());
		if (finding.skippedFrom() >= 0) {
			pair(line, "skippedFrom", finding.skippedFrom());
			pair(line, "skippedTo", finding.skippedTo());
		}
		pair(line, "position", finding.position());
		pair(line, "evidence", finding.evidence());
		pair(line, "log", examination.outcome());
		if (!examination.present().isEmpty()) {
			pair(line, "present", examination.present());
		}
		if (examination.presentFrom() >= 0) {
			pair(line, "presentFrom", examination.presentFrom());
			pair(line, "presentTo", examination.presentTo());
		}
		if (examination.logEnd() >= 0) {
			pair(line, "logEnd", examination.logEnd());
		}
		if (examination.logStart() >= 0) {
			pair(line, "logStart", examination.logStart());
		}
		pair(line, "logEvidence", examination.evidence());
		pair(line, "foundAt", report.foundAt());
		pair(line, "application", report.application());
		pair(line, "host", report.host());
		return line.toString();
	}

	private static void place(StringBuilder line, String name, Finding.@Nullable Place place) {
		if (place != null) {
			pair(line, name + "Offset", place.offset());
			pair(line, name + "Epoch", place.leaderEpoch());
			pair(line, name + "Timestamp", place.timestamp());
		}
	}

	private static void pair(StringBuilder line, String name, Object value) {
		line.append(' ').append(name).append('=').append(quoted(value.toString()));
	}

	/**
	 * A text that nobody can take for something else.
	 * @param value any text
	 * @return the same, cut if it is long, and in quotes unless its characters are plain
	 */
	static String quoted(String value) {
		String text = value;
		if (text.length() > LONGEST_TEXT) {
			text = text.substring(0, LONGEST_TEXT) + "...";
		}
		if (!text.isEmpty() && text.chars().allMatch(ReportLog::isPlain)) {
			return text;
		}
		StringBuilder line = new StringBuilder(text.length() + 2).append('"');
		text.chars().forEach((c) -> {
			if (c == '"' || c == '\\') {
				line.append('\\').append((char) c);
			}
			else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
				line.append(' ');
			}
			else {
				line.append((char) c);
			}
		});
		return line.append('"').toString();
	}

	private static boolean isPlain(int c) {
		return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
	}

	/**
	 * The state of one verdict, topic and group.
	 */
	private static final class Entry {

		private long count;

		private long inBurst;

		private long lastNanos;

		/**
		 * Count a report.
		 * @param now the time
		 * @return what to add to its line; {@code null} if it gets none
		 */
		private synchronized @Nullable String next(long now) {
			this.count++;
			if (this.count == 1 || now - this.lastNanos >= INTERVAL_NANOS) {
				boolean quiet = this.inBurst > BURST;
				this.inBurst = 1;
				this.lastNanos = now;
				return quiet ? " reportsSoFar=" + this.count : "";
			}
			this.inBurst++;
			if (this.inBurst > BURST) {
				return null;
			}
			return (this.inBurst == BURST) ? " reportsSoFar=" + this.count + " more=\"not logged for a minute\"" : "";
		}

	}

}
