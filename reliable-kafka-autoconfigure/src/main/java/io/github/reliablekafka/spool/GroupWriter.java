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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Writes groups of frames, each with one write and one force, and goes on in the next
 * segment when one is full. Used by one thread at a time; takes the lock of the store
 * where it touches what others see.
 */
final class GroupWriter {

	/**
	 * What is kept free for the frames that end a group and a segment.
	 */
	private static final int TAIL = 4 * Frame.HEADER;

	/**
	 * How many files beyond the limit there may be for moves, which make room.
	 */
	static final int OVERSHOOT = 2;

	static final Runnable NOTHING = () -> {
	};

	private static final int BUFFER = 1 << 20;

	private final ReentrantLock lock;

	private final SegmentFiles files;

	private final LaneDirectory lanes;

	private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

	private final List<Unit> part = new ArrayList<>();

	/**
	 * How many bytes of the part are in the file.
	 */
	private int flushed;

	private final AtomicLong forces = new AtomicLong();

	GroupWriter(ReentrantLock lock, SegmentFiles files, LaneDirectory lanes) {
		this.lock = lock;
		this.files = files;
		this.lanes = lanes;
	}

	/**
	 * How many groups were written.
	 * @return since the spool was opened
	 */
	long forces() {
		return this.forces.get();
	}

	/**
	 * Write.
	 * @param units what to write, in this order
	 * @param written is told of those that are on disk, without the lock
	 * @return those for which there was no room, and those that are held
	 * @throws IOException if the disk failed: nobody knows what is on it of those that
	 * {@code written} was not told of
	 */
	List<Unit> write(List<Unit> units, Consumer<List<Unit>> written) throws IOException {
		for (int i = 0; i < units.size(); i++) {
			Unit unit = units.get(i);
			Segment active = this.files.active();
			if (unit.isHeld() || active == null
					|| active.remaining() - this.flushed - this.buffer.position() < unit.length() + TAIL) {
				finish(written);
				if (unit.isHeld() || !roll()) {
					return units.subList(i, units.size());
				}
			}
			unit.offset(put(unit.frame()));
			byte[] remove = unit.remove();
			if (remove != null) {
				put(remove);
			}
			this.part.add(unit);
		}
		finish(written);
		return List.of();
	}

	/**
	 * Write the last frames there will be.
	 * @throws IOException if that fails
	 */
	void close() throws IOException {
		Segment active = this.files.active();
		if (active != null) {
			put(Frame.plain(Frame.CLOSE, 0, 0));
			commit(active, true);
		}
	}

	private void finish(Consumer<List<Unit>> written) throws IOException {
		Segment active = this.files.active();
		if (active == null || this.part.isEmpty()) {
			return;
		}
		commit(active, false);
		List<Unit> done = List.copyOf(this.part);
		this.part.clear();
		this.lock.lock();
		try {
			done.forEach((unit) -> unit.place(active, this.files));
			if (done.stream().anyMatch(Unit::isRecord)) {
				active.newest(this.files.now());
			}
		}
		finally {
			this.lock.unlock();
		}
		written.accept(done);
	}

	private boolean roll() throws IOException {
		if (!hasNext()) {
			return false;
		}
		Segment last = this.files.active();
		if (last != null) {
			put(Frame.plain(Frame.END, 0, 0));
			commit(last, true);
		}
		SegmentFiles.Activation next;
		this.lock.lock();
		try {
			next = this.files.next();
		}
		finally {
			this.lock.unlock();
		}
		next.segment()
			.activate(new SegmentLabel(this.files.spool(), next.id(), this.files.now(), this.files.application()));
		byte[] checkpoint;
		this.lock.lock();
		try {
			this.files.activated(next.segment());
			checkpoint = this.lanes.checkpoint(this.files.oldest() == next.id());
		}
		finally {
			this.lock.unlock();
		}
		// Before anything else, so that files can be used again whose marks it repeats.
		put(checkpoint);
		commit(next.segment(), true);
		return true;
	}

