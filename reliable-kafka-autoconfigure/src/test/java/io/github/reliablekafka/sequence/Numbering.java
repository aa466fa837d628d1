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
 * One producer that numbers records: the seam between the simulated producers and the
 * classes that are tested.
 */
interface Numbering {

	/** Give the next number to a record. */
	Numbered next(Lane lane, int topicIdHash);

	/** The record is on its way. */
	void appended(Numbered numbered);

	/** It is not: the number goes to the next one. */
	void rollBack(Numbered numbered);

	void acknowledged(Numbered numbered, long offset);

	void failed(Numbered numbered);

	void begin();

	void committing();

	void committed();

	void aborted();

	void close();

	List<Watermark> takeWatermarks();

	/** A header that gives a number a second time. */
	static byte[] again(Numbered numbered) {
		Stamp stamp = numbered.stamp();
		return new StampCodec(numbered.lane().topic(), numbered.lane().partition())
			.encode(new Stamp(stamp.session(), stamp.number(), stamp.aborted(), stamp.transactional(), true, null));
	}

	/**
	 * A record with its number.
	 *
	 * @param lane the partition
	 * @param stamp what the header says, read back from it
	 * @param header the value of the header
	 * @param handle whatever the session needs to find it again
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Numbered(Lane lane, Stamp stamp, byte[] header, Object handle) {

	}

}
