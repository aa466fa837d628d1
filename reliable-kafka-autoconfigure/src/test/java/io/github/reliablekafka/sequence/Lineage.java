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

import java.util.BitSet;

/** What a line of commits has delivered. */
final class Lineage {

	final BitSet delivered;

	/** What a line had delivered whose state came from outside of the offsets. */
	final BitSet inherited;

	/**
	 * What was in the log when the position was moved over it, not by a rewritten log,
	 * nor where something else had been read before.
	 */
	final BitSet passedOver = new BitSet();

	/**
	 * What was polled, cut off, and in front of an offset that was committed in spite of
	 * that: perhaps processed.
	 */
	final BitSet perhaps = new BitSet();

	/** Where it began without state; -1 if it did not. */
	long began = -1;

	/** Up to where it is known from elsewhere what was read before that. */
	long restoredTo;

	/** The lowest position it ever had. */
	long baseline = Long.MAX_VALUE;

	/**
	 * Up to where everything was read once or passed over, as far as its readers can
	 * know.
	 */
	long highest;

	/** Where the group began. */
	long chosenBaseline = Long.MAX_VALUE;

	/**
	 * Whether part of it is known from elsewhere, or belongs to a topic that is gone.
	 */
	boolean mixed;

	Lineage() {
		this(new BitSet(), new BitSet());
	}

	private Lineage(BitSet delivered, BitSet inherited) {
		this.delivered = delivered;
		this.inherited = inherited;
	}

	Lineage copy() {
		Lineage copy = new Lineage((BitSet) this.delivered.clone(), (BitSet) this.inherited.clone());
		copy.passedOver.or(this.passedOver);
		copy.perhaps.or(this.perhaps);
		copy.began = this.began;
		copy.restoredTo = this.restoredTo;
		copy.baseline = this.baseline;
		copy.highest = this.highest;
		copy.chosenBaseline = this.chosenBaseline;
		copy.mixed = this.mixed;
		return copy;
	}

}
