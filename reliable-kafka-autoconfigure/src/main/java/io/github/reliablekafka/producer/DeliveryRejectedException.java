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

import io.github.reliablekafka.ledger.RejectionReason;

import org.springframework.kafka.KafkaException;

/**
 * A record will not be delivered unless the caller sends it again.
 *
 * @since 0.1.0
 */
public final class DeliveryRejectedException extends KafkaException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String topic;

	private final RejectionReason reason;

	DeliveryRejectedException(String topic, RejectionReason reason, Throwable cause) {
		super("Record for topic '%s' rejected: %s%s".formatted(topic, reason.label(),
				reason.isPossiblyWritten() ? ", it may have been written" : ", it was not written"), cause);
		this.topic = topic;
		this.reason = reason;
	}

	/**
	 * The topic the record was meant for.
	 * @return its name
	 */
	public String topic() {
		return this.topic;
	}

	/**
	 * Why the record was rejected. The client's own exception is the
	 * {@linkplain #getCause() cause}.
	 * @return the reason
	 */
	public RejectionReason reason() {
		return this.reason;
	}

}
