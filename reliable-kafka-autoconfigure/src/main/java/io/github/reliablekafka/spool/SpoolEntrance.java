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

import java.time.Duration;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Takes records into the spool of an application that none of its own producers sends,
 * such as dead letters that their topic does not take now. They are sent by a producer of
 * the application that enters the same cluster with the same credentials; if there is
 * none, or only one with transactions, nothing is taken. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public interface SpoolEntrance {

	/**
	 * Whether the application has a spool at all.
	 * @return {@code false} if nothing is ever taken
	 */
	boolean isOpen();

	/**
	 * Whether records of a partition wait in the spool, so that later ones would overtake
	 * them on any other way. Credentials do not matter.
	 * @param connection the settings by which they would be sent otherwise
	 * @param clusterId the cluster that answers there, as it calls itself
	 * @param topic the topic
	 * @param partition the partition
	 * @return {@code true} if one more has to go through the spool
	 */
	boolean isWaiting(Map<String, Object> connection, String clusterId, String topic, int partition);

	/**
	 * Put a record behind what waits for its partition, and wait until it is on disk.
	 * From then on it survives the death of the process and of the machine, and is sent
	 * until the cluster takes it; if that refuses it for good it is parked. It may be
	 * sent even if it is refused here, because the disk has answered too late and it is
	 * on its way by then.
	 * @param connection the settings by which it would be sent otherwise
	 * @param clusterId the cluster that answers there, as it calls itself
	 * @param topic its topic
	 * @param record the record, with its partition
	 * @param failure why the cluster does not have it; {@code null} if nobody has asked
	 * @param patience longest time to wait
	 * @return why it is not on disk; {@code null} if it is
	 */
	@Nullable String put(Map<String, Object> connection, String clusterId, String topic, SpoolRecord record,
			@Nullable Throwable failure, Duration patience);

}
