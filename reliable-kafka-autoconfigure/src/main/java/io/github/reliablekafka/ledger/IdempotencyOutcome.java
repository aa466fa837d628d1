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
 * What became of a record of a listener that gets each record once.
 *
 * @since 0.1.0
 */
public enum IdempotencyOutcome {

	/**
	 * The listener returned normally, and that is remembered.
	 */
	PROCESSED,

	/**
	 * The record was processed before and kept away from the listener.
	 */
	DUPLICATE,

	/**
	 * An attempt failed, and the record was given back for the next one.
	 */
	RELEASED,

	/**
	 * The record was being processed elsewhere for too long; it comes again.
	 */
	BUSY,

	/**
	 * The record has no identity and was given to the listener, as it is each time.
	 */
	UNIDENTIFIED;

	private final String label;

	IdempotencyOutcome() {
		this.label = name().toLowerCase(Locale.ROOT);
	}

	/**
	 * The name in lower case, as meters show it.
	 * @return for example {@code duplicate}
	 */
	public String label() {
		return this.label;
	}

}
