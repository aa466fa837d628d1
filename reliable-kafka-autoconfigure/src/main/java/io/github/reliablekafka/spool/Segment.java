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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * One file of a spool: two copies of a header, then frames. The file is as long as it
 * will be from the begin, and is used again under another id when nothing in it is of
 * interest any more. Guarded by the lock of the store, but for its bytes.
 */
final class Segment {

	/**
	 * Where frames begin.
	 */
	static final int START = 2 * SegmentLabel.BYTES;

	private static final int ZEROS = 1 << 20;

	private static final int WINDOW = 256 << 10;

	/**
	 * How often to look whether the name is still there. Not with each force: the look
	 * takes 5 microseconds, and made the next force take 40 to 100 more where that was
	 * measured.
	 */
	private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(50);

	private final String name;

	private final Disk.DiskFile file;

	private final int size;

	private long id;

	private Frame.@Nullable Checksums checksums;

	/**
	 * Where the next frame goes.
	 */
	private int end = START;

	/**
	 * Records that are not resolved.
	 */
	private long live;

	/**
	 * All records, resolved or not.
	 */
	private long records;

	/**
	 * When its newest record was appended, in milliseconds since 1970.
	 */
	private long newest;

	private boolean looked;

	private long lookedAt;

	Segment(String name, Disk.DiskFile file, int size) {
		this.name = name;
		this.file = file;
		this.size = size;
	}

