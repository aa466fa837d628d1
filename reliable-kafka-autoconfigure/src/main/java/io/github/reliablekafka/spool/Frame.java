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

package io.github.reliablekafka.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * The frames of a segment, as {@code docs/spool-format.md} describes them: what is
 * written as one piece, with a checksum that is right at one place of one segment only.
 */
final class Frame {

	static final int HEADER = 24;

	static final int DATA = 1;

	static final int RESOLVE = 2;

	static final int REMOVE = 3;

	static final int CHECKPOINT = 4;

	static final int COMMIT = 5;

	static final int END = 6;

	static final int CLOSE = 7;

	private static final int CHECKSUM_AT = 4;

	private static final int TYPE_AT = 8;

	private static final int LANE_AT = 12;

	private static final int NUMBER_AT = 16;

	private Frame() {
	}

	/**
	 * A frame without a body.
	 * @param type which one
	 * @param lane the lane's id; 0 for none
	 * @param number a position, or the length of a group
	 * @return the frame, without its checksum
	 */
	static byte[] plain(int type, int lane, long number) {
		byte[] frame = new byte[HEADER];
		start(frame, type, lane, number);
		return frame;
	}

	/**
	 * A record. The position is set later.
	 * @param lane its lane
	 * @param record the record
	 * @return the frame, without its checksum and number
	 */
	static byte[] data(SpoolLane lane, SpoolRecord record) {
		byte[] name = lane.name();
		List<byte[]> names = new ArrayList<>(record.headers().size());
		long body = 36L + name.length + length(record.key()) + length(record.value());
		for (SpoolRecord.Field header : record.headers()) {
			byte[] key = header.name().getBytes(StandardCharsets.UTF_8);
			names.add(key);
			body += 8L + key.length + length(header.value());
		}
		if (body > Integer.MAX_VALUE - 2 * HEADER) {
			throw new SpoolException(SpoolException.Kind.TOO_LARGE, "A record has %d bytes".formatted(body));
		}
		byte[] bytes = new byte[lengthOf((int) body)];
		ByteBuffer frame = start(bytes, DATA, lane.id(), 0);
		frame.putLong(record.timestamp()).putLong(record.enqueuedAt());
		frame.putInt(lane.partition()).putInt(record.partition());
		frame.put(name);
		put(frame, record.key());
		put(frame, record.value());
		frame.putInt(names.size());
		for (int i = 0; i < names.size(); i++) {
			put(frame, names.get(i));
			put(frame, record.headers().get(i).value());
		}
		return bytes;
	}

	/**
	 * What tells a lane from others of its partition number.
	 * @param destination its destination
	 * @param topic its topic
	 * @return both, as they are in each record
	 */
	static byte[] name(String destination, String topic) {
		byte[] first = destination.getBytes(StandardCharsets.UTF_8);
		byte[] second = topic.getBytes(StandardCharsets.UTF_8);
		return ByteBuffer.allocate(6 + first.length + second.length)
			.putShort((short) first.length)
			.put(first)
			.putInt(second.length)
			.put(second)
			.array();
	}

	/**
	 * What is resolved at the begin of a segment.
	 * @param nextLane the id that the next lane gets
	 * @param marks of each lane: its id, and ranges of resolved positions, the first of
	 * which begins at 0
	 * @return the frame, without its checksum
	 */
	static byte[] checkpoint(int nextLane, Collection<Mark> marks) {
		byte[] bytes = new byte[lengthOf(marks.size() * 20)];
		ByteBuffer frame = start(bytes, CHECKPOINT, nextLane, marks.size());
		for (Mark mark : marks) {
			frame.putInt(mark.lane()).putLong(mark.first()).putLong(mark.last());
		}
		return bytes;
	}

	static List<Mark> marks(ByteBuffer content, int offset) {
		List<Mark> marks = new ArrayList<>();
		int at = offset + HEADER;
		for (long i = 0; i < number(content, offset); i++) {
			marks.add(new Mark(content.getInt(at), content.getLong(at + 4), content.getLong(at + 12)));
			at += 20;
		}
		return marks;
	}

	static void number(byte[] frame, long number) {
		ByteBuffer.wrap(frame).putLong(NUMBER_AT, number);
	}

	static int length(ByteBuffer content, int offset) {
		return content.getInt(offset);
	}

	static int type(ByteBuffer content, int offset) {
		return content.get(offset + TYPE_AT);
	}

	static int lane(ByteBuffer content, int offset) {
		return content.getInt(offset + LANE_AT);
	}

	static long number(ByteBuffer content, int offset) {
		return content.getLong(offset + NUMBER_AT);
	}

	/**
	 * Whether there may be a frame, so that its checksum is worth a look.
	 * @param content bytes of a segment
	 * @param offset where
	 * @return {@code false} if there is none for sure
	 */
	static boolean isPlausible(ByteBuffer content, int offset) {
		if (offset + HEADER > content.limit()) {
			return false;
		}
		int length = length(content, offset);
		int type = type(content, offset);
		return length >= HEADER && length % 8 == 0 && length <= content.limit() - offset && type >= DATA
				&& type <= CLOSE && (content.getInt(offset + TYPE_AT) & 0xFFFFFF) == 0;
	}

