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

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The parts of a partition that a group has passed over, or that others of the group may
 * have read. At most {@value #MOST}: of what is in front of older ones nothing is known
 * any more. For use by one thread.
 */
final class Holes implements Iterable<Hole> {

	static final int MOST = 32;

	private final List<Hole> holes = new ArrayList<>(0);

	private long knownFrom;

	/**
	 * Where knowledge began before anything was forgotten.
	 */
	private long begun;

	/**
	 * No holes.
	 * @param knownFrom in front of this offset there may be some
	 */
	Holes(long knownFrom) {
		this.knownFrom = knownFrom;
		this.begun = knownFrom;
	}

	/**
	 * Where knowledge begins.
	 * @return above this offset all holes are known
	 */
	long knownFrom() {
		return this.knownFrom;
	}

	int size() {
		return this.holes.size();
	}

	@Override
	public Iterator<Hole> iterator() {
		return this.holes.iterator();
	}

	/**
	 * Note a hole.
	 * @param hole where; may reach beyond the position; ignored if it is empty or known
	 */
	void add(Hole hole) {
		if (hole.from() >= hole.to() || this.holes.stream().anyMatch((known) -> known.covers(hole))) {
			return;
		}
		int newest = this.holes.size() - 1;
		if (newest >= 0 && this.holes.get(newest).isContinuedBy(hole)) {
			this.holes.set(newest, new Hole(this.holes.get(newest).from(), hole.to(), hole.cause(), hole.proven()));
		}
		else {
			this.holes.add(hole);
		}
		limit();
	}

	/**
	 * Note what was passed over before.
	 * @param past the holes of a part of the partition in front of this one
	 * @param began where this part begins
	 */
	void precededBy(Holes past, long began) {
		// As long as nothing was forgotten since it is where this began.
		this.knownFrom = (this.knownFrom > began) ? Math.max(this.knownFrom, past.knownFrom) : past.knownFrom;
		this.begun = this.knownFrom;
		this.holes.addAll(0, past.holes);
		limit();
	}

	private void limit() {
		while (this.holes.size() > MOST) {
			// Above where this began even if the hole is not, or a past that comes
			// later takes it for nothing forgotten.
			long forgotten = Math.max(this.holes.remove(0).to(), this.begun + 1);
			this.knownFrom = Math.max(this.knownFrom, forgotten);
		}
	}

	/**
	 * Others of the group may have gone back to what was passed over.
	 */
	void doubt() {
		this.holes.replaceAll((hole) -> new Hole(hole.from(), hole.to(), hole.cause(), false));
	}

	/**
	 * The log was cut off: what is there now was not passed over yet.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		this.holes.removeIf((hole) -> hole.from() >= offset && hole.proven());
		this.holes.replaceAll((hole) -> (hole.to() > offset && hole.proven())
				? new Hole(hole.from(), offset, hole.cause(), true) : hole);
	}

	/**
	 * A hole in a part of the partition.
	 * @param first the first offset
	 * @param last the last offset
	 * @return one that is not proven, if there is any; {@code null} if the group has read
	 * all of it
	 */
	@Nullable Hole in(long first, long last) {
		Hole found = null;
		for (Hole hole : this.holes) {
			if (hole.intersects(first, last) && (found == null || !hole.proven())) {
				found = hole;
			}
		}
		return found;
	}

}
