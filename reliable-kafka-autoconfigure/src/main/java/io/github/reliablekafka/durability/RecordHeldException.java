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

package io.github.reliablekafka.durability;

import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A record could not be given to its listener because another instance has it. That is no
 * attempt: however often it happens, the record is neither dead-lettered nor sent to a
 * retry topic, but comes again.
 *
 * @since 0.1.0
 */
public class RecordHeldException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message which record, and who has it
	 */
	public RecordHeldException(String message) {
		super(message);
	}

	/**
	 * Keep a record where it is if that is why it failed.
	 * @param failure what a listener container caught
	 * @throws RecordHeldException if it is one, or was caused by one
	 */
	public static void rethrow(@Nullable Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof RecordHeldException held) {
				throw held;
			}
		}
	}

}
