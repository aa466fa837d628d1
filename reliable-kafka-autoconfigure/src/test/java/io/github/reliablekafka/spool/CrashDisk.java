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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk in memory whose power can be cut at each byte that is written and at each call
 * that makes something durable. What was not made durable is then there in part: sectors
 * of 512 bytes, each with the old or the new bytes.
 */
final class CrashDisk implements Disk {

	private static final int SECTOR = 512;

	/**
	 * What is on the platter, by name.
	 */
	private final Map<String, Content> durable = new HashMap<>();

	/**
	 * What the process sees.
	 */
	private final Map<String, Content> files = new TreeMap<>();

	long bytesWritten;

	int steps;

	private long dieAtByte = Long.MAX_VALUE;

	private int dieAtStep = Integer.MAX_VALUE;

	boolean failForces;

	boolean dead;

	long usable = Long.MAX_VALUE;

	/**
	 * Whether there is no memory for the buffers of another file.
	 */
	boolean outOfMemory;

	void dieAtByte(long count) {
		this.dieAtByte = count;
	}

	void dieAtStep(int count) {
		this.dieAtStep = count;
	}

	/**
	 * What is left when the machine starts again.
	 * @param survivors decides on what was not made durable; {@code null} if only the
	 * process died, so that all is there that was written
	 * @return a disk that works
	 */
	CrashDisk restart(Random survivors) {
		CrashDisk next = new CrashDisk();
		Map<String, Content> names = (survivors != null) ? this.durable : this.files;
		names.forEach((name, content) -> {
			Content left = (survivors != null) ? content.afterPowerCut(survivors) : content.copy();
			next.files.put(name, left);
			next.durable.put(name, left);
		});
		return next;
	}

	void flip(String name, int offset, int bit) {
		this.files.get(name).seen[offset] ^= (byte) (1 << bit);
		this.files.get(name).safe[offset] ^= (byte) (1 << bit);
	}

	byte[] bytes(String name) {
		return this.files.get(name).seen;
	}

	private void step() throws IOException {
		if (++this.steps >= this.dieAtStep) {
			this.dead = true;
		}
		alive();
	}

	private void alive() throws IOException {
		if (this.dead) {
			throw new IOException("No power");
		}
	}

	@Override
	public List<String> list() throws IOException {
		alive();
		return List.copyOf(this.files.keySet());
	}

	@Override
	public DiskFile open(String name) throws IOException {
		alive();
		if (this.outOfMemory) {
			throw new OutOfMemoryError("Cannot reserve memory");
		}
		return new File(name, this.files.computeIfAbsent(name, (key) -> new Content()));
	}

	@Override
	public void delete(String name) throws IOException {
		alive();
		this.files.remove(name);
		this.durable.remove(name);
	}

	@Override
	public String quarantine(String name) {
		return "a copy of " + name;
	}

	@Override
	public void forceNames() throws IOException {
		step();
		this.durable.keySet().retainAll(this.files.keySet());
		this.durable.putAll(this.files);
	}

	@Override
	public long usableBytes() {
		return this.usable;
	}

	@Override
	public void close() {
	}

	@Override
	public String toString() {
		return "memory";
	}

	/**
	 * The bytes of a file.
	 */
	private static final class Content {

		private byte[] seen = new byte[0];

		private byte[] safe = new byte[0];

		private Content copy() {
			Content copy = new Content();
			copy.seen = this.seen.clone();
			copy.safe = this.seen.clone();
			return copy;
		}

		private Content afterPowerCut(Random survivors) {
			Content left = new Content();
			int length = (this.safe.length == this.seen.length || survivors.nextBoolean()) ? this.seen.length
					: this.safe.length;
			left.seen = Arrays.copyOf(this.safe, length);
			int mode = survivors.nextInt(3);
			for (int at = 0; at < length; at += SECTOR) {
				if (mode == 0 || (mode == 1 && survivors.nextBoolean())) {
					System.arraycopy(this.seen, at, left.seen, at, Math.min(SECTOR, length - at));
				}
			}
			left.safe = left.seen.clone();
			return left;
		}

	}

	private final class File implements DiskFile {

		private final String name;

		private final Content content;

		File(String name, Content content) {
			this.name = name;
			this.content = content;
		}

		@Override
		public boolean isThere() {
			return CrashDisk.this.files.get(this.name) == this.content;
		}

		@Override
		public long size() {
			return this.content.seen.length;
		}

		@Override
		public void read(ByteBuffer target, long position) {
			int length = Math.min(target.remaining(), (int) Math.max(0, this.content.seen.length - position));
			target.put(this.content.seen, (int) position, length);
		}

		@Override
		public void write(ByteBuffer source, long position) throws IOException {
			alive();
			int length = (int) Math.min(source.remaining(), CrashDisk.this.dieAtByte - CrashDisk.this.bytesWritten);
			int end = (int) position + length;
			if (end > this.content.seen.length) {
				this.content.seen = Arrays.copyOf(this.content.seen, end);
			}
			boolean all = length == source.remaining();
			source.get(this.content.seen, (int) position, length);
			CrashDisk.this.bytesWritten += length;
			if (!all || CrashDisk.this.bytesWritten >= CrashDisk.this.dieAtByte) {
				CrashDisk.this.dead = true;
				alive();
			}
		}

		@Override
		public void force() throws IOException {
			if (CrashDisk.this.failForces) {
				throw new IOException("Input/output error");
			}
			step();
			this.content.safe = this.content.seen.clone();
		}

		@Override
		public void close() {
		}

	}

}
