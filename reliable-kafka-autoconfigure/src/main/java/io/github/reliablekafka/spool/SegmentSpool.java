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
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A spool in files of this machine: a log of segments, in which what is appended and what
 * is resolved follow each other. What was confirmed survives the death of the process and
 * a power cut; a bit that flips is noticed. It does not survive the loss of the disk, and
 * on a file system in memory nothing survives the machine.
 * <p>
 * One thread writes all that has come since it last wrote, and has it on disk with one
 * force. If that fails, nobody knows what is on disk: the spool takes nothing more, and
 * what was waiting fails. Where files are short, the same thread writes again the few
 * records that keep a file. Memory: 8 to 16 bytes a record, and up to 16 MiB of records
 * that are not written yet.
 *
 * @since 0.1.0
 */
public final class SegmentSpool implements SpoolStore {

	private final Disk disk;

	private final SpoolOptions options;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition work = this.lock.newCondition();

	private final Condition room = this.lock.newCondition();

	/**
	 * Held while a group is written.
	 */
	private final ReentrantLock writing = new ReentrantLock();

	private final LaneDirectory lanes = new LaneDirectory();

	private final SegmentFiles files;

	private final GroupWriter writer;

	private final List<String> findings;

	private final SegmentGrowth growth;

	private final WriteQueue queue = new WriteQueue();

	private final FrameReader reader;

	private final RecordSearch search;

	private final Relocation relocation;

	private final Admission admission;

	private final List<Thread> threads = new ArrayList<>();

	private final ResolvedRecords resolved = new ResolvedRecords();

	private long appended;

	/**
	 * Whether the writing thread waits, or has not begun: whoever resolves a record then
	 * notes it.
	 */
	private volatile boolean idle = true;

	/**
	 * How many threads wait for room. Written with the lock.
	 */
	private volatile int waiting;

	private @Nullable SpoolException failure;

	private boolean closed;

