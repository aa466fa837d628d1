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

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A record as it lies in a spool: bytes, as they go to the cluster. Whoever appends it
 * may change the arrays afterwards; whoever reads it has them for itself.
 *
 * @param partition the partition that the application asked for; -1 for none
 * @param timestamp in milliseconds since 1970
 * @param enqueuedAt when it was appended, in milliseconds since 1970
 * @param key its key; {@code null} for none
 * @param value its value; {@code null} for a tombstone
 * @param headers its headers, in their order
 * @since 0.1.0
 */
@SuppressWarnings("ArrayRecordComponent")
public record SpoolRecord(int partition, long timestamp, long enqueuedAt, byte @Nullable [] key,
		byte @Nullable [] value, List<Field> headers) {

	/**
	 * One header.
	 *
	 * @param name its name
	 * @param value its value
	 */
	@SuppressWarnings("ArrayRecordComponent")
	public record Field(String name, byte @Nullable [] value) {

	}

}
