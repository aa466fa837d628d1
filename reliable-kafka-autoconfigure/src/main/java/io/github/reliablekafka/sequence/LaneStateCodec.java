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
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * How a {@link LaneState} travels: as the metadata of a committed offset, or whole as a
 * checkpoint.
 * <p>
 * Metadata is {@code rk1s.} and a state, or {@code rk1p.} and the offset of a checkpoint
 * that the state can be computed from, both in Base64 for URLs. Kafka allows 4,096
 * characters and refuses a commit with more.
 */
final class LaneStateCodec {

	/**
	 * Leaves some room below what a broker allows, which can be configured.
	 */
	static final int MOST_CHARACTERS = 3_500;

	private static final String STATE = "rk1s.";

	private static final String POINTER = "rk1p.";

	private static final String OURS = "rk";

	/**
	 * Another one with each change of what is written: a state that is read wrongly leads
	 * to false alarms.
	 */
	private static final int VERSION = 3;

	private static final int REPLAYED_ONLY = 1;

	private static final int HIGHER_OFFSET = 2;

	private static final int PARTLY_FORGOTTEN = 4;

	private static final int OWN_BASELINE = 8;

	private static final List<Verdict> VERDICTS = List.of(Verdict.values());

	private static final List<Cause> CAUSES = List.of(Cause.values());

	/**
	 * What fits into metadata even if each has a gap or two.
	 */
	private static final int MOST_INLINE_SESSIONS = 200;

	private LaneStateCodec() {
	}

	static boolean isOurs(@Nullable String metadata) {
		return metadata != null && metadata.startsWith(OURS);
	}

	/**
	 * Write a state as metadata.
	 * @param state the state
	 * @return {@code null} if it is too long
	 */
	static @Nullable String metadata(LaneState state) {
		if (state.sessions().size() > MOST_INLINE_SESSIONS) {
			return null;
		}
		String metadata = STATE + text(bytes(state, state.sessions().size()));
		return (metadata.length() <= MOST_CHARACTERS) ? metadata : null;
	}

	/**
	 * Write as much of a state as fits, the newest sessions first.
	 * @param state the state
	 * @return metadata; states that it is read as know less
	 */
	static String cutMetadata(LaneState state) {
		int sessions = Math.min(state.sessions().size(), MOST_INLINE_SESSIONS);
		while (true) {
			String metadata = STATE + text(bytes(state, sessions));
			if (metadata.length() <= MOST_CHARACTERS) {
				return metadata;
			}
			if (sessions == 0) {
				return "";
			}
			sessions = Math.min(sessions - 1, sessions * MOST_CHARACTERS / metadata.length());
		}
	}

	/**
	 * Write as metadata where a checkpoint is from.
	 * @param pointer to the checkpoint
	 * @return metadata
	 */
	static String metadata(Pointer pointer) {
		FieldWriter writer = new FieldWriter(24);
		writer.octet(VERSION);
		writer.unsigned(pointer.offset());
		writer.unsigned(pointer.highest() - pointer.offset());
		writer.unsigned(pointer.reach() - pointer.highest());
		writer.fixed32(pointer.digest());
		writer.fixed32(checksum(writer.buffer(), writer.length()));
		return POINTER + text(writer.toByteArray());
	}

	/**
	 * Read the state from metadata.
	 * @param metadata of a committed offset
	 * @return {@code null} if it holds none, or none that can be read
	 */
	static @Nullable LaneState state(String metadata) {
		byte[] bytes = bytes(metadata, STATE);
		return (bytes != null) ? checkpoint(bytes) : null;
	}

	/**
	 * Read from metadata where the checkpoint is from.
	 * @param metadata of a committed offset
	 * @return {@code null} if the metadata does not say that
	 */
	static @Nullable Pointer pointer(String metadata) {
		byte[] bytes = bytes(metadata, POINTER);
		FieldReader reader = (bytes != null) ? verified(bytes) : null;
		if (reader == null) {
			return null;
		}
		long offset = reader.number(0);
		long highest = offset + reader.number(0);
		Pointer pointer = new Pointer(offset, highest, highest + reader.number(0), reader.fixed32());
		return reader.isBroken() ? null : pointer;
	}

	private static @Nullable FieldReader verified(byte[] bytes) {
		int end = bytes.length - Integer.BYTES;
		FieldReader reader = new FieldReader(bytes, end);
		return (reader.octet() == VERSION && ByteBuffer.wrap(bytes).getInt(end) == checksum(bytes, end)) ? reader
				: null;
	}

