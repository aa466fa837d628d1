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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * One run of the simulated cluster with everything that its seed has happen to it. Same
 * seed, same run.
 */
final class Schedule {

	final Randomness random;

	final Set<Faults> faults;

	final Checker.Factory factory;

	final boolean readCommitted;

	final boolean resetToLatest;

	final List<Sent.Transaction> transactions = new ArrayList<>();

	final SimulatedControlTopic controlTopic = new SimulatedControlTopic(this);

	final Story story;

	long clock = 1_000_000;

	/** Whether the reader may have forgotten what it has read, for lack of room. */
	boolean forgetful;

	private final long seed;

	private final Map<Lane, SimulatedConsumer> consumers = new LinkedHashMap<>();

	private final List<SimulatedProducer> producers = new ArrayList<>();

	private final List<SimulatedProducer> all = new ArrayList<>();

	private final List<ConsumerProcess> processes = new ArrayList<>();

	private final List<ConsumerProcess> everyProcess = new ArrayList<>();

	private final boolean transactions0;

	private final Mishaps mishaps;

	/** How busy this schedule's producers and consumers are, in hundredths. */
	private final int pace;

	private boolean quiet;

	/** Apart, so that what happens otherwise stays what it was. */
	private final Randomness later;

	private final Randomness network;

	/** Whether processes may hear late which topics there are. */
	private boolean late;

	private final List<Runnable> untold = new ArrayList<>();

	Schedule(long seed, Set<Faults> always, Checker.Factory factory, boolean traced) {
		this.seed = seed;
		this.random = new Randomness(seed * 0x9E3779B97F4A7C15L + 1);
		this.factory = factory;
		this.story = new Story(seed, traced);
		this.faults = Faults.choose(this.random);
		this.faults.addAll(always);
		this.readCommitted = this.random.chance(60);
		this.resetToLatest = this.random.chance(40);
		this.transactions0 = this.random.chance(50);
		this.mishaps = new Mishaps(this, 1 + this.random.below(10));
		this.pace = this.random.below(100);
		this.later = new Randomness(seed);
		this.network = new Randomness(-seed);
	}

	/**
	 * Run from the beginning to the end.
	 * @return the counts
	 */
	Tally run() {
		return run(this::play);
	}

	/**
	 * Run one partition with one producer, to which something that is given happens.
	 * @param given the faults that may be in it
	 * @param story what happens
	 * @return the counts
	 */
	Tally run(Set<Faults> given, BiConsumer<SimulatedConsumer, SimulatedProducer> story) {
		this.faults.clear();
		this.faults.addAll(given);
		return run(() -> {
			this.processes.add(process());
			open(0);
			SimulatedConsumer consumer = this.consumers.values().iterator().next();
			consumer.assign(this.processes.get(0));
			story.accept(consumer, produce());
			if (violations().isEmpty()) {
				quiesce();
			}
		});
	}

	private Tally run(Runnable play) {
		Tally tally = new Tally();
		tally.schedules = 1;
		tally.faultFree = isHarmless() ? 1 : 0;
		try {
			play.run();
			judge();
		}
		catch (RuntimeException ex) {
			violation("an exception: " + ex + " at " + Arrays.stream(ex.getStackTrace()).limit(4).toList());
		}
		for (SimulatedConsumer consumer : this.consumers.values()) {
			consumer.oracle.tally.records += consumer.log.sent.size();
			tally.add(this.faults, consumer.oracle.tally);
		}
		tally.violations = violations().isEmpty() ? 0 : 1;
		return tally;
	}

	private void play() {
		int lanes = 1 + this.random.below(2);
		int steps = 60 + this.random.below(300);
		int laterLane = this.random.chance(20) ? this.random.below(steps) : -1;
		trace("seed %d: %s readCommitted=%s reset=%s", this.seed, this.faults, this.readCommitted,
				this.resetToLatest ? "latest" : "earliest");
		this.late = this.later.chance(30);
		this.processes.add(process());
		this.processes.add(process());
		for (int lane = 0; lane < lanes; lane++) {
			open(lane);
		}
		int producerCount = 1 + this.random.below(4);
		for (int producer = 0; producer < producerCount; producer++) {
			produce();
		}
		boolean fromTheBeginning = this.random.chance(70);
		if (fromTheBeginning) {
			this.consumers.values().forEach((consumer) -> consumer.assign(this.random.one(this.processes)));
		}
		for (int step = 0; step < steps && violations().isEmpty(); step++) {
			this.clock += this.random.below(200);
			if (step == laterLane) {
				open(lanes);
			}
			if (!this.untold.isEmpty() && this.later.chance(5)) {
				this.untold.remove(0).run();
			}
			step();
		}
		if (violations().isEmpty()) {
			quiesce();
		}
	}

