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

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * Turns the stamps of one partition into the value of the header {@value Stamp#HEADER}
 * and back, as {@code docs/wire-format.md} describes it. Bound to the partition, because
 * headers are forwarded by whoever copies a record: a stamp of another partition is
 * recognised by its checksum. Not thread-safe.
 */
final class StampCodec {

	/**
	 * The longest header that is read. The longest that is written has 351 bytes.
	 */
	static final int LONGEST = 512;

	/**
	 * How many failed ranges an anchor carries.
	 */
	static final int MOST_RANGES = 16;

	private static final int VERSION_MASK = 0xC0;

	private static final int VERSION_1 = 0x40;

	private static final int ANCHOR = 1;

	private static final int FAILURES = 2;

	private static final int REPLAY = 4;

	private static final int TRANSACTIONAL = 8;

	private static final int KNOWN_FLAGS = ANCHOR | FAILURES | REPLAY | TRANSACTIONAL;

	private static final int CHECKSUM_BYTES = 4;

	private final CRC32C checksum = new CRC32C();

	private final byte[] binding;

	private final FieldReader reader = new FieldReader(new byte[0], 0);

	private @Nullable FieldWriter writer;

	private Integrity problem = Integrity.MALFORMED_HEADER;

	private long session;

	private long number;

	private long aborted;

	private int flags;

	private @Nullable Claim anchor;

	/**
	 * Create a codec for one partition.
	 * @param topic the topic
	 * @param partition the partition's index
	 */
	StampCodec(String topic, int partition) {
		byte[] name = topic.getBytes(StandardCharsets.UTF_8);
		this.binding = ByteBuffer.allocate(name.length + Integer.BYTES).put(name).putInt(partition).array();
	}

	/**
	 * Write a header. The lowest failed ranges of an anchor are left out if there are too
	 * many; the anchor's statement then begins above them.
	 * @param stamp what to write
	 * @return the value of the header
	 * @throws IllegalArgumentException if a number is out of range
	 */
	byte[] encode(Stamp stamp) {
		return encode(stamp.session(), stamp.number(), stamp.aborted(), stamp.transactional(), stamp.replay(),
				stamp.anchor());
	}

	// The same without an object to carry the parameters.
	byte[] encode(long session, long number, long aborted, boolean transactional, boolean replay,
			@Nullable Claim anchor) {
		require(session != 0 && number >= 1 && aborted >= 0 && number <= FieldWriter.HIGHEST - aborted
				&& (transactional || aborted == 0), "Not a stamp");
		FieldWriter fields = fields();
		fields.octet(0);
		fields.fixed64(session);
		fields.unsigned(number);
		int flags = VERSION_1 | (replay ? REPLAY : 0);
		if (transactional) {
			flags |= TRANSACTIONAL;
			fields.unsigned(aborted);
		}
		if (anchor != null) {
			flags |= ANCHOR | (write(anchor, number, fields) ? FAILURES : 0);
		}
		fields.buffer()[0] = (byte) flags;
		int length = fields.length();
		// Once over both is faster than one after the other.
		fields.raw(this.binding);
		this.checksum.reset();
		this.checksum.update(fields.buffer(), 0, fields.length());
		fields.truncate(length);
		fields.fixed32((int) this.checksum.getValue());
		return fields.toByteArray();
	}

	/**
	 * Read a header.
	 * @param header its value, whatever that is
	 * @return {@code null} if it is not a stamp of this partition: then
	 * {@link #problem()} says why
	 */
	@Nullable Stamp decode(byte[] header) {
		return read(header) ? stamp() : null;
	}

	/**
	 * Read a header, without an object for what is in it.
	 * @param header its value, whatever that is
	 * @return {@code false} if it is not a stamp of this partition: then
	 * {@link #problem()} says why
	 */
	boolean read(byte[] header) {
		if (header.length == 0 || header.length > LONGEST) {
			this.problem = Integrity.MALFORMED_HEADER;
			return false;
		}
		if ((header[0] & VERSION_MASK) != VERSION_1) {
			this.problem = Integrity.UNKNOWN_VERSION;
			return false;
		}
		int end = header.length - CHECKSUM_BYTES;
		this.reader.reset(header, end);
		if (!read(this.reader)) {
			this.problem = Integrity.MALFORMED_HEADER;
			return false;
		}
		if (FieldReader.fixed32(header, end) != checksum(header, end)) {
			this.problem = Integrity.FOREIGN_HEADER;
			return false;
		}
		return true;
	}

	/**
	 * The session of the header that was read last.
	 * @return not 0
	 */
	long session() {
		return this.session;
	}

	/**
	 * The number in the header that was read last.
	 * @return from 1
	 */
	long number() {
		return this.number;
	}

	/**
	 * The count of aborted records in the header that was read last.
	 * @return 0 without transactions
	 */
	long aborted() {
		return this.aborted;
	}

	/**
	 * Whether the header that was read last says where its record is and nothing else.
	 * @return {@code false} for replays and with anchors
	 */
	boolean isPlain() {
		return !has(this.flags, REPLAY | ANCHOR);
	}

	/**
	 * What was in the header that was read last.
	 * @return all of it
	 */
	Stamp stamp() {
		return new Stamp(this.session, this.number, this.aborted, has(this.flags, TRANSACTIONAL),
				has(this.flags, REPLAY), this.anchor);
	}

	/**
	 * Why the last header that was not decoded was not.
	 * @return malformed, foreign or of an unknown version
	 */
	Integrity problem() {
		return this.problem;
	}

	private static boolean write(Claim anchor, long number, FieldWriter fields) {
		require(isLegal(anchor), "Not a claim");
		NumberRanges failed = anchor.failed().intersect(anchor.from(), FieldWriter.HIGHEST);
		long from = anchor.from();
		if (failed.size() > MOST_RANGES) {
			// Whatever is above what was acknowledged no statement is made of.
			long lastLeftOut = failed.last(failed.size() - MOST_RANGES - 1);
			from = Math.max(from, Math.min(lastLeftOut + 1, anchor.acknowledged() + 1));
			failed = failed.intersect(lastLeftOut + 1, FieldWriter.HIGHEST);
		}
		fields.signed(number - anchor.acknowledged());
		fields.unsigned(anchor.acknowledged() + 1 - from);
		fields.unsigned(anchor.offset() + 1);
		fields.unsigned(anchor.inverted());
		fields.fixed32(anchor.topicIdHash());
		if (!failed.isEmpty()) {
			fields.ranges(failed, from);
		}
		return !failed.isEmpty();
	}

	private static boolean isLegal(Claim claim) {
		return claim.acknowledged() >= 0 && claim.acknowledged() <= FieldWriter.HIGHEST && claim.from() >= 1
				&& claim.from() <= claim.acknowledged() + 1 && claim.offset() >= -1
				&& claim.offset() <= FieldWriter.HIGHEST && claim.inverted() >= 0
				&& claim.inverted() <= FieldWriter.HIGHEST && (claim.failed().isEmpty() || (claim.failed().first(0) >= 1
						&& claim.failed().last(claim.failed().size() - 1) <= FieldWriter.HIGHEST));
	}

	private boolean read(FieldReader fields) {
		int flags = fields.octet() & ~VERSION_MASK;
		if ((flags & ~KNOWN_FLAGS) != 0 || (flags & (ANCHOR | FAILURES)) == FAILURES) {
			return false;
		}
		this.flags = flags;
		this.session = fields.fixed64();
		this.number = fields.number(1);
		this.aborted = has(flags, TRANSACTIONAL) ? fields.number(0) : 0;
		fields.check(this.number + this.aborted, 1, FieldWriter.HIGHEST);
		this.anchor = has(flags, ANCHOR) ? readAnchor(fields, this.number, has(flags, FAILURES)) : null;
		return this.session != 0 && !fields.isBroken();
	}

	private static Claim readAnchor(FieldReader fields, long number, boolean failures) {
		long acknowledged = fields.check(number - fields.signed(), 0, FieldWriter.HIGHEST);
		long from = fields.check(acknowledged + 1 - fields.unsigned(), 1, acknowledged + 1);
		long offset = fields.check(fields.unsigned() - 1, -1, FieldWriter.HIGHEST);
		long inverted = fields.number(0);
		int topicIdHash = fields.fixed32();
		NumberRanges failed = NumberRanges.EMPTY;
		if (failures) {
			failed = fields.ranges(from, MOST_RANGES);
			if (failed.isEmpty()) {
				fields.fail();
			}
		}
		return new Claim(from, acknowledged, offset, inverted, -1, failed, topicIdHash);
	}

	private static boolean has(int flags, int flag) {
		return (flags & flag) != 0;
	}

	private static void require(boolean condition, String message) {
		if (!condition) {
			throw new IllegalArgumentException(message);
		}
	}

	private int checksum(byte[] header, int length) {
		this.checksum.reset();
		this.checksum.update(header, 0, length);
		this.checksum.update(this.binding, 0, this.binding.length);
		return (int) this.checksum.getValue();
	}

	// Readers need none.
	private FieldWriter fields() {
		FieldWriter fields = this.writer;
		if (fields == null) {
			fields = new FieldWriter(64);
			this.writer = fields;
		}
		fields.clear();
		return fields;
	}

}
