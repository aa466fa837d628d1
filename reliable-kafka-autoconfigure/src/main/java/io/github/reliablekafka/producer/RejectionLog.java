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
import org.jspecify.annotations.Nullable;

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

	void rejected(String topic, RejectionReason reason, Throwable cause) {
		String line = this.entries.computeIfAbsent(topic + ' ' + reason, (key) -> new Entry())
			.next(this.nanoClock.getAsLong(), "Record for topic '%s' rejected (%s%s): %s".formatted(topic,
					reason.label(), reason.isPossiblyWritten() ? ", may have been written" : "", cause));
		if (line != null) {
			logger.error(line);
		}
	}

	/**
	 * The state of one topic and reason.
	 */
	private static final class Entry {

		private long count;

		private long lastNanos;

		private synchronized @Nullable String next(long now, String line) {
			this.count++;
			if (this.count > 1 && now - this.lastNanos < INTERVAL_NANOS) {
				return null;
			}
			String text = (this.count > 1) ? "%s; %d so far".formatted(line, this.count) : line;
			this.lastNanos = now;
			return text;
		}

	}

}
