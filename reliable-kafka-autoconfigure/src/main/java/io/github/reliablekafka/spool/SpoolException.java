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

package io.github.reliablekafka.spool;

import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A spool does not take a record, or does not open. What was appended before is where it
 * was.
 *
 * @since 0.1.0
 */
public final class SpoolException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final Kind kind;

	private final String action;

	SpoolException(Kind kind, String message, String action, @Nullable Throwable cause) {
		super(message, cause);
		this.kind = kind;
		this.action = action;
	}

	SpoolException(Kind kind, String message) {
		this(kind, message, "", null);
	}

	/**
	 * What is the matter.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * What somebody can do about it.
	 * @return a sentence for operators; empty if there is nothing
	 */
	public String action() {
		return this.action;
	}

	/**
	 * What can be the matter with a spool.
	 */
	public enum Kind {

		/**
		 * There is no room, by the limit or on the disk.
		 */
		FULL,

		/**
		 * There is no room at this moment, but there may be in the next: a file is being
		 * made, or the disk does not keep up. Holds for as long as a disk hangs.
		 */
		BUSY,

		/**
		 * The record is larger than a quarter of a segment.
		 */
		TOO_LARGE,

		/**
		 * The disk failed. The spool takes nothing any more until it is opened anew.
		 */
		FAILED,

		/**
		 * The spool is closed.
		 */
		CLOSED,

		/**
		 * Bytes that were on disk are not what they were.
		 */
		CORRUPT,

		/**
		 * The directory is of a newer version, of another application, or has files that
		 * are not those of a spool.
		 */
		FOREIGN

	}

}
