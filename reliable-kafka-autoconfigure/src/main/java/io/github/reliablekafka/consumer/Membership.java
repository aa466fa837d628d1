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

import java.util.List;

import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * Whether the consumer of a listener container can still be a member of its group. In the
 * newer protocol a client that was refused once never asks again: it throws the reason at
 * one poll, and then returns nothing for ever, while its container counts as running. So
 * it goes with a static member that comes back within the session of the one that was
 * killed. A new consumer may be taken, so the container is given one. For use by the
 * polling thread.
 */
final class Membership {

	/**
	 * After which, and what is derived from them, Kafka's client does not go on. Some may
	 * also come from elsewhere; then another consumer does no harm.
	 */
	private static final List<Class<? extends ApiException>> FINAL = List.of(UnreleasedInstanceIdException.class,
			GroupAuthorizationException.class, GroupMaxSizeReachedException.class, GroupIdNotFoundException.class,
			UnsupportedAssignorException.class, UnsupportedVersionException.class, InvalidRequestException.class,
			InvalidRegularExpression.class, AuthenticationException.class, UnknownServerException.class);

	private final Consumer<?, ?> consumer;

	private final boolean newerProtocol;

	private @Nullable Outcomes container;

	private @Nullable ApiException refusal;

	/**
	 * Create it.
	 * @param session knows the protocol
	 * @param consumer the member
	 */
	Membership(ConsumerSession session, Consumer<?, ?> consumer) {
		this.consumer = consumer;
		Object protocol = session.effectiveSettings().get(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
		this.newerProtocol = protocol != null && protocol.toString().equalsIgnoreCase("consumer");
	}

	/**
	 * Note whose consumer it is.
	 * @param container the container
	 */
	void attend(Outcomes container) {
		this.container = container;
	}

	/**
	 * A poll failed.
	 * @param failure what it threw
	 * @return {@code true} if the container need not hear of it, as it is started again
	 */
	boolean failed(ApiException failure) {
		if (!this.newerProtocol || FINAL.stream().noneMatch((each) -> each.isInstance(failure))) {
			return false;
		}
		this.refusal = failure;
		// The others have an answer of the container's own, which may be to stop.
		if (failure instanceof UnreleasedInstanceIdException && this.container != null) {
			check();
			return true;
		}
		return false;
	}

	/**
	 * The container polls, again if it was refused.
	 */
	void check() {
		if (this.refusal != null && this.container != null) {
			this.container.startAgain(this.consumer, this.refusal);
			this.refusal = null;
		}
	}

}
