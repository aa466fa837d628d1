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
import java.time.Duration;

import org.springframework.kafka.KafkaException;

/**
 * The time that a caller was ready to wait is over, or the caller was interrupted, or the
 * application ends, and the record has no outcome yet. It is still on its way: sending it
 * again duplicates it.
 *
 * @since 0.1.0
 */
public final class DeliveryPendingException extends KafkaException {

	@Serial
	private static final long serialVersionUID = 1L;

	DeliveryPendingException(String topic, Duration timeout) {
		super("Record for topic '%s' not acknowledged within %s; it is still on its way".formatted(topic, timeout));
	}

	/**
	 * The application ends while a record waits for its acknowledgement in the spool.
	 * @param topic its topic
	 * @param cause says that the producer is closed
	 */
	DeliveryPendingException(String topic, Exception cause) {
		super("Record for topic '%s' is in the spool, from where the next process of this application sends it"
			.formatted(topic), cause);
	}

	DeliveryPendingException(String topic, InterruptedException cause) {
		super("Interrupted before the record for topic '%s' was acknowledged; it is still on its way".formatted(topic),
				cause);
	}

}
