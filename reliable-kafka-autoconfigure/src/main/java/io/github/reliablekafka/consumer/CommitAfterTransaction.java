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

package io.github.reliablekafka.consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Has the commit of an offset wait for the database transaction in which it is made: that
 * in which the container called the listener, or in which the listener acknowledges.
 * Spring Kafka commits at once: if the process dies then, the group has passed a record
 * of which nothing is left in the database.
 */
final class CommitAfterTransaction implements TransactionSynchronization {

	private static final Log logger = LogFactory.getLog(CommitAfterTransaction.class);

	private final ListenerCall call;

	private final Runnable commit;

	private CommitAfterTransaction(ListenerCall call, Runnable commit) {
		this.call = call;
		this.commit = commit;
	}

	/**
	 * Have a commit wait, if there is something to wait for.
	 * @param guard knows what the listener is doing
	 * @param commit is run when the transaction is committed, and is not if it is rolled
	 * back
	 * @return {@code false} to commit now
	 */
	static boolean takes(@Nullable CommitGuard guard, Runnable commit) {
		if (guard == null || !TransactionSynchronizationManager.isSynchronizationActive()
				|| !TransactionSynchronizationManager.isActualTransactionActive() || guard.call().isOwnCommit()) {
			return false;
		}
		TransactionSynchronizationManager.registerSynchronization(new CommitAfterTransaction(guard.call(), commit));
		return true;
	}

	@Override
	public void afterCommit() {
		try {
			// Also of a listener whose own transaction it is, and which is not yet over.
			this.call.acknowledge(this.commit);
		}
		catch (RuntimeException ex) {
			// The container would take it for a failed transaction.
			logger.warn("Offsets could not be committed behind a transaction: the records come again unless later "
					+ "offsets can", ex);
		}
	}

}
