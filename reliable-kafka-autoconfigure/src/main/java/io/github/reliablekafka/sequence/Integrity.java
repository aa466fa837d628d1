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

package io.github.reliablekafka.sequence;

/**
 * What is odd about a log or a header, though no record is missing for it.
 *
 * @since 0.1.0
 */
public enum Integrity {

	/** Records that were acknowledged or read are no longer in the log. */
	TRUNCATION,

	/** The topic was deleted and created again. */
	TOPIC_RECREATED,

	/** The same record is in the log twice. */
	DUPLICATE,

	/** Records of a session are not in the order of their numbers. */
	REORDER,

	/** A record that its sender was told had failed. */
	GHOST,

	/** A header that was made for another partition, or was changed. */
	FOREIGN_HEADER,

	/** A header that is too short, too long or not understood. */
	MALFORMED_HEADER,

	/** A header of a later version. */
	UNKNOWN_VERSION,

	/** A group's metadata that is not ours, or cannot be read. */
	UNREADABLE_STATE

}
