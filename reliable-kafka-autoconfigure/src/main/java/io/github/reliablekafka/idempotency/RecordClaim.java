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

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * One attempt to process one record. Stores know a record by a hash: an id may be of any
 * length, and two that differ in case or in a blank at the end are not the same, which
 * databases see differently. Confined to the thread that processes the record.
 */
final class RecordClaim {

	private static final ThreadLocal<@Nullable RecordClaim> CURRENT = new ThreadLocal<>();

	private final String group;

	private final String recordId;

	private final String id;

	private final String owner = UUID.randomUUID().toString();

	private boolean joined;

	private boolean completed;

	/**
	 * Create a claim that nobody has granted yet.
	 * @param group the consumer group
	 * @param recordId what identifies the record
	 */
	RecordClaim(String group, String recordId) {
		this.group = group;
		this.recordId = recordId;
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			digest.update(group.getBytes(StandardCharsets.UTF_8));
			digest.update((byte) 0);
			this.id = HexFormat.of().formatHex(digest.digest(recordId.getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The claim of the record that this thread's listener processes now.
	 * @return {@code null} if there is none
	 */
	static @Nullable RecordClaim current() {
		return CURRENT.get();
	}

	/**
	 * Begin to process.
	 */
	void enter() {
		CURRENT.set(this);
	}

	/**
	 * Stop processing, whatever it was.
	 */
	static void exit() {
		CURRENT.remove();
	}

	String group() {
		return this.group;
	}

	String recordId() {
		return this.recordId;
	}

	/**
	 * The hash of group and record.
	 * @return 64 characters
	 */
	String id() {
		return this.id;
	}

	/**
	 * Who claims the record.
	 * @return another text for each attempt
	 */
	String owner() {
		return this.owner;
	}

	/**
	 * Whether a transaction of the listener is open that will complete the claim.
	 * @return {@code true} until it ends
	 */
	boolean isJoined() {
		return this.joined;
	}

	void joined(boolean joined) {
		this.joined = joined;
	}

	/**
	 * Whether a transaction has completed the claim and is committed.
	 * @return {@code false} also if that is not known
	 */
	boolean isCompleted() {
		return this.completed;
	}

	void completed() {
		this.completed = true;
	}

}