	/**
	 * Make a file as long as it will be and have that on disk, its name included.
	 * @param disk where
	 * @param name its name
	 * @param size its length
	 * @return a segment that is not in use
	 * @throws IOException if there is no room
	 */
	static Segment create(Disk disk, String name, int size) throws IOException {
		Disk.DiskFile file = disk.open(name);
		boolean done = false;
		try {
			ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(size, ZEROS));
			for (int at = 0; at < size; at += zeros.capacity()) {
				file.write(zeros.clear().limit(Math.min(zeros.capacity(), size - at)), at);
			}
			file.force();
			disk.forceNames();
			done = true;
			return new Segment(name, file, size);
		}
		finally {
			if (!done) {
				file.close();
				disk.delete(name);
			}
		}
	}

	String name() {
		return this.name;
	}

	int size() {
		return this.size;
	}

	/**
	 * Which segment this is.
	 * @return 0 if it is not in use
	 */
	long id() {
		return this.id;
	}

	int end() {
		return this.end;
	}

	int remaining() {
		return this.size - this.end;
	}

	long live() {
		return this.live;
	}

	long records() {
		return this.records;
	}

	/**
	 * Another record was written, which may be resolved by now.
	 */
	void written() {
		this.records++;
	}

	/**
	 * There is another record that is not resolved.
	 */
	void added() {
		this.live++;
	}

	/**
	 * A record is resolved, or is elsewhere.
	 */
	void removed() {
		this.live--;
	}

	long newest() {
		return this.newest;
	}

	/**
	 * There is a record.
	 * @param appendedAt when it was appended, in milliseconds since 1970
	 */
	void newest(long appendedAt) {
		this.newest = Math.max(this.newest, appendedAt);
	}

	boolean isSparserThan(Segment other) {
		double share = (double) this.live / this.records;
		double others = (double) other.live / other.records;
		return share < others || (share == others && this.id < other.id);
	}

	Frame.Checksums checksums() {
		Frame.Checksums present = this.checksums;
		if (present == null) {
			throw new IllegalStateException("Segment '%s' is not in use".formatted(this.name));
		}
		return present;
	}

	/**
	 * Begin to use the file. One copy of the header is right at each moment, the one that
	 * was or the one that will be.
	 * @param label what the header says
	 * @throws IOException if that fails
	 */
	void activate(SegmentLabel label) throws IOException {
		byte[] header = label.bytes(this.size);
		this.file.write(ByteBuffer.wrap(header), 0);
		this.file.force();
		this.file.write(ByteBuffer.wrap(header), SegmentLabel.BYTES);
		this.file.force();
		this.records = 0;
		this.newest = 0;
		use(label.spool(), label.id(), START);
	}

	void use(UUID spool, long id, int end) {
		this.id = id;
		this.end = end;
		this.checksums = new Frame.Checksums(spool, id);
	}

	/**
	 * Write behind what was written.
	 * @param frames sealed frames
	 * @throws IOException if that fails
	 */
	void write(ByteBuffer frames) throws IOException {
		int length = frames.remaining();
		this.file.write(frames, this.end);
		this.end += length;
	}

	/**
	 * Make what was written durable.
	 * @param look whether to look for the name in any case, as files may be used again
	 * from now on whose records this one repeats
	 * @throws IOException if that fails, or if it is noticed that nobody would find it
	 */
	void force(boolean look) throws IOException {
		this.file.force();
		long now = System.nanoTime();
		if (!look && this.looked && now - this.lookedAt < LOOK_EVERY) {
			return;
		}
		this.looked = true;
		this.lookedAt = now;
		if (!this.file.isThere()) {
			throw new NoSuchFileException(this.name, null, "somebody has deleted or replaced it");
		}
	}

	/**
	 * The headers.
	 * @return a buffer
	 * @throws IOException if they cannot be read
	 */
	ByteBuffer headers() throws IOException {
		ByteBuffer headers = ByteBuffer.allocate(START);
		this.file.read(headers, 0);
		return headers.flip();
	}

	/**
	 * All bytes of the file.
	 * @return a buffer
	 * @throws IOException if they cannot be read
	 */
	ByteBuffer content() throws IOException {
		ByteBuffer content = ByteBuffer.allocate(this.size);
		this.file.read(content, 0);
		return content.flip();
	}

	/**
	 * Read a part of the file.
	 * @param target is filled, and made ready to be read
	 * @param offset where the part begins
	 * @throws IOException if it cannot be read
	 */
	void read(ByteBuffer target, int offset) throws IOException {
		this.file.read(target, offset);
		target.flip();
	}

	/**
	 * Read the frames of the segment, as long as their lengths make sense.
	 * @param to where they end
	 * @param visitor is told of each; the frame counts only if its checksum is right
	 * @throws IOException if they cannot be read
	 */
	void visit(int to, Visitor visitor) throws IOException {
		ByteBuffer window = ByteBuffer.allocate(0);
		int windowAt = START;
		int at = START;
		while (at + Frame.HEADER <= to) {
			int length = (at - windowAt + Frame.HEADER <= window.limit()) ? Frame.length(window, at - windowAt) : 0;
			if (length == 0 || length > window.limit() - (at - windowAt)) {
				int wanted = Math.max(length, Math.min(WINDOW, this.size - at));
				window = window(window, at, Math.min(wanted, this.size - at));
				windowAt = at;
				if (window.limit() < wanted) {
					return;
				}
				length = Frame.length(window, 0);
			}
			if (length < Frame.HEADER || length % 8 != 0 || length > to - at) {
				return;
			}
			if (length <= window.limit() - (at - windowAt)) {
				visitor.visit(window, at - windowAt, at);
				at += length;
			}
		}
	}

	private ByteBuffer window(ByteBuffer last, int at, int length) throws IOException {
		ByteBuffer window = (last.capacity() >= length) ? last.clear().limit(length) : ByteBuffer.allocate(length);
		this.file.read(window, at);
		return window.flip();
	}

	void close() throws IOException {
		this.file.close();
	}

	/**
	 * Is told of frames.
	 */
	@FunctionalInterface
	interface Visitor {

		/**
		 * There is a frame.
		 * @param content has its bytes
		 * @param index where they begin
		 * @param offset where they begin in the file
		 */
		void visit(ByteBuffer content, int index, int offset);

	}

}
