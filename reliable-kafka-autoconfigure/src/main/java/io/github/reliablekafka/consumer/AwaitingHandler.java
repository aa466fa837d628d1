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

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.kafka.listener.adapter.AdapterUtils;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.InvocationResult;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;

/**
 * Calls the method of a listener and waits until the work that it has begun is done: that
 * of a future, a {@code Mono} or a suspend function. So the container knows when the
 * record is processed, and a failure goes where those of any listener go. Spring Kafka
 * itself acknowledges such a record before it tries again after a failure, and forgets it
 * when the container stops; it does not know at all of a future that a method without
 * such a return type returns.
 * <p>
 * The thread that waits is the consumer's: its records are processed one after the other.
 * It waits as long as the work takes, as it would in a listener that blocks.
 */
final class AwaitingHandler extends HandlerAdapter {

	private AwaitingHandler(InvocableHandlerMethod method) {
		super(method);
	}

	private AwaitingHandler(DelegatingInvocableHandler methods) {
		super(methods);
	}

	/**
	 * What waits for a method.
	 * @param method one method
	 * @return the handler
	 */
	static HandlerAdapter of(InvocableHandlerMethod method) {
		return new AwaitingHandler(method);
	}

	/**
	 * What waits for each of several methods.
	 * @param methods of which the record's payload chooses one
	 * @return the handler
	 */
	static HandlerAdapter of(DelegatingInvocableHandler methods) {
		return new AwaitingHandler(methods);
	}

	/**
	 * Whether the listener returns before its work is done.
	 * @return {@code false}
	 */
	@Override
	public boolean isAsyncReplies() {
		return false;
	}

	@Override
	public @Nullable Object invoke(Message<?> message, @Nullable Object... providedArgs) throws Exception {
		Object result = super.invoke(message, providedArgs);
		Object done = (result instanceof InvocationResult invocation)
				? new InvocationResult(await(invocation.result()), invocation.sendTo(), invocation.messageReturnType())
				: await(result);
		if (super.isAsyncReplies() && (result != null || !canAcknowledge(message))) {
			// As Spring Kafka does when the work of such a listener is done.
			ListenedRecords open = ListenedRecords.current();
			CommitGuard guard = (open != null) ? open.guard() : null;
			if (guard != null) {
				guard.acknowledgeWhenReturned();
			}
		}
		return done;
	}

	// Of several methods one may be void and have others return futures.
	private boolean canAcknowledge(Message<?> message) {
		return getMethodAsString(message.getPayload()).contains(Acknowledgment.class.getName());
	}

	private static @Nullable Object await(@Nullable Object result) throws Exception {
		if (result instanceof CompletionStage<?> stage) {
			return done(stage.toCompletableFuture());
		}
		if (result instanceof Future<?> future) {
			return done(future);
		}
		return (result != null && AdapterUtils.isMono(result.getClass())) ? done(subscribed(result)) : result;
	}

	private static @Nullable Object done(Future<?> work) throws Exception {
		try {
			return work.get();
		}
		catch (ExecutionException ex) {
			Throwable cause = ex.getCause();
			while (cause instanceof CompletionException && cause.getCause() != null) {
				cause = cause.getCause();
			}
			if (cause instanceof Error error) {
				throw error;
			}
			throw (cause instanceof Exception exception) ? exception : ex;
		}
	}

	// Reactor may not be there.
	private static Future<?> subscribed(Object mono) {
		return ((Mono<?>) mono).toFuture();
	}

}
