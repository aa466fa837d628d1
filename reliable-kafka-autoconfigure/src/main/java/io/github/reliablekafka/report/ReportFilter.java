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

import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.SequenceBoard;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Picks the reports that this application may have to answer: of lost records of an
 * application of its name, or of nobody knows whom, and of those that have come after
 * all. For use by one thread.
 */
final class ReportFilter {

	private static final Log logger = LogFactory.getLog(ReportFilter.class);

	private final SequenceBoard board;

	private final String application;

	private final SentAgain sentAgain;

	private final OpenLosses open;

	private boolean toldOfMalformed;

	private boolean toldOfDropped;

	/**
	 * Create a filter.
	 * @param board the cluster
	 * @param application the name of this application
	 * @param sentAgain knows what need not be sent
	 * @param open is told what may have to be sent
	 */
	ReportFilter(SequenceBoard board, String application, SentAgain sentAgain, OpenLosses open) {
		this.board = board;
		this.application = application;
		this.sentAgain = sentAgain;
		this.open = open;
	}

	/**
	 * Look at a report. What is none is passed over.
	 * @param record as it is in the topic
	 */
	void accept(ConsumerRecord<byte[], byte[]> record) {
		ReportedLoss loss = parse(record);
		if (loss == null || (loss.producer() != null && !loss.producer().equals(this.application))) {
			return;
		}
		Stream stream = Stream.of(this.board, loss.lane(), loss.session());
		if (loss.isOver()) {
			// A later report of the same numbers is about the loss of what was sent
			// again.
			this.sentAgain.forget(stream, loss.numbers());
			this.open.remove(stream, loss.numbers());
		}
		else if (!this.open.add(stream, this.sentAgain.without(stream, loss.numbers()), loss.logEnd())
				&& !this.toldOfDropped) {
			this.toldOfDropped = true;
			logger.warn("Too many losses in topic '%s' cannot be answered now: the oldest are given up"
				.formatted(record.topic()));
		}
	}

	private @Nullable ReportedLoss parse(ConsumerRecord<byte[], byte[]> record) {
		try {
			return (record.value() != null) ? ReportedLoss.of(record.value()) : null;
		}
		catch (IllegalArgumentException ex) {
			if (!this.toldOfMalformed) {
				this.toldOfMalformed = true;
				logger.warn("Records in topic '%s' that are no loss reports are passed over, the first at offset %d: %s"
					.formatted(record.topic(), record.offset(), ex.getMessage()));
			}
			return null;
		}
	}

}
