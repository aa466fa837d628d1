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

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.ProducerIdentity;
import org.jspecify.annotations.Nullable;

/**
 * Says in one English sentence what a report is about: the verdict, how many records of
 * which partition and from which application, what became of them and why. Names that
 * come from outside are quoted, so that none of them can be taken for a part of the
 * sentence.
 */
final class ReportSentence {

	private ReportSentence() {
	}

	/**
	 * The sentence.
	 * @param report the report
	 * @return with a full stop
	 */
	static String of(LossReport report) {
		Finding finding = report.finding();
		boolean one = finding.numbers().count() == 1;
		return "%s: %d %s of %s-%d from %s %s: %s.".formatted(report.verdict(), finding.numbers().count(),
				one ? "record" : "records", ReportLog.quoted(finding.lane().topic()), finding.lane().partition(),
				application(finding.producer()), fate(report, one), reason(report.cause()));
	}

	private static String application(@Nullable ProducerIdentity producer) {
		if (producer == null) {
			return "an unknown producer";
		}
		return producer.application().isEmpty() ? "producer " + ReportLog.quoted(producer.clientId())
				: "application " + ReportLog.quoted(producer.application());
	}

	private static String fate(LossReport report, boolean one) {
		String were = one ? "was" : "were";
		String are = one ? "is" : "are";
		String them = one ? "it" : "them";
		String group = report.finding().group().isEmpty() ? "a consumer without a group"
				: "group " + ReportLog.quoted(report.finding().group());
		return switch (report.verdict()) {
			case LOST_ACKED -> "%s acknowledged and %s gone for %s".formatted(were, are, group);
			case MISSED -> "%s acknowledged, and %s passed over %s".formatted(were, group, them);
			case PROCESSING_LOSS -> "%s committed by %s and not processed".formatted(were, group);
			case FAILED_KNOWN -> "%s missing for %s, as the sender was told".formatted(are, group);
			case INDETERMINATE_AT_CRASH ->
				"%s missing for %s, and the sender was never told what became of %s".formatted(are, group, them);
			case UNVERIFIED -> "%s missing for %s, and whether that is a loss is not known".formatted(are, group);
			case RECOVERED -> "%s missing for %s and %s come after all".formatted(were, group, one ? "has" : "have");
		};
	}

	private static String reason(Cause cause) {
		return switch (cause) {
			case TRUNCATED -> "the log was cut off and written anew";
			case VANISHED -> "there is a hole in the log";
			case TAIL -> "the log ends in front of that place";
			case TOPIC_RECREATED -> "the topic was deleted and created again";
			case COMPACTION -> "the topic is compacted, or may be";
			case SEND_FAILED -> "sending failed";
			case SENDER_ENDED -> "the sender ended in the middle";
			case RETENTION -> "Kafka had deleted that part of the log before it was read";
			case RESET_LATEST -> "the group had no offset and began at the end";
			case OUT_OF_RANGE -> "the group's position was not within the log";
			case SEEK -> "the application moved its position";
			case EXTERNAL_RESET -> "somebody else moved the group's offset";
			case DESERIALIZATION_SKIP -> "deserialization failed, and the application moved its position on";
			case COMMITTED_UNPROCESSED -> "a higher offset was committed too early";
			case BASELINE -> "the group began to read at about that place";
			case STATE_LOST -> "what the group knew was lost with its offsets, or was too much to be kept";
			case IN_LOG -> "found in the log";
			case LATE -> "a late or repeated record closed the gap";
		};
	}

}
