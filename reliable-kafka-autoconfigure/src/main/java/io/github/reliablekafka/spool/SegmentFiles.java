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
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * The files of a spool: which one is written to, which have records that are not
 * resolved, and which can be used again. Guarded by the lock of the store, but for
 * {@link #create(String)}.
 */
final class SegmentFiles {

	static final String SUFFIX = ".segment";

	/**
	 * A place is a segment's id and an offset, which is a multiple of 8.
	 */
	private static final int OFFSET_BITS = 24;

	private final Disk disk;

	private final SpoolOptions options;

	private final UUID spool;

	private final Map<Long, Segment> used = new HashMap<>();

	private final Deque<Segment> free = new ArrayDeque<>();

	/**
	 * Those of the used ones that have nothing of interest but for who asks for what is
	 * resolved: used again when there is no other, the first one first.
	 */
	private final Deque<Kept> kept = new ArrayDeque<>();

	private @Nullable Segment active;

	/**
	 * When the last record in the active one was resolved, in nanoseconds.
	 */
	private long activeResolvedAt;

	private boolean retainsNothing;

	private long bytes;

	private long nextId = 1;

	private long nextName = 1;

	SegmentFiles(Disk disk, SpoolOptions options, UUID spool) {
		this.disk = disk;
		this.options = options;
		this.spool = spool;
	}

	/**
	 * The time of day.
	 * @return in milliseconds since 1970
	 */
	long now() {
		return this.options.clock().millis();
	}

	UUID spool() {
		return this.spool;
	}

	@Nullable Segment active() {
		return this.active;
	}

	/**
	 * Add a file that is there.
	 * @param segment the file
	 */
	void add(Segment segment) {
		this.bytes += segment.size();
		String number = segment.name().substring(0, segment.name().length() - SUFFIX.length());
		this.nextName = Math.max(this.nextName, Long.parseLong(number) + 1);
		if (segment.id() != 0) {
			this.nextId = Math.max(this.nextId, segment.id() + 1);
			this.used.put(segment.id(), segment);
		}
		else {
			this.free.add(segment);
		}
	}

	/**
	 * Use again what has nothing of interest. Right after all files were read.
	 * @param now the time, in milliseconds since 1970
	 */
	void reclaim(long now) {
		for (Segment segment : written()) {
			if (segment.live() == 0) {
				reclaim(segment, Math.min(retention(), left(segment, now)));
			}
		}
	}

	private long retention() {
		return this.options.retain().toMillis();
	}

	private long left(Segment segment, long now) {
		return segment.newest() + retention() - now;
	}

	private void reclaim(Segment segment, long keep) {
		if (keep > 0 && segment.newest() > 0) {
			this.kept.add(new Kept(segment, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(keep)));
		}
		else {
			this.used.remove(segment.id());
			this.free.add(segment);
		}
	}

	private void release() {
		while (!this.kept.isEmpty() && this.kept.element().until() - System.nanoTime() <= 0) {
			this.free.add(releaseFirst());
		}
	}

	private Segment releaseFirst() {
		Segment segment = this.kept.remove().segment();
		this.used.remove(segment.id());
		return segment;
	}

	/**
	 * Whether there are resolved records that somebody may ask for. Without a wall clock,
	 * which may have jumped.
	 * @return {@code false} if the files can be deleted, if nothing waits in them
	 */
	boolean isKeeping() {
		long now = System.nanoTime();
		Segment last = this.active;
		if (this.retainsNothing) {
			return false;
		}
		return this.kept.stream().anyMatch((each) -> each.until() - now > 0) || (last != null && last.newest() > 0
				&& now - this.activeResolvedAt < TimeUnit.MILLISECONDS.toNanos(retention()));
	}

	/**
	 * Nobody asks for what is resolved any more.
	 */
	void retainNoLonger() {
		this.retainsNothing = true;
	}

	/**
	 * All segments that are in use.
	 * @return a copy, the oldest one first
	 */
	List<Segment> written() {
		return this.used.values().stream().sorted(Comparator.comparingLong(Segment::id)).toList();
	}

	/**
	 * Forget a file and delete it.
	 * @param segment has nothing of interest
	 * @throws IOException if that fails
	 */
	void discard(Segment segment) throws IOException {
		this.used.remove(segment.id());
		this.free.remove(segment);
		this.kept.removeIf((each) -> each.segment() == segment);
		this.bytes -= segment.size();
		segment.close();
		this.disk.delete(segment.name());
	}

	static long place(Segment segment, int offset) {
		return segment.id() << OFFSET_BITS | offset >>> 3;
	}

	static int offset(long place) {
		return (int) (place & ((1 << OFFSET_BITS) - 1)) << 3;
	}

	@Nullable Segment segment(long place) {
		return this.used.get(place >>> OFFSET_BITS);
	}

	/**
	 * A record is resolved.
	 * @param place where it is
	 * @return whether there is more room now
	 */
	boolean resolved(long place) {
		Segment segment = segment(place);
		if (segment == null) {
			return false;
		}
		segment.removed();
		if (segment == this.active && retention() > 0) {
			this.activeResolvedAt = System.nanoTime();
		}
		if (segment.live() == 0 && segment != this.active) {
			reclaim(segment, retention());
			return true;
		}
		return false;
	}

	/**
	 * The segment, but for the active one, of whose records the smallest share is left.
	 * @param except the ids of those that do not count
	 * @return {@code null} if more than three quarters are left everywhere
	 */
	@Nullable Segment sparsest(Set<Long> except) {
		Segment sparsest = null;
		for (Segment segment : this.used.values()) {
			if (segment != this.active && segment.live() > 0 && segment.live() * 4 <= segment.records() * 3
					&& !except.contains(segment.id()) && (sparsest == null || segment.isSparserThan(sparsest))) {
				sparsest = segment;
			}
		}
		return sparsest;
	}

	/**
	 * For how many bytes there is room for sure, whatever the size of records.
	 * @return in files that are there
	 */
	long room() {
		long data = (long) this.options.segmentBytes() - Segment.START;
		Segment segment = this.active;
		long here = (segment != null) ? Math.max(0, segment.remaining() - data / 4) : 0;
		return here + Math.max(0, this.free.size() + this.kept.size() - spare()) * (data / 4 * 3);
	}

	// Files beyond the limit are for who makes room.
	private int spare() {
		long beyond = Math.max(0, this.bytes - this.options.maxBytes());
		return (int) ((beyond + this.options.segmentBytes() - 1) / this.options.segmentBytes());
	}

	/**
	 * Whether there is a file that can be used for anything.
	 * @return {@code false} if the next one is for who makes room
	 */
	boolean hasCommon() {
		release();
		return this.free.size() + this.kept.size() > spare();
	}

	/**
	 * Whether there is, or may be made, another file for who makes room.
	 * @return {@code false} if it has to fit into the active one
	 */
	boolean hasSpare() {
		return hasNext() || mayGrow(GroupWriter.OVERSHOOT);
	}

	/**
	 * What the records of one file take that is worth emptying.
	 * @return in bytes
	 */
	long emptied() {
		return ((long) this.options.segmentBytes() - Segment.START) / 4 * 3;
	}

	/**
	 * Whether there is a file that nobody misses.
	 * @return {@code true} if no other has to be made
	 */
	boolean hasFree() {
		release();
		return !this.free.isEmpty();
	}

	/**
	 * Whether there is a file to go on in.
	 * @return {@code true} also if that is one with records that are resolved
	 */
	boolean hasNext() {
		return hasFree() || !this.kept.isEmpty();
	}

	/**
	 * Whether another file is within the limit.
	 * @param more how many files beyond the limit are meant
	 * @return {@code false} if the spool has its full size
	 */
	boolean mayGrow(int more) {
		return this.bytes + this.options.segmentBytes() <= this.options.maxBytes()
				+ (long) more * this.options.segmentBytes();
	}

	String nextName() {
		return "%08d%s".formatted(this.nextName++, SUFFIX);
	}

	/**
	 * Create a file. Takes long, so without the lock.
	 * @param name its name
	 * @return not added yet
	 * @throws IOException if there is no room
	 */
	Segment create(String name) throws IOException {
		long usable = this.disk.usableBytes();
		if (usable - this.options.segmentBytes() < this.options.minFreeBytes()) {
			throw new IOException("%d bytes are free on the disk of %s, and %d shall stay free".formatted(usable,
					this.disk, this.options.minFreeBytes()));
		}
		return Segment.create(this.disk, name, this.options.segmentBytes());
	}

	/**
	 * Go on in the next file. What was active is ended.
	 * @return the new active one, to be activated
	 */
	Activation next() {
		Segment last = this.active;
		Segment next = hasFree() ? this.free.remove() : releaseFirst();
		this.active = next;
		this.activeResolvedAt = System.nanoTime();
		long id = this.nextId++;
		if (last != null && last.live() == 0) {
			reclaim(last, retention());
		}
		return new Activation(next, id);
	}

	void activated(Segment segment) {
		this.used.put(segment.id(), segment);
	}

	/**
	 * The oldest segment with records that are not resolved.
	 * @return its id, or that of the next segment
	 */
	long oldest() {
		long oldest = this.nextId;
		for (Segment segment : this.used.values()) {
			oldest = Math.min(oldest, segment.id());
		}
		return oldest;
	}

	long usedBytes() {
		long sum = 0;
		for (Segment segment : this.used.values()) {
			sum += (segment.live() > 0) ? segment.end() : 0;
		}
		return sum;
	}

	int count() {
		return this.used.size() + this.free.size();
	}

	String application() {
		return this.options.application();
	}

	/**
	 * Close all files.
	 * @param delete whether to delete them
	 * @throws IOException if that fails
	 */
	void close(boolean delete) throws IOException {
		Set<Segment> all = new LinkedHashSet<>(this.used.values());
		all.addAll(this.free);
		Segment last = this.active;
		if (last != null) {
			// In neither of them if the disk failed when it was begun.
			all.add(last);
		}
		for (Segment segment : all) {
			if (delete) {
				discard(segment);
			}
			else {
				segment.close();
			}
		}
	}

	/**
	 * A file whose records can still be read.
	 *
	 * @param segment the file
	 * @param until when that ends, in nanoseconds
	 */
	private record Kept(Segment segment, long until) {

	}

	/**
	 * A file that is about to be used.
	 *
	 * @param segment the file
	 * @param id the id that it gets
	 */
	record Activation(Segment segment, long id) {

	}

}
