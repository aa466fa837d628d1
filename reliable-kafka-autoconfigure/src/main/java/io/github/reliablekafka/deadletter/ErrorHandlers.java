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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.CommonDelegatingErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.CommonMixedErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.FailedRecordProcessor;
import org.springframework.kafka.listener.RetryListener;

/**
 * Looks into the error handlers and after-rollback processors of an application.
 */
final class ErrorHandlers {

	/**
	 * A handler without a recoverer logs and commits. The class of the recoverer that it
	 * gets instead cannot be named.
	 */
	private static final Class<?> LOG_AND_SKIP = recovererOf(new DefaultErrorHandler()).getClass();

	/**
	 * A recoverer waits for the longer of its own timeout and the producer's delivery
	 * timeout plus this buffer, so that the buffer has to take the latter away.
	 */
	private static final int NO_DELIVERY_TIMEOUT = -Integer.MAX_VALUE;

	private ErrorHandlers() {
	}

	/**
	 * The handlers that do the work, which may be behind others that only choose.
	 * @param handler an error handler or after-rollback processor
	 * @return itself, unless it delegates
	 */
	static Stream<Object> partsOf(@Nullable Object handler) {
		if (handler instanceof CommonDelegatingErrorHandler) {
			DirectFieldAccessor fields = new DirectFieldAccessor(handler);
			Stream<?> delegates = (fields.getPropertyValue("delegates") instanceof Map<?, ?> map)
					? map.values().stream() : Stream.empty();
			return Stream.concat(Stream.of("defaultErrorHandler").map(fields::getPropertyValue), delegates)
				.flatMap(ErrorHandlers::partsOf);
		}
		if (handler instanceof CommonMixedErrorHandler) {
			DirectFieldAccessor fields = new DirectFieldAccessor(handler);
			return Stream.of("recordErrorHandler", "batchErrorHandler")
				.map(fields::getPropertyValue)
				.flatMap(ErrorHandlers::partsOf);
		}
		return (handler != null) ? Stream.of(handler) : Stream.empty();
	}

	/**
	 * Whether a handler commits what it could not process and did not keep.
	 * @param part a handler that does not delegate
	 * @return {@code true} if it is known to
	 */
	static boolean skips(Object part) {
		return part instanceof CommonLoggingErrorHandler || (part instanceof FailedRecordProcessor processor
				&& recovererOf(processor).getClass() == LOG_AND_SKIP);
	}

	/**
	 * Whether a handler gives each record up at once, although the application has told
	 * it how often to try: Spring Kafka 4.1.1 looks at the back-off alone.
	 * @param part a handler that does not delegate
	 * @return {@code true} if its back-off function is never asked
	 */
	static boolean ignoresBackOffFunction(Object part) {
		if (!(part instanceof FailedRecordProcessor)) {
			return false;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(part);
		if (!fields.isReadableProperty("failureTracker.noRetries")
				|| !fields.isReadableProperty("userBackOffFunction")) {
			// A later release that does without.
			return false;
		}
		// What a handler has whose application sets none.
		Object none = new DirectFieldAccessor(new DefaultErrorHandler()).getPropertyValue("userBackOffFunction");
		Object function = fields.getPropertyValue("userBackOffFunction");
		return Boolean.TRUE.equals(fields.getPropertyValue("failureTracker.noRetries")) && function != null
				&& none != null && function.getClass() != none.getClass();
	}

	/**
	 * Keep the application's own publishing of dead letters from waiting as long as a
	 * producer that never gives up.
	 * @param part a handler that does not delegate
	 * @param longestWait for one dead letter
	 */
	static void bound(Object part, Duration longestWait) {
		if (part instanceof FailedRecordProcessor processor
				&& recovererOf(processor) instanceof DeadLetterPublishingRecoverer recoverer) {
			bound(recoverer, longestWait);
		}
	}

	/**
	 * Have a record come again for which the application's own publishing of dead letters
	 * finds no topic; otherwise it is logged, and committed.
	 * @param part a handler that does not delegate
	 */
	static void requireDestination(Object part) {
		if (part instanceof FailedRecordProcessor processor
				&& recovererOf(processor) instanceof DeadLetterPublishingRecoverer recoverer) {
			recoverer.setThrowIfNoDestinationReturned(true);
		}
	}

	/**
	 * Let a recoverer wait no longer than it may for an acknowledgement. Of several
	 * bounds the shortest holds.
	 * @param recoverer the recoverer
	 * @param longestWait for one dead letter
	 */
	static void bound(DeadLetterPublishingRecoverer recoverer, Duration longestWait) {
		DirectFieldAccessor fields = new DirectFieldAccessor(recoverer);
		boolean bounded = Long.valueOf(NO_DELIVERY_TIMEOUT).equals(fields.getPropertyValue("timeoutBuffer"));
		if (bounded && fields.getPropertyValue("waitForSendResultTimeout") instanceof Duration wait
				&& wait.compareTo(longestWait) <= 0) {
			return;
		}
		recoverer.setWaitForSendResultTimeout(longestWait);
		recoverer.setTimeoutBuffer(NO_DELIVERY_TIMEOUT);
	}

	/**
	 * Have a handler tell of records that it gives up.
	 * @param part a handler that does not delegate
	 */
	@SuppressWarnings("unchecked")
	static void watch(Object part) {
		if (part instanceof FailedRecordProcessor processor
				&& new DirectFieldAccessor(part)
					.getPropertyValue("failureTracker.retryListeners") instanceof List<?> set
				&& set.stream().noneMatch(Abandonment.class::isInstance)) {
			List<RetryListener> listeners = new ArrayList<>((List<RetryListener>) set);
			listeners.add(new Abandonment(processor));
			processor.setRetryListeners(listeners.toArray(RetryListener[]::new));
		}
	}

	/**
	 * What takes the records that a handler gives up.
	 * @param processor the handler
	 * @return the recoverer, as Spring Kafka wraps it
	 */
	static Object recovererOf(FailedRecordProcessor processor) {
		Object recoverer = new DirectFieldAccessor(processor).getPropertyValue("failureTracker.recoverer");
		if (recoverer == null) {
			throw new IllegalStateException("No recoverer in " + processor);
		}
		return recoverer;
	}

}
