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

package io.github.reliablekafka.producer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolStore;

/**
 * What earlier processes left in the spool, until somebody knows where to send it. Safe
 * for use by many threads.
 */
final class Leftovers {

	private final List<SpooledLane> unclaimed = new ArrayList<>();

	/**
	 * Look at spools that were just opened.
	 * @param stores the spool, and those that were adopted
	 * @param age for how long their records have waited
	 */
	synchronized void find(Collection<? extends SpoolStore> stores, LaneAge age) {
		for (SpoolStore store : stores) {
			for (SpoolLane lane : store.occupied()) {
				if (lane.partition() != SpoolLane.PARKED) {
					this.unclaimed.add(new SpooledLane(store, lane, store.positions(lane), age));
				}
			}
		}
	}

	/**
	 * Take what is meant for a cluster. Nobody else gets it.
	 * @param destination whether a name is the cluster's
	 * @return what was left for it
	 */
	synchronized List<SpooledLane> claim(Predicate<String> destination) {
		List<SpooledLane> claimed = new ArrayList<>();
		for (Iterator<SpooledLane> iterator = this.unclaimed.iterator(); iterator.hasNext();) {
			SpooledLane left = iterator.next();
			if (destination.test(left.lane().destination())) {
				claimed.add(left);
				iterator.remove();
			}
		}
		return claimed;
	}

	/**
	 * What nobody has claimed so far.
	 * @return in the order in which it was found
	 */
	synchronized List<SpooledLane> lanes() {
		this.unclaimed.removeIf((left) -> !left.isSticky());
		return List.copyOf(this.unclaimed);
	}

	/**
	 * The clusters for which something is left.
	 * @return their names
	 */
	synchronized Set<String> destinations() {
		Set<String> destinations = new TreeSet<>();
		this.unclaimed.forEach((left) -> destinations.add(left.lane().destination()));
		return destinations;
	}

}