	private void judge() {
		if (!violations().isEmpty()) {
			return;
		}
		for (SimulatedConsumer consumer : this.consumers.values()) {
			consumer.oracle.settle(this.controlTopic.latest(consumer.log.lane));
			if (isHarmless() && consumer.oracle.tally.findings > 0) {
				violation("a finding without a fault");
			}
		}
		if (isHarmless()) {
			this.everyProcess.forEach(this::nothingOdd);
		}
	}

	private void nothingOdd(ConsumerProcess process) {
		for (LossLedger.Coverage coverage : process.ledger.coverages()) {
			for (Integrity kind : Integrity.values()) {
				if (coverage.counted(kind) > 0) {
					violation("without a fault: " + kind);
				}
			}
		}
	}

	List<String> violations() {
		return this.story.violations();
	}

	SimulatedConsumer consumer(Lane lane) {
		return this.consumers.get(lane);
	}

	List<SimulatedConsumer> consumers() {
		return List.copyOf(this.consumers.values());
	}

	void trace(String format, Object... arguments) {
		this.story.tell(format, arguments);
	}

	void violation(String text) {
		this.story.violation(text);
	}

	/** Whether something happens here that may happen anywhere. */
	boolean happens(Faults fault, int percent) {
		return !this.quiet && this.faults.contains(fault) && this.random.chance(percent);
	}

	/** Whether a member does not reach the cluster just now. */
	boolean isCutOff() {
		return !this.quiet && this.network.chance(60);
	}

	boolean isHarmless() {
		return Faults.harmless(this.faults);
	}

	/** Whether numbers may come several times, or not in their order. */
	boolean isLoose() {
		return this.faults.contains(Faults.NOT_IDEMPOTENT) || this.faults.contains(Faults.FORK)
				|| this.faults.contains(Faults.COPY);
	}

	int epochOf(SimulatedLog.Entry entry) {
		return this.faults.contains(Faults.NO_EPOCHS) ? -1 : entry.epoch;
	}

	private ConsumerProcess process() {
		ConsumerProcess process = new ConsumerProcess(this);
		this.everyProcess.add(process);
		return process;
	}

	private void open(int index) {
		SimulatedLog log = new SimulatedLog(new Lane("topic" + index, index));
		log.compacted = this.faults.contains(Faults.COMPACT) && index == 0;
		this.consumers.put(log.lane, new SimulatedConsumer(this, log));
		this.processes.forEach((process) -> learn(process, log));
	}

	private void learn(ConsumerProcess process, SimulatedLog log) {
		if (this.late && this.later.chance(50)) {
			this.untold.add(() -> postFacts(process, log));
		}
		else {
			postFacts(process, log);
		}
	}

	void postFacts(SimulatedLog log) {
		this.processes.forEach((process) -> postFacts(process, log));
	}

	private static void postFacts(ConsumerProcess process, SimulatedLog log) {
		process.board.post(log.lane.topic(), new TopicFacts(log.topicIdHash, log.compacted));
	}

	SimulatedProducer produce() {
		boolean transactional = this.transactions0 && this.random.chance(60);
		return produce(Sessions.open(this.random, () -> this.clock * 1_000_000, transactional), transactional);
	}

	SimulatedProducer produce(Numbering numbering, boolean transactional) {
		SimulatedProducer producer = new SimulatedProducer(this, this.all.size(), numbering, transactional);
		this.producers.add(producer);
		this.all.add(producer);
		return producer;
	}

