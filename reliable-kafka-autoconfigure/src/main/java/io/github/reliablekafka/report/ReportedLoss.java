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

import java.util.List;
import java.util.Map;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.internals.Topic;
import org.jspecify.annotations.Nullable;

/**
 * What somebody has reported in the topic, as far as it matters for an answer. The
 * cluster is that of the topic.
 *
 * @param isOver whether the records have come after all
 * @param lane the partition that lost records
 * @param session the session that sent them
 * @param numbers which ones, without those that the reporter has found in the log
 * @param producer the application that sent them; {@code null} if the reporter does not
 * know
 * @param logEnd the end of the log when the reporter looked; -1 if it did not
 */
record ReportedLoss(boolean isOver, Lane lane, long session, NumberRanges numbers, @Nullable String producer,
		long logEnd) {

	/**
	 * Most ranges of numbers that a report may have: more are not understood.
	 */
	static final int MOST_RANGES = 10_000;

	/**
	 * Read a report.
	 * @param json the value of a record in the reports topic
	 * @return {@code null} if the report is of a kind that wants no answer
	 * @throws IllegalArgumentException if it is none, or one of a format that is not
	 * known
	 */
	static @Nullable ReportedLoss of(byte[] json) {
		Map<?, ?> report = JsonReader.object(json);
		if (number(report, "format") != ReportJson.FORMAT) {
			throw new IllegalArgumentException("Its format is " + report.get("format"));
		}
		// Other kinds may be added.
		String verdict = text(report, "verdict");
		boolean over = verdict.equals(Verdict.RECOVERED.name());
		if (!over && !verdict.equals(Verdict.LOST_ACKED.name())) {
			return null;
		}
		long partition = number(report, "partition");
		long session = Long.parseUnsignedLong(text(report, "session"), 16);
		Map<?, ?> examination = object(report, "examination");
		NumberRanges numbers = ranges(report, "numbers");
		if (partition < 0 || partition > Integer.MAX_VALUE || numbers.isEmpty()) {
			throw new IllegalArgumentException("It names no partition or no numbers");
		}
		Map<?, ?> producer = (report.get("producer") != null) ? object(report, "producer") : Map.of();
		return new ReportedLoss(over, new Lane(topic(report), (int) partition), session,
				over ? numbers : numbers.remove(ranges(examination, "present")),
				producer.isEmpty() ? null : text(producer, "application"), number(examination, "logEnd"));
	}

	private static String topic(Map<?, ?> report) {
		String topic = text(report, "topic");
		try {
			Topic.validate(topic);
		}
		catch (InvalidTopicException ex) {
			throw new IllegalArgumentException("It names no topic", ex);
		}
		return topic;
	}

	private static NumberRanges ranges(Map<?, ?> object, String name) {
		if (!(object.get(name) instanceof List<?> list) || list.size() > MOST_RANGES) {
			throw new IllegalArgumentException("It has no '%s', or too many".formatted(name));
		}
		NumberRanges ranges = NumberRanges.EMPTY;
		for (Object each : list) {
			if (!(each instanceof List<?> bounds) || bounds.size() != 2 || !(bounds.get(0) instanceof Long first)
					|| !(bounds.get(1) instanceof Long last) || first < 1 || last < first || last == Long.MAX_VALUE) {
				throw new IllegalArgumentException("Its '%s' are no ranges".formatted(name));
			}
			ranges = ranges.add(first, last);
		}
		return ranges;
	}

	private static Map<?, ?> object(Map<?, ?> object, String name) {
		if (object.get(name) instanceof Map<?, ?> fields) {
			return fields;
		}
		throw new IllegalArgumentException("It has no object '%s'".formatted(name));
	}

	private static String text(Map<?, ?> object, String name) {
		if (object.get(name) instanceof String text) {
			return text;
		}
		throw new IllegalArgumentException("It has no text '%s'".formatted(name));
	}

	private static long number(Map<?, ?> object, String name) {
		if (object.get(name) instanceof Long number) {
			return number;
		}
		throw new IllegalArgumentException("It has no number '%s'".formatted(name));
	}

}
