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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A spool in files of this machine: a log of segments, in which what is appended and what
 * is resolved follow each other. What was confirmed survives the death of the process and
 * a power cut; a bit that flips is noticed. It does not survive the loss of the disk, and
 * on a file system in memory nothing survives the machine.
 * <p>
 * One thread writes all that has come since it last wrote, and has it on disk with one
 * force. If that fails, nobody knows what is on disk: the spool takes nothing more, and
 * what was waiting fails. Memory: 8 bytes a record, and up to 16 MiB of records that are
 * not written yet.
 *
 * @since 0.1.0
 */
public final class SegmentSpool implements SpoolStore {

	private static final long MAX_QUEUED_BYTES = 16 << 20;

	private static final long MAX_GROUP_BYTES = 4 << 20;

	private static final long MARK_DELAY = TimeUnit.MILLISECONDS.toNanos(50);

	private static final long GROW_PAUSE = TimeUnit.SECONDS.toNanos(1);

	private final Disk disk;

	private final SpoolOptions options;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition work = this.lock.newCondition();

	private final Condition room = this.lock.newCondition();

	private final Condition growth = this.lock.newCondition();

	/**
	 * Held while a group is written.
	 */
	private final ReentrantLock writing = new ReentrantLock();

	private final LaneDirectory lanes = new LaneDirectory();

	private final SegmentFiles files;

	private final GroupWriter writer;

	private final List<String> findings;

	private final Deque<GroupWriter.Unit> queue = new ArrayDeque<>();

	private final List<SpoolLane> dirty = new ArrayList<>();

	private final List<Thread> threads = new ArrayList<>();

	private long queuedBytes;

	private long appended;

	private boolean idle;

	private boolean afterRecords;

	private long markedAt;

	private boolean growing;

	private @Nullable String noGrowth;

	private long noGrowthUntil;

	private @Nullable SpoolException failure;

	private boolean closed;

	private SegmentSpool(Disk disk, SpoolOptions options) throws IOException {
		this.disk = disk;
		this.options = options;
		SpoolOpening.Opened opened = SpoolOpening.open(disk, options, this.lanes);
		this.files = opened.files();
		this.findings = new ArrayList<>(opened.findings());
		this.files.reclaim();
		this.writer = new GroupWriter(this.lock, this.files, this.lanes);
		if (!this.files.hasFree()) {
			grow();
		}
		rewrite(opened.outdated());
	}

	/**
	 * Open a spool in a directory that nobody else has open.
	 * @param base the directory of all spools; each open one takes a directory of its own
	 * in it, which its successor finds again
	 * @param options the limits
	 * @return the spool
	 * @throws SpoolException if what is in the directory cannot be used
	 * @throws IOException if the disk fails
	 */
	public static SegmentSpool open(Path base, SpoolOptions options) throws IOException {
		for (int slot = 0;; slot++) {
			SegmentSpool spool = openSlot(base.resolve(String.valueOf(slot)), options);
			if (spool != null) {
				return spool;
			}
		}
	}

	/**
	 * Open the spools that others have left, as far as nobody else has them open.
	 * @param base the directory of all spools
	 * @param options the limits
	 * @return those with records in them
	 * @throws IOException if the disk fails
	 */
	public static List<SegmentSpool> adopt(Path base, SpoolOptions options) throws IOException {
		List<SegmentSpool> adopted = new ArrayList<>();
		List<Path> slots;
		try (Stream<Path> directories = Files.list(base)) {
			slots = directories.filter((path) -> String.valueOf(path.getFileName()).matches("\\d{1,6}"))
				.sorted()
				.toList();
		}
		for (Path slot : slots) {
			SegmentSpool spool = Files.isDirectory(slot) ? openSlot(slot, options) : null;
			if (spool != null && spool.occupied().isEmpty()) {
				spool.close();
			}
			else if (spool != null) {
				adopted.add(spool);
			}
		}
		return adopted;
	}

	private static @Nullable SegmentSpool openSlot(Path directory, SpoolOptions options) throws IOException {
		DirectoryDisk disk = DirectoryDisk.take(directory);
		if (disk == null) {
			return null;
		}
		boolean opened = false;
		try {
			SegmentSpool spool = open(disk, options);
			spool.start();
			opened = true;
			return spool;
		}
		finally {
			if (!opened) {
				disk.close();
			}
		}
	}