	private void step() {
		SimulatedConsumer consumer = this.random.one(consumers());
		SimulatedLog log = consumer.log;
		if (this.producers.isEmpty()) {
			produce();
		}
		SimulatedProducer producer = this.random.one(this.producers);
		int dice = this.random.below(100);
		if (dice < 24) {
			for (int burst = this.random.below(1 + this.pace / 20); burst >= 0; burst--) {
				producer.send(log);
			}
		}
		else if (dice < 40) {
			for (int burst = this.random.below(2 + this.pace / 20); burst >= 0; burst--) {
				producer.write(log);
			}
		}
		else if (dice < 50) {
			log.highWatermark = this.random.between(log.highWatermark, log.end);
			this.producers.forEach((each) -> {
				while (this.random.chance(90) && each.respond(log)) {
					trace("  next");
				}
			});
		}
		else if (dice < 58) {
			producer.respond(log);
		}
		else if (dice < 63) {
			producer.end(!this.faults.contains(Faults.ABORT) || this.random.chance(60));
			forgetGone();
		}
		else if (dice < 74) {
			if (consumer.reader == null) {
				consumer.assign(this.random.one(this.processes));
			}
			else {
				consumer.poll(1 + this.random.below(this.random.chance(50) ? 3 : 20));
			}
		}
		else if (dice < 83) {
			if (consumer.reader != null) {
				consumer.commitSomewhere(this.random.chance(60));
			}
		}
		else if (dice < 87) {
			publishWatermarks(producer);
		}
		else if (dice < 90) {
			deliverSome(log.lane);
		}
		else if (dice < 92) {
			this.processes.forEach(ConsumerProcess::pump);
		}
		else {
			this.mishaps.happen(consumer, log, producer);
		}
	}

	void crash(SimulatedProducer producer) {
		producer.crash();
		forgetGone();
	}

	void assign(SimulatedConsumer consumer) {
		consumer.assign(this.random.one(this.processes));
	}

	void forgetGone() {
		this.producers.removeIf((producer) -> producer.gone);
	}

	void crash(ConsumerProcess process) {
		process.die();
		this.processes.remove(process);
		for (SimulatedConsumer consumer : this.consumers.values()) {
			if (consumer.process == process && consumer.reader != null) {
				consumer.crash();
			}
		}
		ConsumerProcess next = process();
		this.processes.add(next);
		this.consumers.values().forEach((consumer) -> learn(next, consumer.log));
	}

	/** Write what a transaction has due, in all its partitions. */
	void writeMarkers(Sent.Transaction transaction) {
		transaction.markersDue.forEach((log) -> log.mark(transaction, transaction.committed, this.clock));
		transaction.markersDue.clear();
	}

	void publishWatermarks(SimulatedProducer producer) {
		this.controlTopic.publish(producer);
	}

	void deliverSome(Lane lane) {
		this.controlTopic.deliverSome(lane, this.processes);
	}

	/** Let everything come to rest that can. */
	private void quiesce() {
		trace("comes to rest");
		this.quiet = true;
		for (SimulatedProducer producer : List.copyOf(this.producers)) {
			if (this.random.chance(50)) {
				producer.close();
			}
			else {
				producer.end(this.random.chance(70));
				producer.flush();
			}
		}
		this.transactions.forEach((transaction) -> {
			if (transaction.committed != null) {
				writeMarkers(transaction);
			}
		});
		for (SimulatedConsumer consumer : this.consumers.values()) {
			for (Sent.Transaction hanging : consumer.log.openTransactions()) {
				boolean commit = Boolean.TRUE.equals(hanging.committed) && this.random.chance(50);
				trace("%s: a hanging transaction is ended, committed=%s", consumer.log.lane, commit);
				consumer.log.mark(hanging, commit, this.clock);
			}
			consumer.log.highWatermark = consumer.log.end;
		}
		for (SimulatedProducer producer : this.producers) {
			producer.lost.values().forEach((lanes) -> lanes.values().forEach(this.controlTopic::keep));
			publishWatermarks(producer);
		}
		for (SimulatedConsumer consumer : this.consumers.values()) {
			if (consumer.reader == null) {
				consumer.assign(this.random.one(this.processes));
			}
			for (ConsumerProcess process : this.processes) {
				this.controlTopic.latest(consumer.log.lane).values().forEach(process.board::post);
				postFacts(process, consumer.log);
			}
		}
		for (int round = 0; round < 15 && violations().isEmpty(); round++) {
			this.clock += 60_000;
			for (SimulatedConsumer consumer : this.consumers.values()) {
				consumer.poll(1000);
				consumer.commitSomewhere(true);
			}
			for (ConsumerProcess process : this.processes) {
				while (process.pump()) {
					trace("  pumped");
				}
			}
		}
	}

}
