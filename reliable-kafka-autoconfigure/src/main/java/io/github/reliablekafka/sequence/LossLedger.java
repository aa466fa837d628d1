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

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The books of what was found missing, and of how much was checked. Readers post,
 * everybody else reads. Counts live in memory and start at zero with the application.
 * Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class LossLedger {

	private static final int KEPT_FINDINGS = 1000;

	private final Map<String, Posted> findings = Collections.synchronizedMap(new LinkedHashMap<>() {

		private static final long serialVersionUID = 1L;

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Posted> eldest) {
			return size() > KEPT_FINDINGS;
		}

	});

	private final Map<Reading, Coverage> coverages = new ConcurrentHashMap<>();

	private final List<Function<Finding, CompletableFuture<Void>>> publishers = new CopyOnWriteArrayList<>();

	private final List<Consumer<Coverage>> coverageListeners = new CopyOnWriteArrayList<>();

	private final Map<Tally.Key, Tally> tallies = new ConcurrentHashMap<>();

	private final List<Consumer<Tally>> tallyListeners = new CopyOnWriteArrayList<>();

	/**
	 * Create empty books.
	 */
	public LossLedger() {
	}

	/**
	 * Post a finding. One that was posted before is not counted again, and published
	 * again only if that failed before.
	 * @param finding the finding
	 * @return completes when every publisher has it in a safe place; until then its
	 * poster has to keep what it was found from
	 */
	public CompletableFuture<Void> post(Finding finding) {
		Posted posted;
		Posted before;
		synchronized (this.findings) {
			before = this.findings.get(finding.id());
			if (before != null && !before.published().isCompletedExceptionally()) {
				return before.published();
			}
			posted = new Posted(finding, new CompletableFuture<>(),
					(before != null) ? before.counted() : new AtomicBoolean());
			this.findings.put(finding.id(), posted);
		}
		List<CompletableFuture<Void>> publications = new ArrayList<>();
		this.publishers.forEach((publisher) -> publications.add(publish(publisher, finding)));
		CompletableFuture<Void> unused = CompletableFuture.allOf(publications.toArray(new CompletableFuture<?>[0]))
			.whenComplete((done, failure) -> {
				count(posted, finding.verdict(), finding.cause());
				if (failure != null) {
					posted.published().completeExceptionally(failure);
				}
				else {
					posted.published().complete(null);
				}
			});
		return posted.published();
	}

	/**
	 * Note what a closer look has made of a finding. Its records are counted so, once; if
	 * nobody says anything, they are counted as found once the publishers have answered.
	 * @param finding a finding that was posted
	 * @param verdict what became of the records
	 * @param cause why
	 */
	public void refine(Finding finding, Verdict verdict, Cause cause) {
		Posted posted = this.findings.get(finding.id());
		if (posted != null) {
			count(posted, verdict, cause);
		}
	}

	private void count(Posted posted, Verdict verdict, Cause cause) {
		if (posted.counted().compareAndSet(false, true)) {
			Finding finding = posted.finding();
			tally(new Tally.Key(finding.lane().topic(), finding.group(), verdict, cause)).records
				.add(finding.numbers().count());
		}
	}

	private static CompletableFuture<Void> publish(Function<Finding, CompletableFuture<Void>> publisher,
			Finding finding) {
		try {
			return publisher.apply(finding);
		}
		catch (RuntimeException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private Tally tally(Tally.Key key) {
		return this.tallies.computeIfAbsent(key, (absent) -> {
			Tally tally = new Tally(absent);
			this.tallyListeners.forEach((listener) -> listener.accept(tally));
			return tally;
		});
	}

	/**
	 * The newest findings.
	 * @return at most 1,000, oldest first
	 */
	public List<Finding> findings() {
		synchronized (this.findings) {
			return this.findings.values().stream().map(Posted::finding).toList();
		}
	}

	/**
	 * The counters of what one group reads from one topic.
	 * @param topic the topic
	 * @param group the group, empty for none
	 * @return the same for the same names
	 */
	public Coverage coverage(String topic, String group) {
		return this.coverages.computeIfAbsent(new Reading(topic, group), (key) -> {
			Coverage coverage = new Coverage(topic, group);
			this.coverageListeners.forEach((listener) -> listener.accept(coverage));
			return coverage;
		});
	}

	/**
	 * The counters so far.
	 * @return a snapshot
	 */
	public Collection<Coverage> coverages() {
		return List.copyOf(this.coverages.values());
	}

	/**
	 * Add someone who brings findings to a safe place.
	 * @param publisher must not wait; a failed future has the finding posted again later
	 */
	public void addPublisher(Function<Finding, CompletableFuture<Void>> publisher) {
		this.publishers.add(publisher);
	}

	/**
	 * Be told of the counters of each topic and group, those so far and those to come.
	 * @param listener may be told of one twice and must not wait
	 */
	public void onCoverage(Consumer<Coverage> listener) {
		this.coverageListeners.add(listener);
		coverages().forEach(listener);
	}

	/**
	 * Be told of each kind of verdict on a topic and group, those so far and those to
	 * come.
	 * @param listener may be told of one twice and must not wait
	 */
	public void onTally(Consumer<Tally> listener) {
		this.tallyListeners.add(listener);
		List.copyOf(this.tallies.values()).forEach(listener);
	}

	private record Posted(Finding finding, CompletableFuture<Void> published, AtomicBoolean counted) {

	}

	private record Reading(String topic, String group) {

	}

	/**
	 * How many records got the same verdict. Safe for use by many threads.
	 */
	public static final class Tally {

		private final Key key;

		private final LongAdder records = new LongAdder();

		Tally(Key key) {
			this.key = key;
		}

		/**
		 * The topic.
		 * @return its name
		 */
		public String topic() {
			return this.key.topic();
		}

		/**
		 * The group.
		 * @return its id, empty for none
		 */
		public String group() {
			return this.key.group();
		}

		/**
		 * The verdict.
		 * @return what became of the records, after a closer look if there was one
		 */
		public Verdict verdict() {
			return this.key.verdict();
		}

		/**
		 * The cause.
		 * @return why, after a closer look if there was one
		 */
		public Cause cause() {
			return this.key.cause();
		}

		/**
		 * The records, not the findings.
		 * @return their count
		 */
		public long records() {
			return this.records.sum();
		}

		private record Key(String topic, String group, Verdict verdict, Cause cause) {

		}

	}

	/**
	 * How much of what a group reads from a topic is checked. Safe for use by many
	 * threads.
	 */
	public static final class Coverage {

		private final String topic;

		private final String group;

		private final LongAdder stamped = new LongAdder();

		private final LongAdder unstamped = new LongAdder();

		private final Map<Lane, Integer> suspects = new ConcurrentHashMap<>();

		private final Map<Integrity, LongAdder> integrity = new EnumMap<>(Integrity.class);

		Coverage(String topic, String group) {
			this.topic = topic;
			this.group = group;
			for (Integrity kind : Integrity.values()) {
				this.integrity.put(kind, new LongAdder());
			}
		}

		/**
		 * The topic.
		 * @return its name
		 */
		public String topic() {
			return this.topic;
		}

		/**
		 * The group.
		 * @return its id, empty for none
		 */
		public String group() {
			return this.group;
		}

		/**
		 * Count records.
		 * @param stamped with a number that can be checked
		 * @param unstamped without
		 */
		public void count(long stamped, long unstamped) {
			this.stamped.add(stamped);
			this.unstamped.add(unstamped);
		}

		/**
		 * Count something odd.
		 * @param kind what it is
		 */
		public void count(Integrity kind) {
			adder(kind).increment();
		}

		/**
		 * Set how many records are missing without a verdict.
		 * @param lane the partition
		 * @param records how many
		 */
		public void suspects(Lane lane, long records) {
			if (records == 0) {
				this.suspects.remove(lane);
			}
			else {
				this.suspects.put(lane, (int) Math.min(records, Integer.MAX_VALUE));
			}
		}

		/**
		 * The records with a number.
		 * @return their count
		 */
		public long stamped() {
			return this.stamped.sum();
		}

		/**
		 * The records without a number that can be checked.
		 * @return their count
		 */
		public long unstamped() {
			return this.unstamped.sum();
		}

		/**
		 * The records that are missing without a verdict.
		 * @return their count
		 */
		public long suspects() {
			return this.suspects.values().stream().mapToLong(Integer::longValue).sum();
		}

		/**
		 * How often something odd was seen.
		 * @param kind what it is
		 * @return its count
		 */
		public long counted(Integrity kind) {
			return adder(kind).sum();
		}

		private LongAdder adder(Integrity kind) {
			return Objects.requireNonNull(this.integrity.get(kind));
		}

	}

}
