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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * Where those who number records, those who check numbers and those who talk to the
 * cluster about both meet: one for each cluster. Safe for use by many threads; nothing
 * here waits.
 *
 * @since 0.1.0
 */
public final class SequenceBoard {

	private final Map<String, Object> connection;

	private final Set<ProducerSession> sessions = ConcurrentHashMap.newKeySet();

	private final Map<Lane, Integer> watched = new ConcurrentHashMap<>();

	private final Map<Lane, Map<Long, Watermark>> watermarks = new ConcurrentHashMap<>();

	private final Map<String, TopicFacts> facts = new ConcurrentHashMap<>();

	private final AtomicLong version = new AtomicLong();

	private volatile @Nullable LogAccess logAccess;

	SequenceBoard(Map<String, Object> connection) {
		this.connection = connection;
	}

	/**
	 * How to reach the cluster.
	 * @return settings for any client
	 */
	public Map<String, Object> connection() {
		return this.connection;
	}

	/**
	 * Note that a producer begins to number records.
	 * @param session stays until {@link #forget}
	 */
	public void open(ProducerSession session) {
		this.sessions.add(session);
	}

	/**
	 * Note that everything a session had to say was said.
	 * @param session a closed session
	 */
	public void forget(ProducerSession session) {
		this.sessions.remove(session);
	}

	/**
	 * The sessions whose watermarks have to be made known.
	 * @return open ones, and closed ones that were not forgotten
	 */
	public Collection<ProducerSession> sessions() {
		return List.copyOf(this.sessions);
	}

	/**
	 * Ask for watermarks and facts.
	 * @param lane a partition that a reader was assigned
	 */
	public void watch(Lane lane) {
		this.watched.merge(lane, 1, Integer::sum);
	}

	/**
	 * Ask no longer.
	 * @param lane a partition that was watched
	 */
	public void unwatch(Lane lane) {
		if (this.watched.computeIfPresent(lane, (key, count) -> (count > 1) ? count - 1 : null) == null) {
			this.watermarks.remove(lane);
		}
	}

	/**
	 * The partitions whose watermarks are asked for.
	 * @return a snapshot
	 */
	public Set<Lane> watched() {
		return Set.copyOf(this.watched.keySet());
	}

	/**
	 * Make a watermark known, unless a later one of the same session is.
	 * @param watermark what was read from the cluster; ignored if nobody watches its
	 * partition
	 */
	public void post(Watermark watermark) {
		if (this.watched.containsKey(watermark.lane())) {
			this.watermarks.computeIfAbsent(watermark.lane(), (key) -> new ConcurrentHashMap<>())
				.merge(watermark.session(), watermark,
						(known, later) -> (later.sequence() > known.sequence()) ? later : known);
			this.version.incrementAndGet();
		}
	}

	/**
	 * Drop the watermark of a session that is over.
	 * @param lane the partition
	 * @param session the session
	 */
	public void retire(Lane lane, long session) {
		this.watermarks.getOrDefault(lane, Map.of()).remove(session);
	}

	/**
	 * The watermarks of a partition.
	 * @param lane the partition
	 * @return by session; changes with time
	 */
	public Map<Long, Watermark> watermarks(Lane lane) {
		return this.watermarks.getOrDefault(lane, Map.of());
	}

	/**
	 * Make facts about a topic known.
	 * @param topic the topic
	 * @param facts replace those before
	 */
	public void post(String topic, TopicFacts facts) {
		this.facts.put(topic, facts);
		this.version.incrementAndGet();
	}

	/**
	 * The facts about a topic.
	 * @param topic the topic
	 * @return {@code null} as long as they are not known: then no claim can be judged
	 */
	public @Nullable TopicFacts facts(String topic) {
		return this.facts.get(topic);
	}

	/**
	 * Changes with each watermark and fact that is posted.
	 * @return a number to compare
	 */
	public long version() {
		return this.version.get();
	}

	/**
	 * Connect to the cluster.
	 * @param logAccess answers readers' questions from now on
	 */
	public void connect(@Nullable LogAccess logAccess) {
		this.logAccess = logAccess;
	}

	/**
	 * Who answers readers' questions.
	 * @return {@code null} if nobody does: then states that are too large for a group's
	 * offsets are cut
	 */
	public @Nullable LogAccess logAccess() {
		return this.logAccess;
	}

}
