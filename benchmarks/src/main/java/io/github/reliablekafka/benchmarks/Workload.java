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

package io.github.reliablekafka.benchmarks;

/**
 * A kind of work that is done with and without the starter.
 */
enum Workload {

	/**
	 * One thread sends.
	 */
	SENDING,

	/**
	 * Four threads send through one template.
	 */
	SENDING_BY_4,

	/**
	 * A listener is given one record at a time.
	 */
	RECORD_LISTENER,

	/**
	 * A listener is given what one poll returned.
	 */
	BATCH_LISTENER,

	/**
	 * A listener is given one record at a time and acknowledges it.
	 */
	MANUAL_LISTENER,

	/**
	 * A small application starts.
	 */
	START;

	boolean isSending() {
		return this == SENDING || this == SENDING_BY_4;
	}

	boolean isConsuming() {
		return this == RECORD_LISTENER || this == BATCH_LISTENER || this == MANUAL_LISTENER;
	}

	int sendingThreads() {
		return (this == SENDING_BY_4) ? 4 : 1;
	}

}
