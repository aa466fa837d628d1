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

package io.github.reliablekafka.producer;

import java.io.Serial;
import java.nio.file.Path;

/**
 * The directory that was given for the spool cannot be used.
 */
final class SpoolUnusableException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String action;

	SpoolUnusableException(Path directory, Exception cause) {
		super("The spool in %s cannot be opened: %s".formatted(directory, cause), cause);
		this.action = "Let the application write there, set reliable.kafka.spool.directory to another directory, or "
				+ "do without a spool by reliable.kafka.spool.mode=off.";
	}

	SpoolUnusableException(Path directory, String type) {
		super(("The spool in %s would be on a file system of type %s, which may be gone with the container or the "
				+ "machine")
			.formatted(directory, type));
		this.action = "Set reliable.kafka.spool.directory to a directory on a volume that outlives it, or take the risk "
				+ "by reliable.kafka.spool.on-ephemeral=warn.";
	}

	/**
	 * What to do about it.
	 * @return for people
	 */
	String action() {
		return this.action;
	}

}