	private static int checksum(byte[] bytes, int length) {
		CRC32C checksum = new CRC32C();
		checksum.update(bytes, 0, length);
		return (int) checksum.getValue();
	}

	private static byte @Nullable [] bytes(String metadata, String prefix) {
		if (!metadata.startsWith(prefix)) {
			return null;
		}
		try {
			return Base64.getUrlDecoder().decode(metadata.substring(prefix.length()));
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static String text(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	/**
	 * Write a checkpoint.
	 * @param state the state
	 * @return what to save
	 */
	static byte[] bytes(LaneState state) {
		return bytes(state, state.sessions().size());
	}

	private static byte[] bytes(LaneState state, int mostSessions) {
		KnownSessions all = state.sessions();
		Iterable<SessionState> sessions = all;
		long baseline = all.baseline();
		if (mostSessions < all.size()) {
			List<SessionState> oldestFirst = all.oldestFirst();
			int left = all.size() - mostSessions;
			for (SessionState session : oldestFirst.subList(0, left)) {
				baseline = all.baselineBehind(baseline, session.highestOffset());
			}
			sessions = oldestFirst.subList(left, all.size());
		}
		FieldWriter writer = new FieldWriter(256);
		writer.octet(VERSION);
		writer.octet(state.isReadCommitted() ? 1 : 0);
		writer.fixed32(state.digest());
		writer.fixed32(state.topicIdHash());
		writer.unsigned(state.next());
		writer.unsigned(baseline);
		writer.unsigned(state.holes().knownFrom());
		writer.unsigned(state.highest());
		writer.unsigned(state.leaderEpoch() + 1);
		LaneState.Beginning beginning = state.beginning();
		writer.unsigned((beginning != null) ? beginning.offset() + 1 : 0);
		if (beginning != null) {
			writer.octet(code(beginning.cause()));
		}
		writer.unsigned(state.holes().size());
		for (Hole hole : state.holes()) {
			writer.unsigned(hole.from());
			writer.unsigned(hole.to() - hole.from());
			writer.octet(code(hole.cause()) << 1 | (hole.proven() ? 1 : 0));
		}
		writer.unsigned(Math.min(all.size(), mostSessions));
		for (SessionState session : sessions) {
			write(session, baseline, writer);
		}
		writer.fixed32(checksum(writer.buffer(), writer.length()));
		return writer.toByteArray();
	}

	private static void write(SessionState session, long baseline, FieldWriter writer) {
		writer.fixed64(session.session());
		boolean higher = session.highestOffset() > session.lastOffset();
		boolean ownBaseline = session.baseline() < baseline;
		writer.octet((session.isReplayedOnly() ? REPLAYED_ONLY : 0) | (higher ? HIGHER_OFFSET : 0)
				| (session.isPartlyForgotten() ? PARTLY_FORGOTTEN : 0) | (ownBaseline ? OWN_BASELINE : 0));
		writer.unsigned(session.firstSeen());
		writer.unsigned(session.last() - session.firstSeen());
		write(session.lastPlace(), writer);
		if (higher) {
			writer.unsigned(session.highestOffset());
		}
		if (ownBaseline) {
			writer.unsigned(baseline - session.baseline());
		}
		writer.ranges(session.unknown(), 0);
		writer.unsigned(session.gaps().size());
		for (Gap gap : session.gaps()) {
			Verdict reported = gap.reported();
			writer.octet((reported != null) ? code(reported) + 1 : 0);
			writer.ranges(gap.numbers(), 0);
			write(gap.before(), writer);
			write(gap.after(), writer);
		}
	}

	private static void write(Finding.@Nullable Place place, FieldWriter writer) {
		if (place == null) {
			writer.unsigned(0);
			return;
		}
		writer.unsigned(place.offset() + 2);
		writer.unsigned(place.leaderEpoch() + 1);
		writer.unsigned(place.number());
	}

	/**
	 * Read a checkpoint.
	 * @param bytes what was saved
	 * @return {@code null} if it cannot be read
	 */
	static @Nullable LaneState checkpoint(byte[] bytes) {
		FieldReader reader = verified(bytes);
		if (reader == null) {
			return null;
		}
		boolean readCommitted = reader.octet() != 0;
		int digest = reader.fixed32();
		int topicIdHash = reader.fixed32();
		long next = reader.number(0);
		LaneState state = new LaneState(reader.number(0), reader.number(0), next, reader.number(0),
				(int) reader.number(0) - 1, topicIdHash);
		state.readCommitted(readCommitted);
		state.digest(digest);
		long beginning = reader.number(0) - 1;
		if (beginning >= 0) {
			state.beginning(new LaneState.Beginning(beginning, cause(reader.octet(), reader)));
		}
		for (long i = reader.number(0); i > 0 && !reader.hasFailed(); i--) {
			long from = reader.number(0);
			long to = from + reader.number(0);
			int flags = reader.octet();
			state.holes().add(new Hole(from, to, cause(flags >> 1, reader), (flags & 1) != 0));
		}
		for (long i = reader.number(0); i > 0 && !reader.hasFailed(); i--) {
			state.sessions().add(session(reader, state.sessions().baseline()));
		}
		return reader.isBroken() ? null : state;
	}

	private static SessionState session(FieldReader reader, long baseline) {
		long id = reader.fixed64();
		int flags = reader.octet();
		long firstSeen = reader.number(0);
		long last = firstSeen + reader.number(0);
		Finding.Place lastPlace = Objects.requireNonNullElse(place(reader), new Finding.Place(-1, -1, -1, 0));
		long higherOffset = ((flags & HIGHER_OFFSET) != 0) ? reader.number(0) : -1;
		long ownBaseline = baseline - (((flags & OWN_BASELINE) != 0) ? reader.number(0) : 0);
		SessionState session = new SessionState(id, firstSeen, last, lastPlace, reader.ranges(0, Integer.MAX_VALUE));
		session.replayedOnly((flags & REPLAYED_ONLY) != 0);
		session.partlyForgotten((flags & PARTLY_FORGOTTEN) != 0);
		session.higherOffset(higherOffset);
		session.baseline(ownBaseline);
		for (long i = reader.number(0); i > 0 && !reader.hasFailed(); i--) {
			int reported = reader.octet();
			session.gaps()
				.add(new Gap(reader.ranges(0, Integer.MAX_VALUE), place(reader), place(reader),
						(reported != 0) ? verdict(reported - 1, reader) : null));
		}
		return session;
	}

	private static Finding.@Nullable Place place(FieldReader reader) {
		long offset = reader.number(0) - 2;
		return (offset != -2) ? new Finding.Place(offset, -1, (int) reader.number(0) - 1, reader.number(0)) : null;
	}

	private static int code(Verdict verdict) {
		return VERDICTS.indexOf(verdict);
	}

	private static Verdict verdict(int code, FieldReader reader) {
		if (code >= VERDICTS.size()) {
			reader.fail();
			return Verdict.UNVERIFIED;
		}
		return VERDICTS.get(code);
	}

	private static int code(Cause cause) {
		return CAUSES.indexOf(cause);
	}

	private static Cause cause(int code, FieldReader reader) {
		if (code >= CAUSES.size()) {
			reader.fail();
			return Cause.STATE_LOST;
		}
		return CAUSES.get(code);
	}

	/**
	 * What stands for a state that is too long for metadata.
	 *
	 * @param offset up to which a checkpoint is to be believed, and goes at least
	 * @param highest see {@link LaneState#highest()}; not below the checkpoint
	 * @param reach see {@link LaneState#reach()}; not below that
	 * @param digest see {@link LaneState#digest()}
	 */
	record Pointer(long offset, long highest, long reach, int digest) {

		/**
		 * Note that the log was cut off, and that the checkpoint may be from before that.
		 * @param offset the first offset that differs
		 * @param highest up to where the other log had been read
		 * @return a pointer that promises less
		 */
		Pointer cutOff(long offset, long highest) {
			return new Pointer(Math.min(this.offset, offset), Math.max(this.highest, highest),
					Math.max(this.reach, highest), this.digest);
		}

		/**
		 * Note that more was read, or that the group went back, perhaps in front of the
		 * checkpoint.
		 * @param state what was read, with the digest of all
		 * @return a pointer that stands for that as well
		 */
		Pointer with(LaneState state) {
			return new Pointer(Math.min(this.offset, state.next()), Math.max(this.highest, state.highest()),
					Math.max(this.reach, state.reach()), state.digest());
		}

		/**
		 * Note that what the checkpoint says of something may not be so any more.
		 * @param offset where that begins
		 * @return a pointer that fits no checkpoint
		 */
		Pointer doubted(long offset) {
			return new Pointer(Math.min(this.offset, offset), this.highest, this.reach, this.digest + 1);
		}

		static Pointer to(long offset, LaneState state) {
			return new Pointer(offset, Math.max(offset, state.highest()), Math.max(offset, state.reach()),
					state.digest());
		}

	}

}
