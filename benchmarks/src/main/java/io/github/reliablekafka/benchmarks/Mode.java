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

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One thing to be measured. The first mode of a workload is the one without the starter,
 * which the others are compared to.
 */
enum Mode {

	PLAIN_SEND(Workload.SENDING, Cover.NONE),

	RELIABLE_SEND(Workload.SENDING, Cover.STARTER),

	RELIABLE_DELIVER(Workload.SENDING, Cover.STARTER_AND_DELIVER),

	UNNUMBERED_SEND(Workload.SENDING, Cover.STARTER_WITHOUT_NUMBERS),

	HEADER_SEND(Workload.SENDING, Cover.STARTER_WITH_HEADER),

	SPOOLED_SEND(Workload.SENDING, Cover.STARTER_AND_SPOOL),

	SPOOLED_DELIVER(Workload.SENDING, Cover.STARTER_AND_SPOOL_AND_DELIVER),

	PLAIN_SEND_BY_4(Workload.SENDING_BY_4, Cover.NONE),

	RELIABLE_SEND_BY_4(Workload.SENDING_BY_4, Cover.STARTER),

	RELIABLE_DELIVER_BY_4(Workload.SENDING_BY_4, Cover.STARTER_AND_DELIVER),

	UNNUMBERED_SEND_BY_4(Workload.SENDING_BY_4, Cover.STARTER_WITHOUT_NUMBERS),

	PLAIN_RECORD_LISTENER(Workload.RECORD_LISTENER, Cover.NONE),

	RELIABLE_RECORD_LISTENER(Workload.RECORD_LISTENER, Cover.STARTER),

	UNNUMBERED_RECORD_LISTENER(Workload.RECORD_LISTENER, Cover.STARTER_WITHOUT_NUMBERS),

	PLAIN_BATCH_LISTENER(Workload.BATCH_LISTENER, Cover.NONE),

	RELIABLE_BATCH_LISTENER(Workload.BATCH_LISTENER, Cover.STARTER),

	UNNUMBERED_BATCH_LISTENER(Workload.BATCH_LISTENER, Cover.STARTER_WITHOUT_NUMBERS),

	PLAIN_MANUAL_LISTENER(Workload.MANUAL_LISTENER, Cover.NONE),

	RELIABLE_MANUAL_LISTENER(Workload.MANUAL_LISTENER, Cover.STARTER),

	UNNUMBERED_MANUAL_LISTENER(Workload.MANUAL_LISTENER, Cover.STARTER_WITHOUT_NUMBERS),

	PLAIN_START(Workload.START, Cover.NONE),

	RELIABLE_START(Workload.START, Cover.STARTER);

	private final Workload workload;

	private final Cover cover;

	Mode(Workload workload, Cover cover) {
		this.workload = workload;
		this.cover = cover;
	}

	Workload workload() {
		return this.workload;
	}

	boolean isCovered() {
		return this.cover != Cover.NONE;
	}

	boolean isDelivering() {
		return this.cover == Cover.STARTER_AND_DELIVER || this.cover == Cover.STARTER_AND_SPOOL_AND_DELIVER;
	}

	boolean isSpooled() {
		return this.cover == Cover.STARTER_AND_SPOOL || this.cover == Cover.STARTER_AND_SPOOL_AND_DELIVER;
	}

	/**
	 * The same mode without the spool.
	 * @return nothing unless this is one with it
	 */
	Optional<Mode> unspooled() {
		Cover without = isDelivering() ? Cover.STARTER_AND_DELIVER : Cover.STARTER;
		return isSpooled() ? of(this.workload).stream().filter((mode) -> mode.cover == without).findFirst()
				: Optional.empty();
	}

	boolean isNumbered() {
		return isCovered() && this.cover != Cover.STARTER_WITHOUT_NUMBERS && !isWithHeader();
	}

	/**
	 * Whether each record gets a constant header of the size of a number, and no number:
	 * what Kafka needs for any header.
	 * @return {@code true} if it does
	 */
	boolean isWithHeader() {
		return this.cover == Cover.STARTER_WITH_HEADER;
	}

	/**
	 * Whether the guard of commits is all that the starter adds.
	 * @return {@code true} for listeners of records without numbers
	 */
	boolean isGuardOnly() {
		return this.workload.isConsuming() && this.cover == Cover.STARTER_WITHOUT_NUMBERS;
	}

	/**
	 * The same mode without the starter.
	 * @return the first of the workload
	 */
	Mode plain() {
		return of(this.workload).get(0);
	}

	/**
	 * The same mode without sequence numbers or a header in their place.
	 * @return nothing unless there is one
	 */
	Optional<Mode> unnumbered() {
		return (this.cover == Cover.STARTER || isWithHeader())
				? of(this.workload).stream().filter((mode) -> mode.cover == Cover.STARTER_WITHOUT_NUMBERS).findFirst()
				: Optional.empty();
	}

	String label() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	static Mode of(String label) {
		return Arrays.stream(values())
			.filter((mode) -> mode.label().equals(label))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("No mode '%s', expected one of %s".formatted(label,
					Arrays.stream(values()).map(Mode::label).toList())));
	}

	static List<Mode> of(Workload workload) {
		return Arrays.stream(values()).filter((mode) -> mode.workload == workload).toList();
	}

	/**
	 * How much of the starter is in play.
	 */
	private enum Cover {

		NONE, STARTER, STARTER_AND_DELIVER, STARTER_WITHOUT_NUMBERS, STARTER_WITH_HEADER, STARTER_AND_SPOOL,
		STARTER_AND_SPOOL_AND_DELIVER

	}

}
