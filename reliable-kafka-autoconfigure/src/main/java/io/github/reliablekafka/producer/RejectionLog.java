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

package io.github.reliablekafka.producer;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Says in the log that records are being rejected: at once when it begins for a topic and
 * reason, then at most once a minute with the number since. Every single rejection is in
 * the ledger.
 */
final class RejectionLog {

	private static final Log logger = LogFactory.getLog(ReliableKafkaTemplate.class);

	private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

	private final Map<String, Entry> entries = new ConcurrentHashMap<>();

	private final LongSupplier nanoClock;

	RejectionLog(LongSupplier nanoClock) {
		this.nanoClock = nanoClock;
	}

	void rejected(String topic, RejectionReason reason, String message) {
		long count = this.entries.computeIfAbsent(topic + ' ' + reason, (key) -> new Entry())
			.next(this.nanoClock.getAsLong());
		if (count > 0) {
			logger.error("Record for topic '%s' rejected (%s%s): %s%s%s".formatted(topic, reason.label(),
					reason.isPossiblyWritten() ? ", may have been written" : "", message,
					(reason == RejectionReason.TOPIC_NOT_FOUND) ? "; create it, or declare a NewTopic bean" : "",
					(count > 1) ? "; %d so far".formatted(count) : ""));
		}
	}

	/**
	 * The state of one topic and reason.
	 */
	private static final class Entry {

		private long count;

		private long lastNanos;

		/**
		 * Count a rejection.
		 * @param now the time
		 * @return the number so far if it is time to say so, otherwise 0
		 */
		private synchronized long next(long now) {
			this.count++;
			if (this.count > 1 && now - this.lastNanos < INTERVAL_NANOS) {
				return 0;
			}
			this.lastNanos = now;
			return this.count;
		}

	}

}
