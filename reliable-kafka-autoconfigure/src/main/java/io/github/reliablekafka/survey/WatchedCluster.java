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

package io.github.reliablekafka.survey;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityAudit;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityChangedEvent;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.Violation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * A cluster that is looked at again and again. Posts on the board what was seen, and says
 * what has changed since the look before. For one thread at a time.
 */
final class WatchedCluster implements AutoCloseable {

	/**
	 * What each look has at least, however long others took.
	 */
	static final Duration SHORTEST = Duration.ofSeconds(2);

	private static final Log logger = LogFactory.getLog(DurabilityAudit.class);

	private static final Set<String> MAY_BE_OVER_SOON = Set.of("topic.in-sync", "topic.offline", "topic.retention");

	private static final Duration LOOK_OFTEN = Duration.ofMinutes(10);

	private final DurabilityAudit audit;

	private final @Nullable TopicRepair repair;

	private final String key;

	private final DurabilityBoard board;

	private final ApplicationEventPublisher events;

	private final Clock clock;

	private Set<String> unknown = Set.of();

	private @Nullable ClusterDurability before;

	private @Nullable Instant wrongSince;

	private int failures;

	/**
	 * Create a cluster that nobody has looked at yet.
	 * @param audit looks at it
	 * @param number tells it from others at the same address
	 * @param repairs whether topics are altered
	 * @param board where results are posted
	 * @param events hears of changes
	 * @param clock tells the time
	 */
	WatchedCluster(DurabilityAudit audit, int number, boolean repairs, DurabilityBoard board,
			ApplicationEventPublisher events, Clock clock) {
		this.audit = audit;
		this.repair = repairs ? new TopicRepair(audit.admin()) : null;
		this.key = audit.address() + "#" + number;
		this.board = board;
		this.events = events;
		this.clock = clock;
	}

	/**
	 * Look at the cluster, mend what the application wants mended, and say what has
	 * changed.
	 * @param cluster the topics that are in use there
	 * @param timeout longest time to take; a second look, after something was mended, has
	 * 2 seconds in any case
	 * @return whether there is nothing that may be over soon
	 */
	boolean look(UsedCluster cluster, Duration timeout) {
		ClusterDurability now;
		long deadline = System.nanoTime() + timeout.toNanos();
		try {
			now = this.audit.look(cluster.topics(), timeout);
			if (this.repair != null && this.repair.mend(now, this.board::isAccepted, deadline)) {
				pause();
				now = this.audit.look(cluster.topics(),
						Duration.ofNanos(Math.max(SHORTEST.toNanos(), deadline - System.nanoTime())));
			}
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException | IllegalStateException ex) {
			// Once is a broker that has just died; what was seen before is still true
			// then.
			if (this.before == null || this.failures > 0) {
				this.board.postFailure(this.key, this.audit.address(), this.clock.instant(),
						String.valueOf(ex.getMessage()));
			}
			if (this.failures++ == 0) {
				logger.warn(("Cannot tell which failures the topics of cluster %s survive: it could not be looked at; "
						+ "tried again. Durability cluster=%s")
					.formatted(this.audit.address(), this.audit.address()), ex);
			}
			return false;
		}
		this.board.post(this.key, now);
		say(now);
		this.before = now;
		this.failures = 0;
		return isCalm(allOf(now).anyMatch((violation) -> MAY_BE_OVER_SOON.contains(violation.risk())), now.at());
	}

	// Brokers learn of what was altered a moment later.
	private static void pause() {
		try {
			Thread.sleep(1000);
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
	}

	private static Stream<Violation> allOf(ClusterDurability cluster) {
		return Stream.concat(DurabilityBoard.violationsOf(cluster).stream(),
				cluster.topics()
					.stream()
					.flatMap((topic) -> topic.advice().stream())
					.filter((advice) -> TopicRepair.AWAY.contains(advice.risk())));
	}

	private void say(ClusterDurability now) {
		DurabilityChanges changes = DurabilityChanges.between(this.before, now, this.board::isAccepted);
		changes.alarms().forEach(logger::warn);
		changes.notes().forEach(logger::info);
		if (this.failures > 0) {
			logger.info(
					"Cluster %s can be looked at again. Durability cluster=%s".formatted(now.cluster(), now.cluster()));
		}
		sayUnknown(now);
		if (this.before == null) {
			logger.info(summary(now));
		}
		List<String> all = new ArrayList<>(changes.alarms());
		all.addAll(changes.notes());
		if (!all.isEmpty()) {
			try {
				this.events.publishEvent(new DurabilityChangedEvent(this, now, all));
			}
			catch (RuntimeException ex) {
				logger.warn("A listener of DurabilityChangedEvent has failed", ex);
			}
		}
	}

	private void sayUnknown(ClusterDurability now) {
		Set<String> unknown = new TreeSet<>(now.unknown());
		now.topics()
			.forEach((topic) -> topic.unknown()
				.forEach((what) -> unknown.add("topic '%s', %s".formatted(topic.topic(), what))));
		boolean more = !this.unknown.containsAll(unknown);
		this.unknown = unknown;
		if (more) {
			logger.warn(("Cannot tell everything about what the topics of cluster %s survive, because some of it could "
					+ "not be read: %s. Durability cluster=%s unknown=%d")
				.formatted(now.cluster(), unknown.stream().limit(10).toList(), now.cluster(), unknown.size()));
		}
	}

	private static String summary(ClusterDurability cluster) {
		Map<String, Integer> levels = new TreeMap<>();
		cluster.topics()
			.stream()
			.filter(TopicDurability::present)
			.forEach((topic) -> levels.merge(topic.levelInWords(), 1, Integer::sum));
		long advice = cluster.advice().size()
				+ cluster.topics().stream().mapToLong((topic) -> topic.advice().size()).sum();
		return "Topics of cluster %s by what they survive: %s; violations=%d, advice=%d, looked at in %d ms".formatted(
				cluster.cluster(), levels, DurabilityBoard.violationsOf(cluster).size(), advice,
				cluster.took().toMillis());
	}

	// What was not over soon is looked at no more often than anything else.
	private boolean isCalm(boolean wrong, Instant at) {
		if (!wrong) {
			this.wrongSince = null;
			return true;
		}
		this.wrongSince = (this.wrongSince != null) ? this.wrongSince : at;
		return Duration.between(this.wrongSince, at).compareTo(LOOK_OFTEN) >= 0;
	}

	/**
	 * Let go of a cluster that the application does not use any more, or not as the one
	 * that it was there.
	 */
	void forget() {
		this.board.remove(this.key);
		logger.info("Cluster %s is not looked at any more with settings that no client has now. Durability cluster=%s"
			.formatted(this.audit.address(), this.audit.address()));
		close();
	}

	@Override
	public void close() {
		this.audit.close();
	}

}
