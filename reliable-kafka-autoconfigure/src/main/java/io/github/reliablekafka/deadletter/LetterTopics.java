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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Creates dead letter topics again that were deleted while dead letters for them wait in
 * the spool, as they are created at first. A record counts as a dead letter if its
 * headers say that it comes from the topic to which its own belongs by name, so that it
 * does in the next process, too. Safe for use by many threads.
 */
final class LetterTopics implements SpoolTopics {

	private static final Log logger = LogFactory.getLog(LetterTopics.class);

	private final DeadLetterProperties properties;

	/**
	 * Those that cannot be created, which was said.
	 */
	private final Set<String> refused = ConcurrentHashMap.newKeySet();

	LetterTopics(DeadLetterProperties properties) {
		this.properties = properties;
	}

	@Override
	public @Nullable String modelOf(String topic, SpoolRecord record) {
		if (!this.properties.enabled() || !topic.endsWith(this.properties.suffix())) {
			return null;
		}
		Headers headers = new RecordHeaders();
		record.headers().forEach((field) -> headers.add(field.name(), field.value()));
		String origin = topic.substring(0, topic.length() - this.properties.suffix().length());
		return new DeadLetterHeaders(headers).isFrom(origin) ? origin : null;
	}

	@Override
	public Answer provide(Map<String, Object> connection, String topic, String model, Duration timeout) {
		try {
			new DeadLetterTopics(connection).require(topic, model, null, timeout);
			this.refused.remove(topic);
			return Answer.THERE;
		}
		catch (Throwable ex) {
			// Whoever asks has other records to send.
			if (!isRefusal(ex)) {
				logger.debug("Dead letter topic '%s' cannot be created now".formatted(topic), ex);
				return Answer.NOT_NOW;
			}
			refused(topic, model, ex);
			return Answer.REFUSED;
		}
	}

	private void refused(String topic, String model, Throwable cause) {
		if (this.refused.add(topic)) {
			logger
				.warn(("Dead letter topic '%1$s' is gone, and cannot be created again while dead letters for it wait in "
						+ "the spool. Create it with the partitions, replicas and min.insync.replicas that '%2$s' has or had, "
						+ "and with retention.ms=-1 and retention.bytes=-1, or mend what the exception says")
					.formatted(topic, model), cause);
		}
	}

	/**
	 * Whether a topic cannot be created unless somebody changes something.
	 * @param failure why it was not created
	 * @return {@code false} if in doubt
	 */
	static boolean isRefusal(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof AuthorizationException || cause instanceof PolicyViolationException
					|| cause instanceof InvalidTopicException || cause instanceof UnknownTopicOrPartitionException) {
				return true;
			}
		}
		return false;
	}

}
