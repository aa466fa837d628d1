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

import java.util.List;

import org.springframework.context.ApplicationEvent;

/**
 * What a look at a cluster has shown that the look before has not: violations that came
 * or went, settings that somebody altered, replicas that fell behind. Not published if
 * nothing changed. Listeners run in the thread that looks, so that a slow one delays the
 * next look and nothing else.
 *
 * @since 0.1.0
 */
@SuppressWarnings("serial")
public final class DurabilityChangedEvent extends ApplicationEvent {

	private final ClusterDurability cluster;

	private final List<String> changes;

	/**
	 * Create an event.
	 * @param source who looked
	 * @param cluster what was seen
	 * @param changes what is different, a sentence each
	 */
	public DurabilityChangedEvent(Object source, ClusterDurability cluster, List<String> changes) {
		super(source);
		this.cluster = cluster;
		this.changes = List.copyOf(changes);
	}

	/**
	 * What was seen.
	 * @return the whole cluster
	 */
	public ClusterDurability getCluster() {
		return this.cluster;
	}

	/**
	 * What is different.
	 * @return a sentence each, at least one
	 */
	public List<String> getChanges() {
		return this.changes;
	}

	@Override
	public String toString() {
		return "Durability of %s: %s".formatted(this.cluster.cluster(), this.changes);
	}

}
