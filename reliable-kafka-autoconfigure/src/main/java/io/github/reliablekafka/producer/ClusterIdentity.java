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

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Which cluster a producer talks to, as that says itself in its first answer. Addresses
 * do not tell: {@code kafka:9092} in two networks is two clusters, and one cluster may be
 * entered by many. Safe for use by many threads.
 */
final class ClusterIdentity {

	/**
	 * The name under which a producer's settings carry this to the veto.
	 */
	static final String SETTING = "reliable.kafka.producer.cluster-identity";

	private volatile @Nullable String id;

	private volatile @Nullable Consumer<String> listener;

	/**
	 * The cluster has answered. Called by the producer's network thread.
	 * @param clusterId its id; {@code null} if it has none
	 */
	void found(@Nullable String clusterId) {
		if (clusterId != null && !clusterId.equals(this.id)) {
			this.id = clusterId;
			tell(this.listener, clusterId);
		}
	}

	/**
	 * Be told of the id, now or when it is known. May be told twice.
	 * @param action is given the id, and must not wait
	 */
	void onFound(Consumer<String> action) {
		this.listener = action;
		tell(action, this.id);
	}

	private static void tell(@Nullable Consumer<String> action, @Nullable String clusterId) {
		if (action != null && clusterId != null) {
			action.accept(clusterId);
		}
	}

	/**
	 * The id of the cluster.
	 * @return {@code null} until it has answered
	 */
	@Nullable String id() {
		return this.id;
	}

}