	/**
	 * The topic, destination and partition of a record's lane.
	 * @param content bytes of a segment
	 * @param offset where its frame begins
	 * @param count counts its records with those of others
	 * @return a lane
	 */
	static SpoolLane laneOf(ByteBuffer content, int offset, SpoolLane.Count count) {
		ByteBuffer body = content.duplicate().position(offset + HEADER + 16);
		int partition = body.getInt();
		body.getInt();
		String destination = text(body, body.getShort() & 0xFFFF);
		String topic = text(body, body.getInt());
		return new SpoolLane(lane(content, offset), destination, topic, partition, count);
	}

	/**
	 * When a record was appended.
	 * @param content bytes of a segment
	 * @param offset where its frame begins
	 * @return in milliseconds since 1970
	 */
	static long appendedAt(ByteBuffer content, int offset) {
		return content.getLong(offset + HEADER + 8);
	}

	/**
	 * Whether a frame is a record of a partition, if it is right.
	 * @param content bytes of a segment
	 * @param offset where the frame begins
	 * @param topic the name of the topic
	 * @param partition the partition of the record's lane
	 * @return {@code false} if it is something else for sure
	 */
	static boolean isOf(ByteBuffer content, int offset, byte[] topic, int partition) {
		int names = offset + HEADER + 24;
		if (type(content, offset) != DATA || names + 2 > content.limit()
				|| content.getInt(offset + HEADER + 16) != partition) {
			return false;
		}
		int at = names + 2 + (content.getShort(names) & 0xFFFF);
		return at + 4 + topic.length <= content.limit() && content.getInt(at) == topic.length
				&& ByteBuffer.wrap(topic).equals(content.duplicate().position(at + 4).limit(at + 4 + topic.length));
	}

	/**
	 * The destination of a record's lane.
	 * @param content bytes of a segment
	 * @param offset where its frame begins
	 * @return as it was given
	 */
	static String destination(ByteBuffer content, int offset) {
		ByteBuffer body = content.duplicate().position(offset + HEADER + 24);
		return text(body, body.getShort() & 0xFFFF);
	}

	static SpoolRecord record(ByteBuffer content, int offset) {
		ByteBuffer body = content.duplicate().position(offset + HEADER);
		long timestamp = body.getLong();
		long enqueuedAt = body.getLong();
		body.getInt();
		int partition = body.getInt();
		skip(body, body.getShort() & 0xFFFF);
		skip(body, body.getInt());
		byte[] key = get(body);
		byte[] value = get(body);
		int count = body.getInt();
		List<SpoolRecord.Field> headers = new ArrayList<>(count);
		for (int i = 0; i < count; i++) {
			String name = text(body, body.getInt());
			headers.add(new SpoolRecord.Field(name, get(body)));
		}
		return new SpoolRecord(partition, timestamp, enqueuedAt, key, value, headers);
	}

	private static int lengthOf(int body) {
		return HEADER + (body + 7) / 8 * 8;
	}

	private static ByteBuffer start(byte[] frame, int type, int lane, long number) {
		return ByteBuffer.wrap(frame).putInt(frame.length).putInt(0).putInt(type << 24).putInt(lane).putLong(number);
	}

	private static void skip(ByteBuffer body, int length) {
		body.position(body.position() + length);
	}

	private static int length(byte @Nullable [] bytes) {
		return (bytes != null) ? bytes.length : 0;
	}

	private static void put(ByteBuffer frame, byte @Nullable [] bytes) {
		if (bytes == null) {
			frame.putInt(-1);
		}
		else {
			frame.putInt(bytes.length).put(bytes);
		}
	}

	private static byte @Nullable [] get(ByteBuffer body) {
		int length = body.getInt();
		if (length < 0) {
			return null;
		}
		byte[] bytes = new byte[length];
		body.get(bytes);
		return bytes;
	}

	private static String text(ByteBuffer body, int length) {
		byte[] bytes = new byte[length];
		body.get(bytes);
		return new String(bytes, StandardCharsets.UTF_8);
	}

	/**
	 * Positions of a lane that are resolved.
	 *
	 * @param lane the lane's id
	 * @param first the first one
	 * @param last the last one
	 */
	record Mark(int lane, long first, long last) {

	}

	/**
	 * The checksums of one segment. Not thread-safe.
	 */
	static final class Checksums {

		private final CRC32C crc = new CRC32C();

		private final ByteBuffer seed;

		Checksums(UUID spool, long segment) {
			this.seed = ByteBuffer.allocate(32)
				.putLong(spool.getMostSignificantBits())
				.putLong(spool.getLeastSignificantBits())
				.putLong(segment);
		}

		/**
		 * Complete a frame.
		 * @param frame the frame
		 * @param offset where it goes
		 */
		void seal(byte[] frame, long offset) {
			ByteBuffer content = ByteBuffer.wrap(frame);
			content.putInt(CHECKSUM_AT, of(content, 0, frame.length, offset));
		}

		boolean isRight(ByteBuffer content, int offset) {
			return isRight(content, offset, offset);
		}

		boolean isRight(ByteBuffer content, int index, long offset) {
			return content.getInt(index + CHECKSUM_AT) == of(content, index, length(content, index), offset);
		}

		int of(ByteBuffer content, int index, int length, long offset) {
			this.crc.reset();
			this.crc.update(this.seed.putLong(24, offset).clear());
			ByteBuffer frame = content.duplicate();
			this.crc.update(frame.clear().position(index).limit(index + CHECKSUM_AT));
			this.crc.update(frame.clear().position(index + TYPE_AT).limit(index + length));
			return (int) this.crc.getValue();
		}

	}

}
