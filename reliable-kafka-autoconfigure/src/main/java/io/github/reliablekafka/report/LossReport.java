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

import java.time.Instant;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;

/**
 * A verdict on records that a group did not get, with what a second look at the log has
 * shown. Immutable.
 *
 * @param finding what was found, with the verdict and the cause before the second look
 * @param verdict what became of the records, after the second look
 * @param cause why, after the second look
 * @param examination the second look
 * @param foundAt when the finding came in
 * @param application the application that found it, or an empty string
 * @param host the machine that found it, or an empty string
 * @since 0.1.0
 */
public record LossReport(Finding finding, Verdict verdict, Cause cause, Examination examination, Instant foundAt,
		String application, String host) {

	/**
	 * Tells reports apart.
	 * @return the id of the finding: the same records of the same session are the same
	 * report, whoever finds them and however often. It begins with the verdict as it was
	 * found, whatever the second look has made of it, because a look that is taken later
	 * or elsewhere may show something else
	 */
	public String id() {
		return this.finding.id();
	}

	/**
	 * Whether records that somebody was promised are gone for the group.
	 * @return {@code true} for an alarm
	 */
	public boolean isLoss() {
		return this.verdict.isLoss();
	}

	/**
	 * Where on their way the records were stopped.
	 * @return the stage to look at
	 */
	public Verdict.Stage stage() {
		return this.verdict.stage(this.cause);
	}

	/**
	 * The report as it is logged.
	 * @return one line: a sentence for people, then key=value pairs for programs
	 */
	@Override
	public String toString() {
		return ReportLog.line(this);
	}

	/**
	 * What the log looked like when it was read again around the place where the records
	 * should be.
	 *
	 * @param outcome what became of the records, as far as the log tells
	 * @param present the numbers that are in the log, committed, at that place or sent
	 * again
	 * @param presentFrom the offset of the first of those, but for records that were sent
	 * again; -1 if there is none
	 * @param presentTo the offset of the last one of the same; -1 if there is none
	 * @param logStart the lowest offset of the partition; -1 if unknown
	 * @param logEnd the offset behind the last record of the partition; -1 if unknown
	 * @param leaderEpoch of the leader that said so; -1 if unknown
	 * @param evidence what the outcome follows from, or why there is none, in words
	 */
	public record Examination(Outcome outcome, NumberRanges present, long presentFrom, long presentTo, long logStart,
			long logEnd, int leaderEpoch, String evidence) {

		/**
		 * The log was not read.
		 * @param outcome why
		 * @param reason the same in words
		 * @return knows nothing of the log
		 */
		static Examination without(Outcome outcome, String reason) {
			return new Examination(outcome, NumberRanges.EMPTY, -1, -1, -1, -1, -1, reason);
		}

	}

	/**
	 * What a second look at the log has shown.
	 */
	public enum Outcome {

		/**
		 * The records are in the log. The group passed over them, by a fault of the
		 * client or by a change of its position, or has yet to come to them.
		 */
		STILL_THERE,

		/**
		 * The records are in the log, but not all of them are committed: their
		 * transaction is open or aborted.
		 */
		ABORTED,

		/**
		 * The log was cut off below them, and goes on under another leader or not at all.
		 */
		TRUNCATED,

		/**
		 * The log begins above them. They may have been there.
		 */
		RETENTION,

		/**
		 * They are not there, and Kafka may have removed them, as the topic is compacted.
		 */
		COMPACTED,

		/**
		 * There is a hole in the log of one leader where they should be.
		 */
		VANISHED,

		/**
		 * They are not there, and the log does not tell why.
		 */
		NOT_THERE,

		/**
		 * The log could not be read: not allowed, not reached or not in time.
		 */
		NOT_RUN,

		/**
		 * The verdict does not call for it.
		 */
		NOT_NEEDED

	}

}