	private SegmentSpool(Disk disk, SpoolOptions options) throws IOException {
		this.disk = disk;
		this.options = options;
		SpoolOpening.Opened opened = SpoolOpening.open(disk, options, this.lanes);
		this.files = opened.files();
		this.findings = new ArrayList<>(opened.findings());
		this.files.reclaim(this.files.now());
		this.writer = new GroupWriter(this.lock, this.files, this.lanes);
		this.growth = new SegmentGrowth(this.lock, this.room, this.files);
		this.reader = new FrameReader(this.lock, this.files, disk);
		this.search = new RecordSearch(this.lock, this.files, disk);
		this.relocation = new Relocation(this.lock, this.room, this.files, this.lanes, this.writer, this.reader,
				this.growth);
		this.admission = new Admission(this.room, disk, options, this.files, this.lanes, this.queue, this.growth,
				this.relocation);
		this.growth.grow(false);
		for (Segment outdated : opened.outdated()) {
			this.relocation.empty(outdated);
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

	void start() {
		this.admission.inBackground(true);
		this.threads.add(new Thread(this::writeGroups, "reliable-kafka-spool-writer"));
		this.threads.add(new Thread(this.growth, "reliable-kafka-spool-files"));
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
	 * How many records were written again to make room.
	 * @return since the spool was opened
	 */
	long relocated() {
		return locked(this.relocation::relocated);
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

	/**
	 * How many records of a lane are not resolved.
	 * @param lane the lane
	 * @return without looking at each
	 */
	public long count(SpoolLane lane) {
		return locked(lane::live);
	}

	/**
	 * The first record of a lane that is not resolved.
	 * @param lane the lane
	 * @return {@code null} if there is none on disk
	 */
	public @Nullable SpoolRecord first(SpoolLane lane) {
		return read(lane, locked(lane::base));
	}

	@Override
	public long append(SpoolLane lane, SpoolRecord record, long patience, @Nullable Confirmation confirmation) {
		byte[] frame = Frame.data(lane, record);
		this.admission.requireFits(frame);
		this.lock.lock();
		try {
			awaitRoom(frame.length, patience);
			return enqueue(frame, null, lane, GroupWriter.NOTHING, confirmation);
		}
		finally {
			this.lock.unlock();
		}
	}

	@SuppressWarnings("NonAtomicVolatileUpdate") // with the lock
	private void awaitRoom(int length, long patience) {
		if (patience <= 0) {
			this.admission.await(length, patience, this::prepare, this::wake);
			return;
		}
		this.waiting++;
		try {
			this.admission.await(length, patience, this::prepare, this::wake);
		}
		finally {
			this.waiting--;
		}
	}

	private void prepare() {
		requireOpen();
		noteResolved();
	}

	@Override
	public long move(SpoolLane lane, SpoolRecord record, SpoolLane from, long position,
			@Nullable Confirmation confirmation) {
		byte[] frame = Frame.data(lane, record);
		this.admission.requireFits(frame);
		this.lock.lock();
		try {
			prepare();
			this.admission.requireRoomToMove(frame.length);
			GroupWriter.Origin origin = new GroupWriter.Origin(from, position);
			return enqueue(frame, origin, lane, () -> resolved(from, position), confirmation);
		}
		finally {
			this.lock.unlock();
		}
	}

	private long enqueue(byte[] frame, GroupWriter.@Nullable Origin origin, SpoolLane lane, Runnable written,
			@Nullable Confirmation confirmation) {
		long position = lane.append();
		Frame.number(frame, position);
		add(new GroupWriter.Unit(frame, origin, lane, position, SpoolLane.PENDING, written,
				(confirmation != null) ? confirmation : GroupWriter.Unconfirmed.NOBODY));
		this.appended++;
		return position;
	}

	private void add(GroupWriter.Unit unit) {
		this.queue.add(unit);
		wake();
	}

	private void wake() {
		if (this.idle) {
			this.idle = false;
			this.work.signal();
		}
	}

	private void requireOpen() {
		if (this.closed) {
			throw new SpoolException(SpoolException.Kind.CLOSED, "The spool in %s is closed".formatted(this.disk));
		}
		if (this.failure != null) {
			throw new SpoolException(this.failure.kind(), String.valueOf(this.failure.getMessage()),
					this.failure.action(), this.failure);
		}
	}

	@Override
	public void resolve(SpoolLane lane, long position) {
		boolean many = this.resolved.add(lane, position);
		// Otherwise the thread that writes comes by.
		if (many || this.idle || this.waiting > 0) {
			this.lock.lock();
			try {
				noteResolved();
			}
			finally {
				this.lock.unlock();
			}
		}
	}

	private void noteResolved() {
		this.resolved.forEach((lane, position) -> {
			long place = resolved(lane, position);
			if (place != SpoolLane.RESOLVED && lane.base() <= position && this.failure == null && !this.closed) {
				add(GroupWriter.Unit.mark(Frame.REMOVE, lane, position));
			}
		});
	}

	private long resolved(SpoolLane lane, long position) {
		long place = lane.resolve(position);
		boolean more = place != SpoolLane.RESOLVED && place != SpoolLane.PENDING && this.files.resolved(place);
		if (more || this.lanes.records() == this.options.maxRecords() - 1) {
			this.room.signalAll();
		}
		if (place != SpoolLane.RESOLVED && lane.base() > position && this.queue.mark(lane)) {
			wake();
		}
		return place;
	}

	@Override
	public boolean holds(SpoolLane lane, long position) {
		return locked(() -> lane.place(position) != SpoolLane.RESOLVED);
	}

	@Override
	public @Nullable SpoolRecord read(SpoolLane lane, long position) {
		if (!holds(lane, position)) {
			return null;
		}
		ByteBuffer frame = this.reader.read(lane, position);
		return (frame != null) ? Frame.record(frame, 0) : null;
	}

	@Override
	public void search(String topic, int partition, Predicate<String> destination, Predicate<SpoolRecord> visitor) {
		locked(() -> {
			requireOpen();
			return null;
		});
		this.search.search(topic, partition, destination, visitor);
	}

	/**
	 * Whether there are resolved records that somebody may search for.
	 * @return {@code false} if they are not retained any longer
	 */
	public boolean isKeeping() {
		return locked(this.files::isKeeping);
	}

	/**
	 * Have the files deleted on closing, if nothing waits in them, whatever is retained.
	 */
	public void retainNoLonger() {
		locked(() -> {
			this.files.retainNoLonger();
			return null;
		});
	}

	/**
	 * Whether the disk has no room for a file that is needed.
	 * @return {@code true} if what is not needed should make room
	 */
	public boolean isObstructed() {
		return locked(this.growth::isObstructed);
	}

	@Override
	public boolean flush() {
		long before = locked(this.queue::added);
		boolean more = true;
		while (more) {
			// What comes meanwhile is for the thread that writes. It may never end.
			more = write(true) && (this.threads.isEmpty() || locked(() -> this.queue.isWaiting(before)));
		}
		this.writing.lock();
		try {
			return locked(() -> this.failure == null && !this.queue.isWaiting(before) && !this.queue.hasRefused());
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Whether what can as well be elsewhere should stay there.
	 * @return {@code true} if half of the files, or of the records there may be, are
	 * taken, or the disk has no room for another file
	 */
	public boolean isHalfFull() {
		return locked(() -> this.files.usedBytes() >= this.options.maxBytes() / 2
				|| this.lanes.records() >= this.options.maxRecords() / 2 || this.growth.isObstructed());
	}

	@Override
	public SpoolStatus status() {
		return locked(() -> new SpoolStatus(this.lanes.records(), this.files.usedBytes(), this.options.maxBytes(),
				this.files.count(), this.writer.forces(), this.appended, this.relocation.relocated(),
				(this.failure != null) ? this.failure.getMessage() : null));
	}

	// Returns whether there was anything to write.
	private boolean write(boolean marks) {
		List<GroupWriter.Unit> units = List.of();
		int[] told = new int[1];
		this.writing.lock();
		try {
			units = locked(() -> (this.failure == null) ? this.queue.take(marks) : List.of());
			boolean progress = !units.isEmpty() && write(units, told);
			return (mayRelocate() && this.relocation.step()) || progress;
		}
		catch (Throwable ex) {
			// Out of memory as well: whoever waits for the disk must not wait for ever.
			fail(ex, units.subList(told[0], units.size()));
			return false;
		}
		finally {
			this.writing.unlock();
		}
	}

	private boolean write(List<GroupWriter.Unit> units, int[] told) throws IOException {
		List<GroupWriter.Unit> left = this.writer.write(units, (part) -> {
			// In the order of the group.
			told[0] += part.size();
			written(part);
		});
		if (!left.isEmpty()) {
			told[0] = units.size();
			refuse(left, locked(this.admission::full));
		}
		return left.size() < units.size() || left.stream().anyMatch(GroupWriter.Unit::isRecord);
	}

	private void written(List<GroupWriter.Unit> units) {
		this.lock.lock();
		try {
			this.queue.written(units);
			this.room.signalAll();
			if (!this.files.hasFree() && !this.threads.isEmpty()) {
				this.growth.request();
			}
		}
		finally {
			this.lock.unlock();
		}
		for (GroupWriter.Unit unit : units) {
			unit.confirmation().durable();
		}
	}

	private void refuse(List<GroupWriter.Unit> units, SpoolException reason) {
		this.lock.lock();
		try {
			this.queue.refused(units);
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		units.forEach((unit) -> unit.confirmation().failed(reason));
	}

	private void fail(Throwable cause, List<GroupWriter.Unit> untold) {
		List<GroupWriter.Unit> all = new ArrayList<>(untold);
		SpoolException reason = new SpoolException(SpoolException.Kind.FAILED,
				"The disk of the spool in %s failed: %s".formatted(this.disk, cause),
				"Check the disk and start the application again.", cause);
		this.lock.lock();
		try {
			this.failure = reason;
			// Not resolved: what was half written may be there when the spool is opened
			// again, and comes back then.
			all.addAll(this.queue.clear());
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		all.forEach((unit) -> unit.confirmation().failed(reason));
	}

	private void writeGroups() {
		while (true) {
			boolean marks;
			this.lock.lock();
			try {
				while (isIdle()) {
					if (this.idle) {
						long unused = this.work.awaitNanos(this.queue.untilMarks());
					}
					// What was resolved before somebody saw this is noted by the next
					// look.
					this.idle = true;
				}
				this.idle = false;
				if (this.closed) {
					return;
				}
				marks = this.queue.untilMarks() <= 0;
			}
			catch (InterruptedException ex) {
				return;
			}
			catch (Throwable ex) {
				// As in a group.
				fail(ex, List.of());
				return;
			}
			finally {
				this.lock.unlock();
			}
			if (!write(marks) && isFailed()) {
				return;
			}
		}
	}

	private boolean isIdle() {
		noteResolved();
		return this.queue.isEmpty() && !this.closed && this.queue.untilMarks() > 0 && !this.relocation.isPossible();
	}

	private boolean isFailed() {
		return locked(() -> this.failure != null);
	}

	private boolean mayRelocate() {
		return locked(() -> this.failure == null && !this.closed && this.relocation.isPossible());
	}

	@Override
	public void close() {
		this.lock.lock();
		try {
			if (this.closed) {
				return;
			}
			// Now, as nothing is queued for those that are noted later.
			noteResolved();
			this.closed = true;
			this.work.signalAll();
			this.room.signalAll();
			this.growth.close();
		}
		finally {
			this.lock.unlock();
		}
		boolean interrupted = false;
		try {
			for (Thread thread : this.threads) {
				interrupted |= !hasEnded(thread);
			}
			flush();
			boolean delete = this.failure == null && occupied().isEmpty() && !this.files.isKeeping();
			if (this.failure == null && !delete) {
				this.writer.close();
			}
			this.files.close(delete);
			this.disk.close();
		}
		catch (IOException ex) {
			throw new SpoolException(SpoolException.Kind.FAILED, "The spool in %s was not closed".formatted(this.disk),
					"", ex);
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	// Files are closed also by a thread that was told to hurry.
	private static boolean hasEnded(Thread thread) {
		try {
			thread.join();
			return true;
		}
		catch (InterruptedException ex) {
			return false;
		}
	}

	private <T> T locked(Supplier<T> action) {
		this.lock.lock();
		try {
			noteResolved();
			return action.get();
		}
		finally {
			this.lock.unlock();
		}
	}

}
