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

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * An application event: something about the spool that somebody should know. Published on
 * a thread that tells senders of their records, so a listener must not block.
 *
 * @param kind what happened
 * @param cluster the producer factory, with the addresses or the id of its cluster
 * @param topic the topic; {@code null} if it is about several
 * @param records how many records wait, or are parked or expired by this
 * @param since when the first of them began to wait; for what is parked or expired, now
 * @param reason why; empty if there is none
 * @since 0.1.0
 */
public record SpoolEvent(Kind kind, String cluster, @Nullable String topic, long records, Instant since,
		String reason) {

	/**
	 * What may happen.
	 */
	public enum Kind {

		/**
		 * Records wait in the spool, as the cluster does not take them now.
		 */
		WAITING,

		/**
		 * Nothing waits any more.
		 */
		DRAINED,

		/**
		 * The cluster never takes a record that was promised. It stays in the spool.
		 */
		PARKED,

		/**
		 * Records have waited for too long. What was promised is parked, and who waits
		 * for the rest is told.
		 */
		EXPIRED,

		/**
		 * A partition stands still, as the cluster does not take its first record, which
		 * was promised.
		 */
		BLOCKED

	}

}
