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

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;

/**
 * Notices the transactions that listeners begin, however they do that, and has them
 * complete the claim of the record. Safe for use by many threads.
 */
final class ListenerTransactions implements TransactionExecutionListener {

	private final Supplier<ProcessedRecordsInDatabase> processed;

	ListenerTransactions(Supplier<ProcessedRecordsInDatabase> processed) {
		this.processed = processed;
	}

	@Override
	public void afterBegin(TransactionExecution transaction, @Nullable Throwable beginFailure) {
		RecordClaim claim = RecordClaim.current();
		if (claim != null && beginFailure == null) {
			this.processed.get().joinTransaction(claim);
		}
	}

}
