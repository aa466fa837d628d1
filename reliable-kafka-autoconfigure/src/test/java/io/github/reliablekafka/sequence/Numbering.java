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

package io.github.reliablekafka.sequence;

import java.util.List;

/**
 * One producer session that numbers records: the seam between the simulated producers and
 * the classes that are tested.
 */
interface Numbering {

	long session();

	/** Give the next number to a record. */
	Ticket next(Lane lane, int topicIdHash, boolean transactional);

	/** A header that gives a number a second time. */
	byte[] replay(Lane lane, Ticket ticket);

	void rollBack(Ticket ticket);

	void acknowledged(Ticket ticket, long offset);

	void failed(Ticket ticket);

	void committed();

	void aborted();

	void close();

	List<Watermark> takeWatermarks();

	/**
	 * A number that was given.
	 *
	 * @param lane the partition
	 * @param number the visible number
	 * @param appendNumber the number with aborted ones
	 * @param header the value of the header
	 * @param anchor what the header claims, or null
	 * @param handle whatever the session needs to find it again
	 */
	record Ticket(Lane lane, long number, long appendNumber, byte[] header, Claim anchor,
			Object handle) {

	}

}
