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

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Remembers the newest records in the memory of this process, about 250 bytes each. Knows
 * nothing after a restart, nor what another instance has processed. Safe for use by many
 * threads.
 */
final class ProcessedRecordsInMemory implements ProcessedRecords {

	private final Map<String, String> ownersOfClaims = new HashMap<>();

	private final Map<String, Boolean> processed;

	/**
	 * Create a store.
	 * @param window how many records it remembers
	 */
	ProcessedRecordsInMemory(int window) {
		this.processed = new Window(window);
	}

	@Override
	public synchronized Answer claim(RecordClaim claim) {
		if (this.processed.containsKey(claim.id())) {
			return Answer.PROCESSED;
		}
		return (this.ownersOfClaims.putIfAbsent(claim.id(), claim.owner()) == null) ? Answer.GRANTED : Answer.BUSY;
	}

	@Override
	public synchronized void complete(RecordClaim claim) {
		if (this.ownersOfClaims.remove(claim.id(), claim.owner())) {
			this.processed.put(claim.id(), true);
		}
	}

	@Override
	public synchronized void release(RecordClaim claim) {
		this.ownersOfClaims.remove(claim.id(), claim.owner());
	}

	/**
	 * Forgets the oldest.
	 */
	@SuppressWarnings("serial")
	private static final class Window extends LinkedHashMap<String, Boolean> {

		private final int size;

		Window(int size) {
			this.size = size;
		}

		@Override
		protected boolean removeEldestEntry(Map.@Nullable Entry<String, Boolean> eldest) {
			return size() > this.size;
		}

	}

}
