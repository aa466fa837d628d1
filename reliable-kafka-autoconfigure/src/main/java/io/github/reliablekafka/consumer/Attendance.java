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

import java.io.Serial;
import java.util.List;

import io.github.reliablekafka.durability.UnsafeSettingsException;

import org.springframework.kafka.listener.KafkaMessageListenerContainer;

/**
 * Finds listener containers that nobody looked at, because they are no beans and no
 * container factory made them: by who polls.
 */
final class Attendance {

	private static final StackWalker STACK = StackWalker.getInstance();

	private static final String CONTAINER = KafkaMessageListenerContainer.class.getName();

	/**
	 * With which a container polls, and which it has left before it calls a listener:
	 * that may poll another consumer.
	 */
	private static final String POLLING = "pollConsumer";

	private final ConsumerRules rules;

	private final String consumer;

	/**
	 * Create a judge.
	 * @param rules say what is wrong
	 * @param consumer what is polled
	 */
	Attendance(ConsumerRules rules, String consumer) {
		this.rules = rules;
		this.consumer = consumer;
	}

	/**
	 * Stop a listener container that polls; let anybody else.
	 */
	void check() {
		if (!isPolledByContainer()) {
			return;
		}
		try {
			this.rules.gate().refuse(List.of(this.rules.unattended(this.consumer)));
		}
		catch (UnsafeSettingsException ex) {
			throw new UnattendedContainerError(ex);
		}
	}

	private static boolean isPolledByContainer() {
		return STACK.walk((frames) -> frames
			.anyMatch((frame) -> frame.getMethodName().equals(POLLING) && frame.getClassName().startsWith(CONTAINER)));
	}

	/**
	 * Ends the container's loop. Any exception only reaches its error handler, and the
	 * container polls again.
	 */
	static final class UnattendedContainerError extends Error {

		@Serial
		private static final long serialVersionUID = 1L;

		UnattendedContainerError(UnsafeSettingsException cause) {
			super("%s. %s Or accept the loss by name, with reliable.kafka.durability.accept=%s".formatted(
					cause.getMessage(), cause.violations().get(0).remedy(), cause.violations().get(0).risk()), cause);
		}

	}

}
