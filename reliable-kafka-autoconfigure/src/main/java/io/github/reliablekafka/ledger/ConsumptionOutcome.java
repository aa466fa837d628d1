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
 * What became of a record that a listener was given, or should have been given.
 *
 * @since 0.1.0
 */
public enum ConsumptionOutcome {

	/**
	 * The listener returned normally. Also counts a record that a filter kept from it,
	 * and one that it gave back by {@code nack}, which then comes again; counts nothing
	 * for a listener that returns before its work is done.
	 */
	PROCESSED,

	/**
	 * An attempt failed: the listener threw, or the record could not be deserialized.
	 * Each attempt counts; the record is tried again or dead-lettered.
	 */
	FAILED,

	/**
	 * The record is in a dead letter topic, acknowledged by every in-sync replica; or its
	 * dead letter is on this machine's disk, in the spool, and goes there later, which
	 * {@link DeadLetterCounts} tell apart.
	 */
	DEAD_LETTERED,

	/**
	 * The record could not be written to the dead letter topic; its offset stays where it
	 * was and the record comes again.
	 */
	DEAD_LETTER_FAILED;

	private final String label;

	ConsumptionOutcome() {
		this.label = name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * The name in lower case with hyphens, as meters show it.
	 * @return for example {@code dead-lettered}
	 */
	public String label() {
		return this.label;
	}

}