	private boolean hasNext() {
		String name;
		this.lock.lock();
		try {
			if (this.files.hasNext()) {
				return true;
			}
			if (!this.files.mayGrow(OVERSHOOT)) {
				return false;
			}
			name = this.files.nextName();
		}
		finally {
			this.lock.unlock();
		}
		try {
			Segment created = this.files.create(name);
			this.lock.lock();
			try {
				this.files.add(created);
			}
			finally {
				this.lock.unlock();
			}
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	// Returns where the frame begins.
	private int put(byte[] frame) throws IOException {
		Segment active = Objects.requireNonNull(this.files.active());
		int at = active.end() + this.buffer.position();
		if (frame.length == 0) {
			return at;
		}
		active.checksums().seal(frame, at);
		if (frame.length > this.buffer.remaining()) {
			flush(active);
		}
		if (frame.length > this.buffer.capacity()) {
			active.write(ByteBuffer.wrap(frame));
			this.flushed += frame.length;
		}
		else {
			this.buffer.put(frame);
		}
		return at;
	}

	private void flush(Segment active) throws IOException {
		this.flushed += this.buffer.position();
		active.write(this.buffer.flip());
		this.buffer.clear();
	}

	private void commit(Segment active, boolean look) throws IOException {
		put(Frame.plain(Frame.COMMIT, 0, (long) this.flushed + this.buffer.position()));
		flush(active);
		this.flushed = 0;
		active.force(look);
		this.forces.incrementAndGet();
	}

	/**
	 * One frame, or two that belong together.
	 */
	static final class Unit {

		private static final byte[] EMPTY = new byte[0];

		private final byte[] frame;

		private final @Nullable Origin origin;

		/**
		 * Says that the record is no longer at its origin.
		 */
		private final byte @Nullable [] remove;

		private final SpoolLane lane;

		private final long position;

		/**
		 * Where the record is so far.
		 */
		private final long before;

		private final Runnable written;

		private final SpoolStore.Confirmation confirmation;

		private int offset;

		private boolean held;

		/**
		 * Create a unit.
		 * @param frame its frame
		 * @param origin the record that it is in the place of; {@code null} if there is
		 * none
		 * @param lane of the frame
		 * @param position of the record; 0 for a mark
		 * @param before where the record is so far
		 * @param written to be run with the lock when the unit is on disk
		 * @param confirmation is told so
		 */
		Unit(byte[] frame, @Nullable Origin origin, SpoolLane lane, long position, long before, Runnable written,
				SpoolStore.Confirmation confirmation) {
			this.frame = frame;
			this.origin = origin;
			this.remove = (origin != null) ? Frame.plain(Frame.REMOVE, origin.lane().id(), origin.position()) : null;
			this.lane = lane;
			this.position = position;
			this.before = before;
			this.written = written;
			this.confirmation = confirmation;
		}

		static Unit mark(int type, SpoolLane lane, long number) {
			return new Unit(Frame.plain(type, lane.id(), number), null, lane, 0, SpoolLane.RESOLVED, NOTHING,
					Unconfirmed.NOBODY);
		}

		/**
		 * An empty group.
		 * @return not a record and not a mark
		 */
		static Unit nothing() {
			return new Unit(EMPTY, null, new SpoolLane(0, "", "", -1, new SpoolLane.Count()), 0, SpoolLane.RESOLVED,
					NOTHING, Unconfirmed.NOBODY);
		}

		byte[] frame() {
			return this.frame;
		}

		@Nullable Origin origin() {
			return this.origin;
		}

		byte @Nullable [] remove() {
			return this.remove;
		}

		/**
		 * It must not be written, as another one has to be before.
		 */
		void hold() {
			this.held = true;
		}

		boolean isHeld() {
			return this.held;
		}

		boolean isRecord() {
			return this.position != 0;
		}

		boolean isNothing() {
			return this.frame.length == 0;
		}

		/**
		 * Whether it says up to where its lane is resolved.
		 * @return {@code true} if it was not in the queue
		 */
		boolean isMark() {
			return !isRecord() && !isNothing() && Frame.type(ByteBuffer.wrap(this.frame), 0) == Frame.RESOLVE;
		}

		SpoolLane lane() {
			return this.lane;
		}

		long position() {
			return this.position;
		}

		SpoolStore.Confirmation confirmation() {
			return this.confirmation;
		}

		int length() {
			byte[] second = this.remove;
			return this.frame.length + ((second != null) ? second.length : 0);
		}

		/**
		 * Whether somebody still wants it to be written.
		 * @return {@code false} for a record that was resolved and takes nothing with it
		 */
		boolean isWanted() {
			return !isRecord() || this.remove != null || this.lane.place(this.position) == this.before;
		}

		private void offset(int offset) {
			this.offset = offset;
		}

		private void place(Segment segment, SegmentFiles files) {
			this.written.run();
			if (isRecord()) {
				segment.written();
			}
			if (isRecord() && this.lane.place(this.position) == this.before) {
				this.lane.written(this.position, SegmentFiles.place(segment, this.offset));
				segment.added();
				if (this.before != SpoolLane.PENDING) {
					files.resolved(this.before);
				}
			}
		}

	}

	/**
	 * The record in whose place another one is written.
	 *
	 * @param lane its lane
	 * @param position its position there
	 */
	record Origin(SpoolLane lane, long position) {

	}

	/**
	 * Nobody wants to know.
	 */
	enum Unconfirmed implements SpoolStore.Confirmation {

		NOBODY;

		@Override
		public void durable() {
		}

		@Override
		public void failed(SpoolException failure) {
		}

	}

}
