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

package io.github.reliablekafka.idempotency;

import org.jspecify.annotations.Nullable;

/**
 * Remembers which records were processed. A record is claimed before its listener runs,
 * and then either completed or released. Implementations are safe for use by many
 * threads.
 */
interface ProcessedRecords {

	/**
	 * Reserve a record.
	 * @param claim the record and who wants it
	 * @return whether its listener may run
	 */
	Answer claim(RecordClaim claim);

	/**
	 * Remember that a record was processed, unless its own transaction did that.
	 * @param claim was granted
	 */
	void complete(RecordClaim claim);

	/**
	 * Give a record back, because it has to be processed again.
	 * @param claim was granted
	 */
	void release(RecordClaim claim);

	/**
	 * Whether a transaction manager may begin transactions that complete claims.
	 * @param transactionManager of a listener container; {@code null} if it has none
	 * @return {@code false} if it is known to be of another database
	 */
	default boolean isReachedBy(@Nullable Object transactionManager) {
		return true;
	}

	/**
	 * What becomes of a claim.
	 */
	enum Answer {

		/**
		 * The listener may run.
		 */
		GRANTED,

		/**
		 * The record was processed before.
		 */
		PROCESSED,

		/**
		 * Somebody else is at it.
		 */
		BUSY

	}

}
