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

package io.github.reliablekafka.ledger;

import java.util.Locale;

/**
 * Why a record was rejected, that is, why it will not be delivered unless the caller
 * sends it again.
 *
 * @since 0.1.0
 */
public enum RejectionReason {

	/**
	 * The record is larger than the producer, the topic or the broker allows. Sending it
	 * again unchanged fails again.
	 */
	RECORD_TOO_LARGE(false),

	/**
	 * The key or the value could not be turned into bytes.
	 */
	NOT_SERIALIZABLE(false),

	/**
	 * The broker knows this client but does not let it write here, or does not know it.
	 */
	NOT_AUTHORIZED(false),

	/**
	 * The name of the topic is not a legal one.
	 */
	INVALID_TOPIC(false),

	/**
	 * The topic, or the partition asked for, does not exist and is not created on use.
	 */
	TOPIC_NOT_FOUND(false),

	/**
	 * The broker refused the record itself: timestamp out of bounds, key missing in a
	 * compacted topic, a policy of the cluster.
	 */
	INVALID_RECORD(false),

	/**
	 * The cluster could not be reached, and nothing was known of the topic yet, for as
	 * long as a caller may be blocked. Nothing was written: sending again is safe.
	 */
	UNREACHABLE(false),

	/**
	 * The client's memory stayed full of records that wait for the cluster for as long as
	 * a caller may be blocked. Nothing was written: sending again is safe.
	 */
	NO_ROOM(false),

	/**
	 * The record left the client at least once and was not acknowledged in time. The
	 * broker may have written it: sending again may duplicate it.
	 */
	EXPIRED(true),

	/**
	 * The client was closed before the record was acknowledged.
	 */
	CLOSED(true),

	/**
	 * Another producer with the same transactional id took over.
	 */
	FENCED(true),

	/**
	 * The transaction that the record was part of was aborted; consumers that read
	 * committed records never see it.
	 */
	ABORTED(false),

	/**
	 * The calling thread was interrupted while it waited for room.
	 */
	INTERRUPTED(false),

	/**
	 * The producer that should have sent the record has settings that lose records, and
	 * was refused. Told to the caller only: what no producer was given is in no ledger.
	 */
	UNSAFE_CLIENT(false),

	/**
	 * None of the above; the cause tells.
	 */
	OTHER(true);

	private final boolean possiblyWritten;

	private final String label;

	RejectionReason(boolean possiblyWritten) {
		this.possiblyWritten = possiblyWritten;
		this.label = name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Whether the broker may hold the record although it was rejected, so that sending it
	 * again may duplicate it.
	 * @return {@code false} if the record is certainly in no partition
	 */
	public boolean isPossiblyWritten() {
		return this.possiblyWritten;
	}

	/**
	 * The name in lower case with hyphens, as meters and logs show it.
	 * @return for example {@code record-too-large}
	 */
	public String label() {
		return this.label;
	}

}