	/**
	 * Open a spool that writes when {@link #flush()} is called, and by no thread.
	 * @param disk where
	 * @param options the limits
	 * @return the spool
	 * @throws IOException if the disk fails
	 */
	static SegmentSpool open(Disk disk, SpoolOptions options) throws IOException {
		return new SegmentSpool(disk, options);
	}

	private void start() {
		this.threads.add(new Thread(this::writeGroups, "reliable-kafka-spool-writer"));
		this.threads.add(new Thread(this::growOnDemand, "reliable-kafka-spool-files"));
		this.threads.forEach((thread) -> {
			thread.setDaemon(true);
			thread.start();
		});
	}

	/**
	 * What was strange when the spool was opened.
	 * @return sentences for people
	 */
	public List<String> findings() {
		return List.copyOf(this.findings);
	}

	/**
	 * Where the spool is.
	 * @return the directory
	 */
	public String location() {
		return this.disk.toString();
	}

	@Override
	public List<SpoolLane> occupied() {
		return locked(() -> this.lanes.all().stream().filter((lane) -> lane.live() > 0).toList());
	}

	@Override
	public SpoolLane lane(String destination, String topic, int partition) {
		return locked(() -> this.lanes.lane(destination, topic, partition));
	}

	@Override
	public long[] positions(SpoolLane lane) {
		return locked(() -> {
			long[] positions = new long[Math.toIntExact(lane.live())];
			int[] count = new int[1];
			lane.forEachLive((position) -> positions[count[0]++] = position);
			return positions;
		});
	}

	@Override
	public long append(SpoolLane lane, SpoolRecord record, long patience, @Nullable Confirmation confirmation) {
		byte[] frame = Frame.data(lane, record);
		requireFits(frame);
		this.lock.lock();
		try {
			awaitRoom(frame.length, patience);
			return enqueue(List.of(frame), lane, GroupWriter.NOTHING, confirmation);
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public long move(SpoolLane lane, SpoolRecord record, SpoolLane from, long position,
			@Nullable Confirmation confirmation) {
		byte[] frame = Frame.data(lane, record);
		requireFits(frame);
		this.lock.lock();
		try {
			requireOpen();
			long growth = this.files.mayGrow(GroupWriter.OVERSHOOT) ? this.options.segmentBytes() / 2 : 0;
			if (this.queuedBytes + frame.length > this.files.room() + growth) {
				throw full(false, true);
			}
			byte[] remove = Frame.plain(Frame.REMOVE, from.id(), position);
			return enqueue(List.of(frame, remove), lane, () -> resolved(from, position), confirmation);
		}
		finally {
			this.lock.unlock();
		}
	}

	private long enqueue(List<byte[]> frames, SpoolLane lane, Runnable written, @Nullable Confirmation confirmation) {
		long position = lane.append();
		Frame.number(frames.get(0), position);
		add(new GroupWriter.Unit(frames, lane, position, SpoolLane.PENDING, written,
				(confirmation != null) ? confirmation : GroupWriter.Unconfirmed.NOBODY));
		this.appended++;
		return position;
	}

	private void add(GroupWriter.Unit unit) {
		this.queue.add(unit);
		this.queuedBytes += unit.length();
		wake();
	}

	private void wake() {
		if (this.idle) {
			this.idle = false;
			this.work.signal();
		}
	}

	private void requireFits(byte[] frame) {
		int most = (this.options.segmentBytes() - Segment.START) / 4;
		if (frame.length > most) {
			throw new SpoolException(SpoolException.Kind.TOO_LARGE,
					"A record takes %d bytes, and the most is %d".formatted(frame.length, most));
		}
	}

	private void requireOpen() {
		if (this.closed) {
			throw new SpoolException(SpoolException.Kind.CLOSED, "The spool in %s is closed".formatted(this.disk));
		}
		if (this.failure != null) {
			throw new SpoolException(this.failure.kind(), String.valueOf(this.failure.getMessage()), "", this.failure);
		}
	}

	private void awaitRoom(int length, long patience) {
		long left = patience;
		while (true) {
			requireOpen();
			boolean mayQueue = this.queuedBytes == 0 || this.queuedBytes + length <= MAX_QUEUED_BYTES;
			if (mayQueue && this.queuedBytes + length + 2L * Frame.HEADER <= this.files.room()) {
				return;
			}
			boolean soon = !mayQueue || (this.files.mayGrow(0) && tryGrow());
			if (left <= 0 && !(soon && this.threads.isEmpty() && mayQueue)) {
				throw full(soon, mayQueue);
			}
			try {
				// Short, because a file may be refused now and granted later.
				long step = Math.min(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)), GROW_PAUSE);
				long unused = this.room.awaitNanos(step);
				left -= step - Math.max(0, unused);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw full(soon, mayQueue);
			}
		}
	}

