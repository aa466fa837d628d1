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
import java.util.UUID;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * What the header of a segment says. It is in the file twice.
 *
 * @param spool the id of the spool
 * @param id the id of the segment
 * @param createdAt when it was begun, in milliseconds since 1970
 * @param application whose spool it is
 */
record SegmentLabel(UUID spool, long id, long createdAt, String application) {

	/**
	 * What one copy takes.
	 */
	static final int BYTES = 4096;

	private static final int VERSION = 1;

	private static final long MAGIC = 0x524B53504F4F4C0AL;

	/**
	 * One copy.
	 * @param size the length of the file
	 * @return its bytes
	 */
	byte[] bytes(int size) {
		byte[] name = this.application.getBytes(StandardCharsets.UTF_8);
		ByteBuffer header = ByteBuffer.allocate(BYTES);
		header.putLong(MAGIC).putInt(VERSION).putInt(size);
		header.putLong(this.spool.getMostSignificantBits()).putLong(this.spool.getLeastSignificantBits());
		header.putLong(this.id).putLong(this.createdAt);
		int length = Math.min(name.length, 1024);
		header.putInt(length).put(name, 0, length);
		header.putInt(BYTES - 4, checksum(header, 0));
		return header.array();
	}

	/**
	 * Read it.
	 * @param content the bytes of the file
	 * @param file what to call it
	 * @return {@code null} if the file was never in use
	 * @throws SpoolException if it is not the file of a spool, or not of this version
	 */
	static @Nullable SegmentLabel read(ByteBuffer content, String file) {
		SegmentLabel found = null;
		// Before a segment has frames, both copies are written. So with one of zeros it
		// has none, and what is in the other was being written.
		boolean used = true;
		for (int at = 0; at < Segment.START && at + BYTES <= content.limit(); at += BYTES) {
			SegmentLabel label = copy(content, at, file);
			used &= label != null || !isZero(content, at);
			if (label != null && (found == null || label.id > found.id)) {
				found = label;
			}
		}
		if (used && found == null) {
			throw new SpoolException(SpoolException.Kind.CORRUPT, "Both headers of %s are damaged".formatted(file),
					"Set reliable.kafka.spool.on-corruption=quarantine to go on with what can be read.", null);
		}
		return found;
	}

	private static @Nullable SegmentLabel copy(ByteBuffer content, int at, String file) {
		if (content.getLong(at) != MAGIC || content.getInt(at + BYTES - 4) != checksum(content, at)) {
			return null;
		}
		if (content.getInt(at + 8) != VERSION) {
			throw new SpoolException(SpoolException.Kind.FOREIGN,
					"%s has format %d, and this version reads format %d".formatted(file, content.getInt(at + 8),
							VERSION),
					"Let the version that wrote it deliver what is in it, or choose another directory.", null);
		}
		byte[] name = new byte[content.getInt(at + 48)];
		content.duplicate().position(at + 52).get(name);
		return new SegmentLabel(new UUID(content.getLong(at + 16), content.getLong(at + 24)), content.getLong(at + 32),
				content.getLong(at + 40), new String(name, StandardCharsets.UTF_8));
	}

	private static int checksum(ByteBuffer content, int offset) {
		CRC32C crc = new CRC32C();
		crc.update(content.duplicate().clear().position(offset).limit(offset + BYTES - 4));
		return (int) crc.getValue();
	}

	private static boolean isZero(ByteBuffer content, int at) {
		for (int i = at; i < at + BYTES; i += 8) {
			if (content.getLong(i) != 0) {
				return false;
			}
		}
		return true;
	}

}
