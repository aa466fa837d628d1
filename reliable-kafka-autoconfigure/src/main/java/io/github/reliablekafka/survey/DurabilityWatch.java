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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.github.reliablekafka.durability.ClientCheck;
import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.DurabilityAudit;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityProperties;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * Looks at all clusters at the start and from time to time, in a thread of its own, and
 * says what has changed. While something is wrong that may be over soon, or a record
 * waits long for its acknowledgement, it looks each 30 seconds, for ten minutes. If the
 * application must not start with a violation, it looks before anything is started, and
 * the start waits for that.
 */
final class DurabilityWatch implements SmartLifecycle, ClientCheck, DisposableBean {

	private static final Log logger = LogFactory.getLog(DurabilityAudit.class);

	private static final Duration WHILE_WRONG = Duration.ofSeconds(30);

	private static final Duration STEP = Duration.ofSeconds(10);

	private static final Duration LONGEST = Duration.ofSeconds(30);

	// Not by an application that is kept from starting: it would not read what expires.
	private static final Set<String> NOT_REFUSED = Set.of("topic.in-sync", "topic.offline", "topic.retention",
			"topic.absent");

	private final UsedTopics topics;

	private final DeclaredTopics declared;

	private final DurabilityProperties policy;

	private final DurabilityBoard board;

	private final ApplicationEventPublisher events;

	private final Clock clock;

	private final Function<UsedCluster, DurabilityAudit> newAudit;

	private final Map<Map<String, Object>, WatchedCluster> clusters = new HashMap<>();

	// Never used twice, as the board knows clusters by it.
	private int lastNumber;

	private @Nullable Thread thread;

	private volatile boolean running;

	// What the look before the start has shown; nothing if there was none.
	private volatile @Nullable Boolean calmAtStart;

	DurabilityWatch(UsedTopics topics, DeclaredTopics declared, DurabilityProperties policy, DurabilityBoard board,
			ApplicationEventPublisher events, Clock clock) {
		this(topics, declared, policy, board, events, clock,
				(cluster) -> new DurabilityAudit(cluster.connection(), policy, clock));
	}

	DurabilityWatch(UsedTopics topics, DeclaredTopics declared, DurabilityProperties policy, DurabilityBoard board,
			ApplicationEventPublisher events, Clock clock, Function<UsedCluster, DurabilityAudit> newAudit) {
		this.newAudit = newAudit;
		this.topics = topics;
		this.declared = declared;
		this.policy = policy;
		this.board = board;
		this.events = events;
		this.clock = clock;
	}

	/**
	 * Refuse the start if a topic for which the application says so does not survive what
	 * it must. What cannot be read is not refused, nor what no refused start makes
	 * better: brokers that are away, and records that expire while nobody reads them.
	 * @param gate takes the reports
	 */
	@Override
	public void check(SafetyGate gate) {
		this.declared.release();
		if (!this.policy.mayFail()) {
			return;
		}
		this.calmAtStart = lookAtAll(LONGEST);
		for (ClusterDurability cluster : this.board.clusters()) {
			gate.report(refused(cluster).stream().filter((violation) -> !this.board.isAccepted(violation)).toList());
		}
	}

	private List<Violation> refused(ClusterDurability cluster) {
		List<Violation> refused = new ArrayList<>();
		if (this.policy.onViolation() == DurabilityProperties.OnViolation.FAIL) {
			refused.addAll(cluster.violations());
		}
		cluster.topics()
			.stream()
			.filter((topic) -> this.policy.failsFor(topic.topic()))
			.forEach((topic) -> refused.addAll(topic.violations()));
		refused.removeIf((violation) -> NOT_REFUSED.contains(violation.risk()));
		return refused;
	}

	@Override
	public synchronized void start() {
		if (!this.running) {
			this.running = true;
			this.thread = new Thread(this::run, "reliable-kafka-durability");
			this.thread.setDaemon(true);
			this.thread.start();
		}
	}

