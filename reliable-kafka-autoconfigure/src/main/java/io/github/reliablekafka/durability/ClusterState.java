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

package io.github.reliablekafka.durability;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/**
 * What the cluster says about itself.
 *
 * @param racks the rack of each broker that is known, by the broker's id; {@code null}
 * for one that has none
 * @param up the brokers that are up
 * @param returning the brokers that are, or were a moment ago, away for so short a time
 * that they are probably just started again with their disks; only those that were seen
 * up before
 * @param settings the settings of one of the brokers
 * @param address where the cluster is reached, for commands that people copy
 */
record ClusterState(Map<Integer, @Nullable String> racks, Set<Integer> up, Set<Integer> returning,
		ReadSettings settings, String address) {

	ClusterState {
		racks = Collections.unmodifiableMap(new TreeMap<>(racks));
		up = Collections.unmodifiableSet(new TreeSet<>(up));
		returning = Set.copyOf(returning);
	}

}
