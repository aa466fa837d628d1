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
 * Creates topics again that were deleted while records for them wait in a spool, such as
 * dead letter topics. All others are a matter of people. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public interface SpoolTopics {

	/**
	 * After which topic the topic of a record is made. Waits for nothing.
	 * @param topic the topic that the record goes to
	 * @param record the record
	 * @return the name of the other; {@code null} if people create such topics
	 */
	@Nullable String modelOf(String topic, SpoolRecord record);

	/**
	 * See to it that a topic exists. Whatever is in the way is an answer, no exception.
	 * @param connection how to reach the cluster
	 * @param topic its name
	 * @param model the topic after which it is made
	 * @param timeout longest time to take
	 * @return how that went
	 */
	Answer provide(Map<String, Object> connection, String topic, String model, Duration timeout);

	/**
	 * How it went.
	 *
	 * @since 0.1.0
	 */
	enum Answer {

		/**
		 * The topic is there.
		 */
		THERE,

		/**
		 * It may be there later though nobody changes anything, or is there already: the
		 * cluster has not answered, say.
		 */
		NOT_NOW,

		/**
		 * The cluster refuses to create it, or it has no model. Somebody has to change
		 * something.
		 */
		REFUSED

	}

}
