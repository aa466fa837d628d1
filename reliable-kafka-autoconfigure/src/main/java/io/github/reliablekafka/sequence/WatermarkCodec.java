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
 * Turns watermarks into records of the control topic and back, as
 * {@code docs/wire-format.md} describes it. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class WatermarkCodec {

	/**
	 * The longest value that is read. The longest that is written is shorter.
	 */
	static final int LONGEST = 512 * 1024;

	/**
	 * How many failed ranges a claim carries. A session begins anew long before.
	 */
	static final int MOST_RANGES = 10_000;

	/**
	 * How many bytes a name may have.
	 */
	static final int LONGEST_NAME = 255;

	private static final int VERSION_1 = 1;

	private static final int CLOSED = 1;

	private static final int APPEND_CLAIM = 2;

	private static final int CHECKSUM_BYTES = 4;

	private WatermarkCodec() {
	}

	/**
	 * Write the key of a control record.
	 * @param lane the partition that the watermark is about
	 * @param session the producer session
	 * @return the key
	 */
	public static byte[] encodeKey(Lane lane, long session) {
		FieldWriter fields = new FieldWriter(64);
		fields.octet(VERSION_1);
		fields.string(lane.topic().getBytes(StandardCharsets.UTF_8));
		fields.unsigned(lane.partition());
		fields.fixed64(session);
		return fields.toByteArray();
	}

	/**
	 * Read the key of a control record.
	 * @param key the key, whatever that is
	 * @return {@code null} if it is none
	 */
	public static @Nullable Key decodeKey(byte @Nullable [] key) {
		if (key == null) {
			return null;
		}
		FieldReader fields = new FieldReader(key, key.length);
		if (fields.octet() != VERSION_1) {
			return null;
		}
		String topic = fields.string(LONGEST_NAME);
		int partition = (int) fields.check(fields.unsigned(), 0, Integer.MAX_VALUE);
		long session = fields.fixed64();
		return (session == 0 || fields.isBroken()) ? null : new Key(new Lane(topic, partition), session);
	}

	/**
	 * Write the value of a control record. Names that are too long are cut.
	 * @param watermark what to write
	 * @return the value
	 */
	public static byte[] encode(Watermark watermark) {
		boolean appendClaim = watermark.appendNumber() != watermark.number()
				|| !watermark.appendClaim().equals(watermark.claim());
		FieldWriter fields = new FieldWriter(128);
		fields.octet(VERSION_1);
		fields.octet((watermark.closed() ? CLOSED : 0) | (appendClaim ? APPEND_CLAIM : 0));
		fields.unsigned(watermark.sequence());
		fields.unsigned(watermark.number());
		write(watermark.claim(), fields);
		if (appendClaim) {
			fields.unsigned(watermark.appendNumber());
			write(watermark.appendClaim(), fields);
		}
		ProducerIdentity producer = watermark.producer();
		fields.string(name(producer.application()));
		fields.string(name(producer.host()));
		fields.string(name(producer.clientId()));
		fields.unsigned(Math.max(0, producer.startedAt()));
		fields.fixed32(checksum(fields.buffer(), fields.length(), encodeKey(watermark.lane(), watermark.session())));
		return fields.toByteArray();
	}

	/**
	 * Read a control record.
	 * @param key its key, whatever that is
	 * @param value its value, whatever that is
	 * @return {@code null} if it is not a watermark
	 */
	public static @Nullable Watermark decode(byte @Nullable [] key, byte @Nullable [] value) {
		Key subject = decodeKey(key);
		if (key == null || subject == null || value == null || value.length <= CHECKSUM_BYTES
				|| value.length > LONGEST) {
			return null;
		}
		int end = value.length - CHECKSUM_BYTES;
		if (ByteBuffer.wrap(value).getInt(end) != checksum(value, end, key)) {
			return null;
		}
		FieldReader fields = new FieldReader(value, end);
		int version = fields.octet();
		int flags = fields.octet();
		if (version != VERSION_1 || (flags & ~(CLOSED | APPEND_CLAIM)) != 0) {
			return null;
		}
		long sequence = fields.number(0);
		long number = fields.number(0);
		Claim claim = readClaim(fields);
		boolean appendClaim = (flags & APPEND_CLAIM) != 0;
		long appendNumber = appendClaim ? fields.number(0) : number;
		Claim ofAppended = appendClaim ? readClaim(fields) : claim;
		ProducerIdentity producer = new ProducerIdentity(fields.string(LONGEST_NAME), fields.string(LONGEST_NAME),
				fields.string(LONGEST_NAME), fields.unsigned());
		return fields.isBroken() ? null : new Watermark(subject.lane(), subject.session(), producer, sequence, number,
				appendNumber, claim, ofAppended, (flags & CLOSED) != 0);
	}

	private static void write(Claim claim, FieldWriter fields) {
		NumberRanges failed = claim.failed().intersect(claim.from(), FieldWriter.HIGHEST);
		long from = claim.from();
		if (failed.size() > MOST_RANGES) {
			long lastLeftOut = failed.last(failed.size() - MOST_RANGES - 1);
			from = Math.max(from, Math.min(lastLeftOut + 1, claim.acknowledged() + 1));
			failed = failed.intersect(lastLeftOut + 1, FieldWriter.HIGHEST);
		}
		fields.unsigned(claim.acknowledged());
		fields.unsigned(claim.acknowledged() + 1 - from);
		fields.unsigned(claim.offset() + 1);
		fields.unsigned(claim.inverted());
		fields.unsigned(claim.firstOffset() + 1);
		fields.fixed32(claim.topicIdHash());
		fields.ranges(failed, from);
	}

	private static Claim readClaim(FieldReader fields) {
		long acknowledged = fields.number(0);
		long from = fields.check(acknowledged + 1 - fields.unsigned(), 1, acknowledged + 1);
		long offset = fields.check(fields.unsigned() - 1, -1, FieldWriter.HIGHEST);
		long inverted = fields.number(0);
		long firstOffset = fields.check(fields.unsigned() - 1, -1, FieldWriter.HIGHEST);
		int topicIdHash = fields.fixed32();
		return new Claim(from, acknowledged, offset, inverted, firstOffset, fields.ranges(from, MOST_RANGES),
				topicIdHash);
	}

	private static byte[] name(String name) {
		int end = name.length();
		byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
		while (utf8.length > LONGEST_NAME) {
			end = name.offsetByCodePoints(end, -1);
			utf8 = name.substring(0, end).getBytes(StandardCharsets.UTF_8);
		}
		return utf8;
	}

	private static int checksum(byte[] value, int length, byte[] key) {
		CRC32C checksum = new CRC32C();
		checksum.update(value, 0, length);
		checksum.update(key, 0, key.length);
		return (int) checksum.getValue();
	}

	/**
	 * What a control record is about.
	 *
	 * @param lane the partition
	 * @param session the producer session
	 */
	public record Key(Lane lane, long session) {

	}

}
