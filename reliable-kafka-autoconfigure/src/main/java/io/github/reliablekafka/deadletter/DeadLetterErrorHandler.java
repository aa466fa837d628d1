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

import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.BackOff;

/**
 * The error handler of a listener container that has none: patient between attempts, and
 * a record is committed only when it is processed or dead-lettered.
 */
final class DeadLetterErrorHandler extends DefaultErrorHandler {

	DeadLetterErrorHandler(ConsumerRecordRecoverer recoverer, BackOff backOff, PatientRetry retry) {
		super(recoverer, backOff, retry);
		setRetryListeners(retry);
		// After a dead letter that could not be published the next attempt goes straight
		// to publishing again, not through all the waits.
		setResetStateOnRecoveryFailure(false);
		setCommitRecovered(true);
	}

}