	// Whether waiting for another file makes sense.
	private boolean tryGrow() {
		if (this.noGrowth != null && System.nanoTime() - this.noGrowthUntil < 0) {
			return false;
		}
		if (this.threads.isEmpty()) {
			grow();
			return this.noGrowth == null;
		}
		this.growing = true;
		this.growth.signal();
		return true;
	}

	private SpoolException full(boolean soon, boolean mayQueue) {
		String reason = !mayQueue ? "the disk does not keep up, %d bytes wait for it".formatted(this.queuedBytes)
				: (this.noGrowth != null) ? this.noGrowth : "%d bytes are in use, and the limit is %d"
					.formatted(this.files.usedBytes(), this.options.maxBytes());
		return new SpoolException(soon ? SpoolException.Kind.BUSY : SpoolException.Kind.FULL,
				"The spool in %s is full: %s".formatted(this.disk, reason));
	}

	@Override
	public void resolve(SpoolLane lane, long position) {
		this.lock.lock();
		try {
			long place = resolved(lane, position);
			if (place != SpoolLane.RESOLVED && lane.base() <= position && this.failure == null && !this.closed) {
				add(GroupWriter.Unit.mark(Frame.REMOVE, lane, position));
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private long resolved(SpoolLane lane, long position) {
		long place = lane.resolve(position);
		if (place != SpoolLane.RESOLVED && place != SpoolLane.PENDING && this.files.resolved(place)) {
			this.room.signalAll();
		}
		if (place != SpoolLane.RESOLVED && lane.base() > position && !lane.isDirty()) {
			lane.dirty(true);
			if (this.dirty.isEmpty() && !this.afterRecords) {
				this.markedAt = System.nanoTime();
				wake();
			}
			this.dirty.add(lane);
		}
		return place;
	}

	@Override
	public boolean holds(SpoolLane lane, long position) {
		return locked(() -> lane.place(position) != SpoolLane.RESOLVED);
	}

	@Override
	public @Nullable SpoolRecord read(SpoolLane lane, long position) {
		ByteBuffer frame = frame(lane, position);
		return (frame != null) ? Frame.record(frame, 0) : null;
	}

	private @Nullable ByteBuffer frame(SpoolLane lane, long position) {
		long place = locked(() -> lane.place(position));
		Segment segment = locked(() -> this.files.segment(place));
		if (place == SpoolLane.PENDING || place == SpoolLane.RESOLVED || segment == null) {
			return null;
		}
		try {
			int offset = SegmentFiles.offset(place);
			ByteBuffer frame = segment.read(this.files.spool(), offset);
			if (frame != null && Frame.lane(frame, 0) == lane.id() && Frame.number(frame, 0) == position) {
				return frame;
			}
			if (locked(() -> lane.place(position)) != place) {
				return null;
			}
			throw new SpoolException(SpoolException.Kind.CORRUPT,
					"'%s' in %s is damaged at offset %d".formatted(segment.name(), this.disk, offset));
		}
		catch (IOException ex) {
			throw new SpoolException(SpoolException.Kind.FAILED,
					"'%s' in %s cannot be read".formatted(segment.name(), this.disk), "", ex);
		}
	}

	@Override
	public boolean flush() {
		while (write(true)) {
			// Once more, for what has come meanwhile.
		}
		return locked(() -> this.failure == null && this.queue.isEmpty() && this.dirty.isEmpty());
	}

	@Override
	public SpoolStatus status() {
		return locked(() -> new SpoolStatus(this.lanes.all().stream().mapToLong(SpoolLane::live).sum(),
				this.files.usedBytes(), this.options.maxBytes(), this.files.count(), this.writer.forces(),
				this.writer.groups(), this.appended, (this.failure != null) ? this.failure.getMessage() : null));
	}

	// Returns whether there was anything to write.
	private boolean write(boolean marks) {
		this.writing.lock();
		try {
			List<GroupWriter.Unit> units = locked(() -> take(marks));
			if (units.isEmpty()) {
				return false;
			}
			List<GroupWriter.Unit> left = this.writer.write(units, this::written);
			if (!left.isEmpty()) {
				refuse(left, locked(() -> full(false, true)));
			}
			return left.size() < units.size() || left.stream().anyMatch(GroupWriter.Unit::isRecord);
		}
		catch (IOException | RuntimeException ex) {
			fail(ex);
			return false;
		}
		finally {
			this.writing.unlock();
		}
	}

	private List<GroupWriter.Unit> take(boolean marks) {
		List<GroupWriter.Unit> units = new ArrayList<>();
		if (this.failure != null) {
			return units;
		}
		boolean records = !this.queue.isEmpty();
		if (records || marks) {
			for (SpoolLane lane : this.dirty) {
				lane.dirty(false);
				units.add(GroupWriter.Unit.mark(Frame.RESOLVE, lane, lane.base() - 1));
			}
			this.dirty.clear();
		}
		this.markedAt = System.nanoTime();
		long bytes = 0;
		while (!this.queue.isEmpty() && bytes < MAX_GROUP_BYTES) {
			GroupWriter.Unit unit = this.queue.remove();
			bytes += unit.length();
			if (unit.isWanted()) {
				units.add(unit);
			}
			else {
				this.queuedBytes -= unit.length();
			}
		}
		if (units.isEmpty() && this.afterRecords && marks) {
			// Says that the group before was safe.
			units.add(new GroupWriter.Unit(List.of(), nobody(), 0, SpoolLane.RESOLVED, GroupWriter.NOTHING,
					GroupWriter.Unconfirmed.NOBODY));
		}
		this.afterRecords = units.stream().anyMatch(GroupWriter.Unit::isRecord);
		return units;
	}

	private SpoolLane nobody() {
		return new SpoolLane(0, "", "", -1);
	}

	private void written(List<GroupWriter.Unit> units) {
		this.lock.lock();
		try {
			for (GroupWriter.Unit unit : units) {
				forgetQueued(unit);
			}
			this.room.signalAll();
			if (!this.files.hasFree() && this.files.mayGrow(0) && !this.threads.isEmpty()) {
				this.growing = true;
				this.growth.signal();
			}
		}
		finally {
			this.lock.unlock();
		}
		for (GroupWriter.Unit unit : units) {
			unit.confirmation().durable();
		}
	}

	private void forgetQueued(GroupWriter.Unit unit) {
		if (unit.isRecord() || (!unit.frames().isEmpty() && unit.frames().get(0)[8] == Frame.REMOVE)) {
			this.queuedBytes -= unit.length();
		}
	}

	private void refuse(List<GroupWriter.Unit> units, SpoolException reason) {
		this.lock.lock();
		try {
			for (GroupWriter.Unit unit : units) {
				forgetQueued(unit);
				if (unit.isRecord()) {
					unit.lane().resolve(unit.position());
				}
				else if (!unit.frames().isEmpty() && unit.frames().get(0)[8] == Frame.RESOLVE
						&& !unit.lane().isDirty()) {
					unit.lane().dirty(true);
					this.dirty.add(unit.lane());
				}
			}
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		units.forEach((unit) -> unit.confirmation().failed(reason));
	}

	private void fail(Exception cause) {
		List<GroupWriter.Unit> waiting = new ArrayList<>();
		SpoolException reason = new SpoolException(SpoolException.Kind.FAILED,
				"The disk of the spool in %s failed: %s".formatted(this.disk, cause),
				"Check the disk and start the application again.", cause);
		this.lock.lock();
		try {
			this.failure = reason;
			waiting.addAll(this.queue);
			this.queue.clear();
			// Not resolved: what was half written may be there when the spool is opened
			// again, and comes back then.
			this.queuedBytes = 0;
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		List<GroupWriter.Unit> all = new ArrayList<>(this.writer.unfinished());
		all.addAll(waiting);
		all.forEach((unit) -> unit.confirmation().failed(reason));
	}

	private void writeGroups() {
		while (true) {
			this.lock.lock();
			try {
				while (this.queue.isEmpty() && !this.closed && !isMarkDue()) {
					this.idle = true;
					boolean marks = !this.dirty.isEmpty() || this.afterRecords;
					long unused = this.work.awaitNanos(
							marks ? MARK_DELAY - (System.nanoTime() - this.markedAt) : TimeUnit.SECONDS.toNanos(10));
				}
				this.idle = false;
				if (this.closed) {
					return;
				}
			}
			catch (InterruptedException ex) {
				return;
			}
			finally {
				this.lock.unlock();
			}
			if (!write(isMarkDue()) && isFailed()) {
				return;
			}
		}
	}

	private boolean isMarkDue() {
		return locked(
				() -> (!this.dirty.isEmpty() || this.afterRecords) && System.nanoTime() - this.markedAt >= MARK_DELAY);
	}

	private boolean isFailed() {
		return locked(() -> this.failure != null);
	}

	private void growOnDemand() {
		while (true) {
			this.lock.lock();
			try {
				while (!this.growing && !this.closed) {
					this.growth.await();
				}
				this.growing = false;
				if (this.closed) {
					return;
				}
			}
			catch (InterruptedException ex) {
				return;
			}
			finally {
				this.lock.unlock();
			}
			grow();
		}
	}

	private void grow() {
		String name = locked(() -> ((!this.files.hasFree() || this.threads.isEmpty()) && this.files.mayGrow(0))
				? this.files.nextName() : "");
		if (name.isEmpty()) {
			return;
		}
		try {
			Segment created = this.files.create(name);
			this.lock.lock();
			try {
				this.files.add(created);
				this.noGrowth = null;
				this.room.signalAll();
			}
			finally {
				this.lock.unlock();
			}
		}
		catch (IOException ex) {
			this.lock.lock();
			try {
				this.noGrowth = String.valueOf(ex.getMessage());
				this.noGrowthUntil = System.nanoTime() + GROW_PAUSE;
				this.room.signalAll();
			}
			finally {
				this.lock.unlock();
			}
		}
	}

	private void rewrite(List<Segment> outdated) throws IOException {
		for (Segment segment : outdated) {
			for (SpoolLane lane : occupied()) {
				for (long position : positions(lane)) {
					long place = lane.place(position);
					ByteBuffer frame = (this.files.segment(place) == segment) ? frame(lane, position) : null;
					if (frame != null) {
						byte[] copy = new byte[Frame.length(frame, 0)];
						frame.get(copy);
						add(new GroupWriter.Unit(List.of(copy), lane, position, place, GroupWriter.NOTHING,
								GroupWriter.Unconfirmed.NOBODY));
					}
				}
			}
			flush();
			if (segment.live() == 0) {
				this.files.discard(segment);
			}
		}
	}

	@Override
	public void close() {
		this.lock.lock();
		try {
			if (this.closed) {
				return;
			}
			this.closed = true;
			this.work.signalAll();
			this.room.signalAll();
			this.growth.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		try {
			for (Thread thread : this.threads) {
				thread.join();
			}
			flush();
			boolean empty = this.failure == null && occupied().isEmpty();
			if (this.failure == null && !empty) {
				this.writer.close();
			}
			this.files.close(empty);
			this.disk.close(empty);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (IOException ex) {
			throw new SpoolException(SpoolException.Kind.FAILED, "The spool in %s was not closed".formatted(this.disk),
					"", ex);
		}
	}

	private <T> T locked(Supplier<T> action) {
		this.lock.lock();
		try {
			return action.get();
		}
		finally {
			this.lock.unlock();
		}
	}

}
