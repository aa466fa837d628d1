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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * Where those who number records, those who check numbers and those who talk to the
 * cluster about both meet: one for each cluster and identity there. Safe for use by many
 * threads; nothing here waits.
 *
 * @since 0.1.0
 */
public final class SequenceBoard {

	private final Map<String, Object> connection;

	private final Set<ProducerSession> sessions = ConcurrentHashMap.newKeySet();

	private final Map<Lane, Integer> watched = new ConcurrentHashMap<>();

	private final Map<Lane, Map<Long, Watermark>> watermarks = new ConcurrentHashMap<>();

	private final Map<String, TopicFacts> facts = new ConcurrentHashMap<>();

	private final List<Attendant> attendants = new CopyOnWriteArrayList<>();

	private final AtomicLong version = new AtomicLong();

	private final AtomicBoolean metadataRefused = new AtomicBoolean();

	private final AtomicBoolean asking = new AtomicBoolean();

	private final AtomicBoolean askingInVain = new AtomicBoolean();

	private volatile @Nullable LogAccess logAccess;

	SequenceBoard(Map<String, Object> connection) {
		this.connection = connection;
	}

	/**
	 * Whether the cluster was seen to refuse what is committed beside offsets.
	 * @return set by whoever commits
	 */
	public AtomicBoolean metadataRefused() {
		return this.metadataRefused;
	}

	/**
	 * Whether a reader asks the log for what it is about to say that was lost. One does
	 * at a time, as others need the log as well.
	 * @param inVain whether it is among those that got no answer last
	 * @return set and cleared by the one that asks
	 */
	AtomicBoolean asking(boolean inVain) {
		return inVain ? this.askingInVain : this.asking;
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
		this.attendants.forEach((attendant) -> attendant.opened(session));
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
		if (this.watched.merge(lane, 1, Integer::sum) == 1) {
			this.attendants.forEach((attendant) -> attendant.watched(lane));
		}
	}

	/**
	 * Ask no longer.
	 * @param lane a partition that was watched
	 */
	public void unwatch(Lane lane) {
		this.watched.computeIfPresent(lane, (key, count) -> {
			if (count > 1) {
				return count - 1;
			}
			this.watermarks.remove(lane);
			return null;
		});
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
		this.watched.computeIfPresent(watermark.lane(), (lane, count) -> {
			this.watermarks.computeIfAbsent(lane, (key) -> new ConcurrentHashMap<>())
				.merge(watermark.session(), watermark,
						(known, later) -> (later.sequence() > known.sequence()) ? later : known);
			return count;
		});
		this.version.incrementAndGet();
	}

	/**
	 * Drop the watermark of a session that is over.
	 * @param lane the partition
	 * @param session the session
	 */
	public void retire(Lane lane, long session) {
		this.watermarks.getOrDefault(lane, Map.of()).remove(session);
		this.version.incrementAndGet();
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
	 * Forget the facts about a topic, because it may not be the same topic any more. No
	 * claim about it can be judged until facts are posted again.
	 * @param topic the topic
	 */
	public void forgetFacts(String topic) {
		this.facts.remove(topic);
		this.version.incrementAndGet();
	}

	/**
	 * Changes with each watermark and fact that is posted or dropped.
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

	/**
	 * Attach someone who makes known what is on the board, and looks up what is asked
	 * for.
	 * @param attendant is told of everything that is on the board already, and from now
	 * on of everything that is new; may be told twice
	 */
	public void attend(Attendant attendant) {
		this.attendants.add(attendant);
		this.sessions.forEach(attendant::opened);
		this.watched.keySet().forEach(attendant::watched);
	}

	/**
	 * Is told of what is new on a board. Must neither wait nor throw.
	 */
	public interface Attendant {

		/**
		 * A session was opened.
		 * @param session the session
		 */
		void opened(ProducerSession session);

		/**
		 * A partition is watched that was not before, so nothing is known of it.
		 * @param lane the partition
		 */
		void watched(Lane lane);

	}

}
