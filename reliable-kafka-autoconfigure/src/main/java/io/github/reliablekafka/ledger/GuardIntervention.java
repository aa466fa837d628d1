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
 * What the guard of a group's commits did so that no record is passed by.
 *
 * @since 0.1.0
 */
public enum GuardIntervention {

	/**
	 * An offset was to be committed above a record without an outcome, and was not, or
	 * only up to that record.
	 */
	COMMIT_TRIMMED,

	/**
	 * A record that was polled got lost on its way to the listener, or from the listener
	 * to an outcome, and was polled again.
	 */
	READ_AGAIN,

	/**
	 * The last commit of a listener container that stops failed. The records are
	 * delivered again, to whoever gets the partition.
	 */
	LAST_COMMIT_FAILED;

	private final String label;

	GuardIntervention() {
		this.label = name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * The name in lower case with hyphens, as meters show it.
	 * @return for example {@code read-again}
	 */
	public String label() {
		return this.label;
	}

}
