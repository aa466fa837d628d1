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

import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.KafkaMessageListenerContainer;

/**
 * Who commits the offsets of a consumer.
 */
enum Committer {

	/**
	 * A listener container.
	 */
	CONTAINER,

	/**
	 * A listener container, with a producer in its transactions.
	 */
	TRANSACTION,

	/**
	 * The application, which polls the consumer itself, or nobody.
	 */
	APPLICATION;

	private static final StackWalker STACK = StackWalker.getInstance();

	/**
	 * Who will commit the offsets of a consumer that is being created by this thread.
	 * @param attended what is known of its listener container; {@code null} for nothing
	 * @return a container also if nobody looked at it
	 */
	static Committer of(@Nullable Object attended) {
		if (ConsumerCover.IN_TRANSACTIONS.equals(attended)) {
			return TRANSACTION;
		}
		return (attended != null || isCreatedByContainer()) ? CONTAINER : APPLICATION;
	}

	// Not by a listener that the container calls.
	private static boolean isCreatedByContainer() {
		return STACK.walk((frames) -> frames.anyMatch((frame) -> "<init>".equals(frame.getMethodName())
				&& frame.getClassName().startsWith(KafkaMessageListenerContainer.class.getName())));
	}

}
