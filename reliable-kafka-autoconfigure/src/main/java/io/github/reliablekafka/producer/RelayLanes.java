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

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The lanes of the records for one cluster. What earlier processes left for it, of this
 * application's instance or of others that are gone, is claimed when the cluster has said
 * which one it is, before the first record of this process gets into a lane; that waits
 * behind. Records of topics of which nothing was known when they came belong to the
 * addresses instead. Safe for use by many threads.
 */
final class RelayLanes {

	private final Spools spools;

	private final Destination destination;

	private final SpoolStore store;

	private final Consumer<SpooledLane> ready;

	private final Map<TopicPartition, SpooledLane> lanes = new ConcurrentHashMap<>();

	/**
	 * By topic; empty, as a rule, so that asking costs nothing.
	 */
	private final Map<String, SpooledLane> unplaced = new ConcurrentHashMap<>();

	/**
	 * The last lane of what was left for each partition. Guarded by this.
	 */
	private final Map<TopicPartition, SpooledLane> left = new ConcurrentHashMap<>();

	private volatile @Nullable String clusterId;

	/**
	 * The cluster for which what was left has been claimed.
	 */
	private volatile @Nullable String claimedFor;

	/**
	 * Create lanes for one cluster.
	 * @param spools knows what was left
	 * @param destination names the cluster
	 * @param store where records of this process go
	 * @param ready is told of lanes from which something is to be sent
	 */
	RelayLanes(Spools spools, Destination destination, SpoolStore store, Consumer<SpooledLane> ready) {
		this.spools = spools;
		this.destination = destination;
		this.store = store;
		this.ready = ready;
	}

	/**
	 * The cluster has said which one it is. The first answer counts.
	 * @param id its id; {@code null} if it has not
	 */
	void found(@Nullable String id) {
		if (id == null) {
			return;
		}
		if (this.clusterId == null) {
			this.clusterId = id;
		}
		else if (!isOf(id)) {
			this.spools.notices().otherCluster(this.destination, String.valueOf(this.clusterId), id);
		}
	}

	/**
	 * Whether a cluster is the one that was found.
	 * @param id its id; {@code null} if that is not known
	 * @return {@code false} if its records must not get in here
	 */
	boolean isOf(@Nullable String id) {
		return id == null || id.equals(this.clusterId);
	}

	/**
	 * Whether a name is that of the cluster.
	 * @param name the name in the spool
	 * @return {@code true} if its records may get in here
	 */
	boolean isNamed(String name) {
		return name.equals(this.destination.byAddress()) || name.equals(this.destination.named(this.clusterId));
	}

	/**
	 * What the cluster is called now.
	 * @return a name
	 */
	String name() {
		return this.destination.named(this.clusterId);
	}

	/**
	 * The cluster whose records these are.
	 * @return its id; {@code null} if it has not answered yet
	 */
	@Nullable String clusterId() {
		return this.clusterId;
	}

	void claimByAddress() {
		synchronized (this) {
			claim(null);
		}
	}

	/**
	 * Claim what was left, as soon as it is known for whom. On the thread of whoever
	 * sends first, so that nothing overtakes it.
	 */
	void claimIfFound() {
		String id = this.clusterId;
		if (id != null && !id.equals(this.claimedFor)) {
			synchronized (this) {
				if (!id.equals(this.claimedFor)) {
					claim(id);
					this.claimedFor = id;
				}
			}
		}
	}

	/**
	 * Claim what other instances have left meanwhile. It is sent beside what this one
	 * sends, as it would have been by them.
	 */
	void claimLate() {
		synchronized (this) {
			claimLate(null);
			// Otherwise it is claimed with the rest.
			if (this.claimedFor != null) {
				claimLate(this.claimedFor);
			}
		}
	}

	private void claimLate(@Nullable String id) {
		for (SpooledLane each : this.spools.claim(this.destination, id)) {
			follow(each);
			this.ready.accept(each);
		}
	}

	/**
	 * Forget what was left, as nothing of it is.
	 * @param released where it was
	 */
	void released(SpoolStore released) {
		synchronized (this) {
			this.left.values().removeIf((lane) -> lane.store() == released);
		}
	}

	private void follow(SpooledLane first) {
		SpooledLane earlier = this.left.put(new TopicPartition(first.topic(), first.partition()), first);
		if (earlier != null) {
			first.behind(earlier);
		}
	}

	private void claim(@Nullable String id) {
		for (SpooledLane first : this.spools.claim(this.destination, id)) {
			follow(first);
			TopicPartition name = new TopicPartition(first.topic(), first.partition());
			SpooledLane own = this.lanes.computeIfAbsent(name, (key) -> create(key, id));
			own.behind(first);
			if (name.partition() == SpoolLane.UNPLACED) {
				this.unplaced.put(name.topic(), own);
			}
			this.ready.accept(first);
			this.ready.accept(own);
		}
	}

	private SpooledLane create(TopicPartition name, @Nullable String id) {
		// One line a topic, whether or not the cluster has been heard of.
		String cluster = (name.partition() == SpoolLane.UNPLACED) ? this.destination.byAddress()
				: this.destination.named(id);
		return new SpooledLane(this.store, this.store.lane(cluster, name.topic(), name.partition()), new long[0]);
	}

	SpooledLane lane(String topic, int partition) {
		claimIfFound();
		TopicPartition name = new TopicPartition(topic, partition);
		SpooledLane lane = this.lanes.get(name);
		return (lane != null) ? lane : this.lanes.computeIfAbsent(name, (key) -> create(key, this.clusterId));
	}

	/**
	 * Whether records of a partition wait.
	 * @param topic the topic
	 * @param partition the partition
	 * @return {@code true} if later ones must wait behind them
	 */
	boolean isSticky(String topic, int partition) {
		claimIfFound();
		SpooledLane lane = this.lanes.get(new TopicPartition(topic, partition));
		return lane != null && lane.isSticky();
	}

	SpooledLane unplaced(String topic) {
		SpooledLane lane = lane(topic, SpoolLane.UNPLACED);
		SpooledLane present = this.unplaced.putIfAbsent(topic, lane);
		return (present != null) ? present : lane;
	}

	/**
	 * Whether records of a topic wait for its partitions to be known.
	 * @param topic the topic
	 * @return {@code true} if later ones must wait behind them
	 */
	boolean isUnplaced(String topic) {
		SpooledLane lane = this.unplaced.get(topic);
		return lane != null && lane.isSticky();
	}

	/**
	 * The lanes of this process.
	 * @return those so far
	 */
	Collection<SpooledLane> all() {
		return this.lanes.values();
	}

}
