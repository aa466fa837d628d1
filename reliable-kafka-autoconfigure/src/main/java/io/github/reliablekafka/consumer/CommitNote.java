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

import io.github.reliablekafka.sequence.LaneReader;
import org.jspecify.annotations.Nullable;

/**
 * What is written beside a committed offset: the state of the check of numbers, and how
 * many partitions the topic had when the group began with it. The latter tells a
 * partition that was added since, in which nothing was ever offered to the group, from
 * one that another member is about to begin with.
 *
 * @param state the state; empty for none
 * @param partitions how many partitions the topic had; 0 if unknown
 */
record CommitNote(String state, int partitions) {

	private static final String ALONE = "rk1n";

	private static final char SEPARATOR = '~';

	/**
	 * Read metadata.
	 * @param metadata what was committed; {@code null} for nothing
	 * @return metadata that is not ours counts as the state
	 */
	static CommitNote of(@Nullable String metadata) {
		if (metadata == null || !isOurs(metadata)) {
			return new CommitNote((metadata != null) ? metadata : "", 0);
		}
		int separator = metadata.lastIndexOf(SEPARATOR);
		if (separator < 0) {
			return new CommitNote(metadata, 0);
		}
		String state = metadata.substring(0, separator);
		return new CommitNote(state.equals(ALONE) ? "" : state, number(metadata.substring(separator + 1)));
	}

	/**
	 * Whether metadata was written here.
	 * @param metadata what was committed
	 * @return {@code false} for metadata of the application's own
	 */
	static boolean isOurs(String metadata) {
		return LaneReader.isState(metadata);
	}

	private static int number(String text) {
		try {
			return Math.max(0, Integer.parseInt(text));
		}
		catch (NumberFormatException ex) {
			return 0;
		}
	}

	/**
	 * Write metadata.
	 * @return what to commit
	 */
	String metadata() {
		if (this.partitions == 0) {
			return this.state;
		}
		return (this.state.isEmpty() ? ALONE : this.state) + SEPARATOR + this.partitions;
	}

}
