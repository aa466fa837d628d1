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

import java.util.function.BiFunction;

import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.FailedRecordProcessor;
import org.springframework.kafka.listener.RetryListener;

/**
 * Tells when an error handler of the application, or one of retry topics, takes a record
 * for recovered that nobody has kept: by a recoverer that only logs, or one that was
 * given no topic to publish to. A recoverer of the application's own keeps what it is
 * given. Safe for use by many threads.
 */
final class Abandonment implements RetryListener {

	private static final Log logger = LogFactory.getLog(Abandonment.class);

	private final FailedRecordProcessor processor;

	Abandonment(FailedRecordProcessor processor) {
		this.processor = processor;
	}

	@Override
	public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception exception, int deliveryAttempt) {
		PatientRetry.tellFailing();
	}

	@Override
	public void failedDelivery(ConsumerRecords<?, ?> records, Exception exception, int deliveryAttempt) {
		PatientRetry.tellFailing();
	}

	@Override
	public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception exception) {
		ConsumerSession session = ConsumerSession.current();
		if (session == null) {
			return;
		}
		if (isAbandoned(record, exception)) {
			session.abandoned(record);
		}
		else {
			session.kept(record);
		}
	}

	@Override
	public void recovered(ConsumerRecords<?, ?> records, Exception exception) {
		records.forEach((record) -> recovered(record, exception));
	}

	private boolean isAbandoned(ConsumerRecord<?, ?> record, @Nullable Exception exception) {
		return ErrorHandlers.skips(this.processor) || leadsNowhere(record, exception);
	}

	@SuppressWarnings("unchecked")
	private boolean leadsNowhere(ConsumerRecord<?, ?> record, @Nullable Exception exception) {
		Object recoverer = ErrorHandlers.recovererOf(this.processor);
		// What a subclass does with such a record nobody knows.
		boolean known = recoverer.getClass() == DeadLetterPublishingRecoverer.class
				|| recoverer instanceof RetryTopicRecoverer;
		if (!known || !(new DirectFieldAccessor(recoverer)
			.getPropertyValue("destinationResolver") instanceof BiFunction<?, ?, ?> resolver)) {
			return false;
		}
		try {
			return ((BiFunction<Object, @Nullable Object, @Nullable Object>) resolver).apply(record, exception) == null;
		}
		catch (RuntimeException ex) {
			logger.debug("Where a record goes to is not said twice", ex);
			return false;
		}
	}

}