	@Override
	public synchronized void stop() {
		this.running = false;
		if (this.thread != null) {
			this.thread.interrupt();
			this.thread = null;
		}
	}

	/**
	 * Let go of connections also if the application did not start.
	 */
	@Override
	public void destroy() {
		stop();
		release();
	}

	private void release() {
		synchronized (this.clusters) {
			this.clusters.values().forEach(WatchedCluster::close);
			this.clusters.clear();
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	private void run() {
		try {
			while (this.running) {
				Boolean before = this.calmAtStart;
				this.calmAtStart = null;
				boolean calm = (before != null) ? before : attempt();
				Duration pause = (calm || this.policy.interval().compareTo(WHILE_WRONG) < 0) ? this.policy.interval()
						: WHILE_WRONG;
				awaitSafely(pause);
			}
		}
		catch (InterruptedException | InterruptException ex) {
			// Asked to end.
		}
		finally {
			Thread.interrupted();
			release();
		}
	}

	private boolean attempt() {
		try {
			return lookAtAll();
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			logger.warn("A look at the topics has failed; tried again", ex);
			return false;
		}
	}

	// Asks beans of the application, and what they throw must not end the looks for good.
	private void awaitSafely(Duration pause) throws InterruptedException {
		try {
			await(pause);
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			logger.warn("Cannot tell whether the application uses other topics; the next look is taken in %d seconds"
				.formatted(WHILE_WRONG.toSeconds()), ex);
			Thread.sleep(WHILE_WRONG.toMillis());
		}
	}

	// Ends early if the application begins to use another topic, or waits long for an
	// acknowledgement.
	private void await(Duration pause) throws InterruptedException {
		long begun = System.nanoTime();
		long end = begun + pause.toNanos();
		Set<String> known = names();
		while (this.running && System.nanoTime() - end < 0) {
			Thread.sleep(Math.min(STEP.toMillis(), pause.toMillis()));
			boolean waited = System.nanoTime() - begun >= WHILE_WRONG.toNanos();
			if (!known.containsAll(names()) || (waited && this.topics.isSendingSlow())) {
				return;
			}
		}
	}

	private Set<String> names() {
		Set<String> names = new HashSet<>();
		this.topics.find().forEach((cluster) -> cluster.topics().forEach((use) -> names.add(use.topic())));
		return names;
	}

	/**
	 * Look at all clusters.
	 * @return whether there is nothing that may be over soon
	 */
	boolean lookAtAll() {
		return lookAtAll(Duration.ofDays(1));
	}

	// Clusters that are away keep whoever waits no longer than one of them does, and 2
	// seconds for each of the others.
	private boolean lookAtAll(Duration together) {
		boolean calm = true;
		long end = System.nanoTime() + together.toNanos();
		synchronized (this.clusters) {
			Collection<UsedCluster> used = this.topics.find();
			letGoOfOthers(used);
			for (UsedCluster cluster : used) {
				long left = Math.max(WatchedCluster.SHORTEST.toNanos(), end - System.nanoTime());
				WatchedCluster watched = this.clusters.computeIfAbsent(
						ConnectionSettings.identity(cluster.connection()),
						(key) -> new WatchedCluster(this.newAudit.apply(cluster), ++this.lastNumber,
								this.policy.repair(), this.board, this.events, this.clock));
				calm &= watched.look(cluster, Duration.ofNanos(Math.min(LONGEST.toNanos(), left)));
			}
		}
		return calm;
	}

	// A password that was changed, or a switch to another cluster, makes another
	// identity: nobody looks at the one before again, so what was wrong there would be
	// so for ever.
	private void letGoOfOthers(Collection<UsedCluster> used) {
		Set<Map<String, Object>> identities = new HashSet<>();
		used.forEach((cluster) -> identities.add(ConnectionSettings.identity(cluster.connection())));
		this.clusters.entrySet().removeIf((watched) -> {
			if (identities.contains(watched.getKey())) {
				return false;
			}
			watched.getValue().forget();
			return true;
		});
	}

}
