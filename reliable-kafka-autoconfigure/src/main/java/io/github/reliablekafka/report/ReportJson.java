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

import java.nio.charset.StandardCharsets;
import java.time.Instant;

import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import org.jspecify.annotations.Nullable;

/**
 * A report as JSON, for the reports topic. Written by hand, as no JSON library need be on
 * the class path. Fields are only ever added; {@code format} changes if one gets another
 * meaning. For use by one thread.
 */
final class ReportJson {

	static final int FORMAT = 1;

	private final StringBuilder json = new StringBuilder(1024);

	private boolean first = true;

	private ReportJson() {
	}

	static byte[] of(LossReport report) {
		ReportJson json = new ReportJson();
		json.report(report);
		return json.json.toString().getBytes(StandardCharsets.UTF_8);
	}

	private void report(LossReport report) {
		Finding finding = report.finding();
		open();
		field("format", FORMAT);
		field("id", report.id());
		field("verdict", report.verdict().name());
		field("foundVerdict", finding.verdict().name());
		name("loss").append(report.isLoss());
		field("cause", report.cause().name());
		field("foundCause", finding.cause().name());
		field("stage", report.stage().name());
		field("topic", finding.lane().topic());
		field("partition", finding.lane().partition());
		field("group", finding.group());
		name("readCommitted").append(finding.readCommitted());
		field("session", "%016x".formatted(finding.session()));
		producer(finding.producer());
		ranges("numbers", finding.numbers());
		field("count", finding.numbers().count());
		field("evidence", finding.evidence());
		place("before", finding.before());
		place("after", finding.after());
		field("skippedFrom", finding.skippedFrom());
		field("skippedTo", finding.skippedTo());
		field("position", finding.position());
		examination(report.examination());
		field("foundAt", report.foundAt().toString());
		field("application", report.application());
		field("host", report.host());
		close();
	}

	private void producer(@Nullable ProducerIdentity producer) {
		name("producer");
		if (producer == null) {
			this.json.append("null");
			return;
		}
		open();
		field("application", producer.application());
		field("host", producer.host());
		field("clientId", producer.clientId());
		field("startedAt", Instant.ofEpochMilli(producer.startedAt()).toString());
		close();
	}

	private void place(String name, Finding.@Nullable Place place) {
		name(name);
		if (place == null) {
			this.json.append("null");
			return;
		}
		open();
		field("offset", place.offset());
		field("timestamp", place.timestamp());
		field("leaderEpoch", place.leaderEpoch());
		field("number", place.number());
		close();
	}

	private void examination(LossReport.Examination examination) {
		name("examination");
		open();
		field("outcome", examination.outcome().name());
		ranges("present", examination.present());
		field("presentFrom", examination.presentFrom());
		field("presentTo", examination.presentTo());
		field("logStart", examination.logStart());
		field("logEnd", examination.logEnd());
		field("leaderEpoch", examination.leaderEpoch());
		field("evidence", examination.evidence());
		close();
	}

	private void ranges(String name, NumberRanges ranges) {
		name(name).append('[');
		for (int i = 0; i < ranges.size(); i++) {
			this.json.append((i > 0) ? ",[" : "[")
				.append(ranges.first(i))
				.append(',')
				.append(ranges.last(i))
				.append(']');
		}
		this.json.append(']');
	}

	private void open() {
		this.json.append('{');
		this.first = true;
	}

	private void close() {
		this.json.append('}');
		this.first = false;
	}

	private void field(String name, long value) {
		name(name).append(value);
	}

	private void field(String name, String value) {
		name(name);
		text(value);
	}

	private StringBuilder name(String name) {
		if (!this.first) {
			this.json.append(',');
		}
		this.first = false;
		text(name);
		return this.json.append(':');
	}

	// A lone surrogate would become a question mark in UTF-8, so it is escaped, as is
	// whatever ends a line somewhere.
	private void text(String value) {
		this.json.append('"');
		for (int i = 0; i < value.length(); i++) {
			char c = value.charAt(i);
			if (c == '"' || c == '\\') {
				this.json.append('\\').append(c);
			}
			else if (c < ' ' || c == '\u007f' || c == '\u0085' || c == '\u2028' || c == '\u2029'
					|| Character.isSurrogate(c)) {
				this.json.append("\\u%04x".formatted((int) c));
			}
			else {
				this.json.append(c);
			}
		}
		this.json.append('"');
	}

}
