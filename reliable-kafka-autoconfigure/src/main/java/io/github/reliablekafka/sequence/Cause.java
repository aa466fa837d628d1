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
 * Why records are missing, or why nobody can say. The order is part of what groups
 * commit: new ones are added at the end.
 *
 * @since 0.1.0
 */
public enum Cause {

	/** The log was cut off below them and written anew. */
	TRUNCATED,

	/** They are missing within the log. */
	VANISHED,

	/** They are missing at the end of the log. */
	TAIL,

	/** Kafka deleted them before the group came to read them. */
	RETENTION,

	/** The group had no offset and began at the end. */
	RESET_LATEST,

	/** The group's position was not within the log. */
	OUT_OF_RANGE,

	/** The application moved its position over them. */
	SEEK,

	/** Somebody else moved the group's offset over them. */
	EXTERNAL_RESET,

	/** They could not be deserialized and nobody kept them. */
	DESERIALIZATION_SKIP,

	/** The topic was deleted and created again. */
	TOPIC_RECREATED,

	/** The sender was told that they failed. */
	SEND_FAILED,

	/** The sender ended before they were acknowledged. */
	SENDER_ENDED,

	/** They may be from before the group began to read. */
	BASELINE,

	/** The topic is compacted, or that is not known. */
	COMPACTION,

	/** What was known of them was lost, or was too much to be kept. */
	STATE_LOST,

	/** A late or repeated record closed the gap. */
	LATE,

	/** An offset above them was committed before anything had become of them. */
	COMMITTED_UNPROCESSED,

	/**
	 * They are in the log after all: the group passed over them, has yet to come to them,
	 * or their transaction is not committed.
	 */
	IN_LOG;

	/**
	 * Where on their way records are stopped for this cause.
	 * @return the stage, unless the verdict alone decides
	 */
	Verdict.Stage stage() {
		return switch (this) {
			case TRUNCATED, VANISHED, TAIL, TOPIC_RECREATED, COMPACTION -> Verdict.Stage.STORAGE;
			case SEND_FAILED, SENDER_ENDED, LATE -> Verdict.Stage.PRODUCTION;
			case RETENTION, RESET_LATEST, OUT_OF_RANGE, SEEK, EXTERNAL_RESET, DESERIALIZATION_SKIP, BASELINE,
					STATE_LOST, COMMITTED_UNPROCESSED, IN_LOG ->
				Verdict.Stage.CONSUMPTION;
		};
	}

}
