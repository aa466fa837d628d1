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
import java.util.Comparator;
import java.util.HashMap;
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

	long clock = 1_000_000;

	private final long seed;

	private final List<String> trace;

	private final List<String> violations = new ArrayList<>();

	private final Map<Lane, SimulatedConsumer> consumers = new LinkedHashMap<>();

	private final List<SimulatedProducer> producers = new ArrayList<>();

	private final List<SimulatedProducer> all = new ArrayList<>();

	private final List<ConsumerProcess> processes = new ArrayList<>();

	private final List<ConsumerProcess> everyProcess = new ArrayList<>();

	private final Map<Lane, Map<Long, List<Watermark>>> controlTopic = new HashMap<>();

	private final boolean transactions0;

	private final int faultBudget;

	private int faultsLeft;

	/** How busy this schedule's producers and consumers are, in hundredths. */
	private final int pace;

	private boolean quiet;

	Schedule(long seed, Set<Faults> always, Checker.Factory factory, boolean traced) {
		this.seed = seed;
		this.random = new Randomness(seed * 0x9E3779B97F4A7C15L + 1);
		this.factory = factory;
		this.trace = traced ? new ArrayList<>() : null;
		this.faults = Faults.choose(this.random);
		this.faults.addAll(always);
		this.readCommitted = this.random.chance(60);
		this.resetToLatest = this.random.chance(40);
		this.transactions0 = this.random.chance(50);
		this.faultBudget = 1 + this.random.below(10);
		this.faultsLeft = this.faultBudget;
		this.pace = this.random.below(100);
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
			if (this.violations.isEmpty()) {
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
		tally.violations = this.violations.isEmpty() ? 0 : 1;
		return tally;
	}

	private void play() {
		int lanes = 1 + this.random.below(2);
		int steps = 60 + this.random.below(300);
		int laterLane = this.random.chance(20) ? this.random.below(steps) : -1;
		trace("seed %d: %s readCommitted=%s reset=%s", this.seed, this.faults, this.readCommitted,
				this.resetToLatest ? "latest" : "earliest");
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
		for (int step = 0; step < steps && this.violations.isEmpty(); step++) {
			this.clock += this.random.below(200);
			if (step == laterLane) {
				open(lanes);
			}
			step();
		}
		if (this.violations.isEmpty()) {
			quiesce();
		}
	}

	private void judge() {
		if (!this.violations.isEmpty()) {
			return;
		}
		for (SimulatedConsumer consumer : this.consumers.values()) {
			consumer.oracle.settle(latest(consumer.log.lane));
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
		return this.violations;
	}

	String story() {
		return String.join(System.lineSeparator(), (this.trace != null) ? this.trace : this.violations);
	}

	SimulatedConsumer consumer(Lane lane) {
		return this.consumers.get(lane);
	}

	@SuppressWarnings("AnnotateFormatMethod")
	void trace(String format, Object... arguments) {
		if (this.trace != null) {
			this.trace.add(format.formatted(arguments));
		}
	}

	void traceRead(SimulatedConsumer consumer, SimulatedLog.Entry entry) {
		if (this.trace != null) {
			String odd = odd(consumer.process);
			trace("%s:   read %d epoch %d %s%s%s%s", consumer.log.lane, entry.offset, entry.epoch,
					(entry.sent != null) ? entry.sent : "unnumbered", entry.replay ? " replay" : "",
					(entry.sent != null && entry.sent.anchor != null) ? " " + entry.sent.anchor : "",
					odd.isEmpty() ? "" : "   odd so far: " + odd);
		}
	}

	void traceOdd(SimulatedConsumer consumer) {
		if (this.trace != null) {
			String odd = odd(consumer.process);
			if (!odd.isEmpty()) {
				trace("    odd so far: %s", odd);
			}
		}
	}

	private static String odd(ConsumerProcess process) {
		StringBuilder text = new StringBuilder();
		for (LossLedger.Coverage coverage : process.ledger.coverages()) {
			for (Integrity kind : Integrity.values()) {
				if (coverage.counted(kind) > 0) {
					text.append(coverage.topic())
						.append(' ')
						.append(kind)
						.append(' ')
						.append(coverage.counted(kind))
						.append(' ');
				}
			}
		}
		return text.toString();
	}

	void violation(String text) {
		this.violations.add("seed " + this.seed + ": " + text);
		trace("VIOLATION: %s", text);
	}

	/** Whether something happens here that may happen anywhere. */
	boolean happens(Faults fault, int percent) {
		return !this.quiet && this.faults.contains(fault) && this.random.chance(percent);
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
		this.processes.forEach((process) -> postFacts(process, log));
	}

	private void postFacts(ConsumerProcess process, SimulatedLog log) {
		process.board.post(log.lane.topic(), new TopicFacts(log.topicIdHash, log.compacted));
	}

	private SimulatedProducer produce() {
		boolean transactional = this.transactions0 && this.random.chance(60);
		SimulatedProducer producer = new SimulatedProducer(this, this.all.size(),
				Sessions.open(this.random, () -> this.clock * 1_000_000, transactional), transactional);
		this.producers.add(producer);
		this.all.add(producer);
		return producer;
	}

	private void step() {
		SimulatedConsumer consumer = this.random.one(List.copyOf(this.consumers.values()));
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
			special(consumer, log, producer);
		}
	}

	private void special(SimulatedConsumer consumer, SimulatedLog log, SimulatedProducer producer) {
		if (this.faults.isEmpty()) {
			return;
		}
		Faults fault = this.random.one(List.copyOf(this.faults));
		if (!fault.isHarmless() && this.faultsLeft-- <= 0) {
			return;
		}
		switch (fault) {
			case UNSTAMPED -> log.append(null, null, null, false, this.clock);
			case FOREIGN_HEADER -> foreign(log);
			case PRODUCER_CLOSE -> {
				producer.close();
				forgetGone();
			}
			case PRODUCER_CRASH -> {
				producer.crash();
				forgetGone();
			}
			case REPLAY -> producer.replay(log);
			case CLEAN_ELECTION -> {
				long to = this.random.between(log.highWatermark, log.end);
				trace("%s: clean election at %d", log.lane, to);
				log.truncate(to);
				// The coordinator writes a marker again until the partition has it.
				log.openTransactions()
					.stream()
					.filter((transaction) -> transaction.committed != null && transaction.markersDue.isEmpty())
					.forEach((transaction) -> log.mark(transaction, transaction.committed, this.clock));
			}
			case TRUNCATE -> {
				long to = this.random.between(Math.max(log.start, log.end - 30), log.end);
				log.truncate(to);
				trace("%s: TRUNCATED to %d, epoch %d", log.lane, to, log.leaderEpoch);
			}
			case RETENTION -> {
				long to = this.random.between(log.start, log.highWatermark);
				log.deleteUpTo(to);
				trace("%s: DELETED up to %d", log.lane, to);
			}
			case VANISH -> {
				long offset = this.random.between(log.start, log.end);
				log.remove(offset, SimulatedLog.Removal.VANISHED);
				trace("%s: VANISHED %d", log.lane, offset);
			}
			case COMPACT -> compact(log);
			case COPY -> copy(log);
			case CHURN -> churn(log);
			case PAUSE -> {
				this.clock += 660_000;
				trace("eleven minutes pass");
			}
			case FORK -> fork(producer);
			case RECREATE -> recreate(log);
			default -> befall(consumer, log, fault);
		}
	}

	/** What happens to consumers and to the offset of their group. */
	private void befall(SimulatedConsumer consumer, SimulatedLog log, Faults fault) {
		boolean active = consumer.reader != null;
		switch (fault) {
			case SEEK_BACK -> {
				if (active && consumer.position > log.start) {
					consumer.move(this.random.between(Math.max(log.start, consumer.position - 8), consumer.position),
							Cause.SEEK);
				}
			}
			case SEEK_FORWARD -> {
				if (active && consumer.position < log.highWatermark) {
					consumer.move(this.random.between(consumer.position, log.highWatermark), Cause.SEEK);
				}
			}
			case CONSUMER_CRASH -> {
				if (active) {
					crash(consumer.process);
				}
			}
			case REBALANCE -> {
				if (active) {
					if (this.random.chance(70)) {
						consumer.commitSomewhere(true);
					}
					consumer.unassign();
				}
			}
			case EXTERNAL_RESET, OFFSETS_EXPIRE, METADATA_LOST -> {
				if (active) {
					consumer.unassign();
				}
				consumer.tamper(fault);
			}
			default -> {
			}
		}
	}

	void crash(SimulatedProducer producer) {
		producer.crash();
		forgetGone();
	}

	void assign(SimulatedConsumer consumer) {
		consumer.assign(this.random.one(this.processes));
	}

	private void forgetGone() {
		this.producers.removeIf((producer) -> producer.gone);
	}

	private void compact(SimulatedLog log) {
		if (log.compacted) {
			for (long offset = log.start; offset < log.highWatermark - 1; offset++) {
				SimulatedLog.Entry entry = log.entries.get(offset);
				if (entry != null && (entry.part == null || entry.part.committed != null) && this.random.chance(30)) {
					log.remove(offset, SimulatedLog.Removal.COMPACTED);
				}
			}
			trace("%s: COMPACTED", log.lane);
		}
	}

	private void recreate(SimulatedLog log) {
		log.recreate();
		trace("%s: RE-CREATED", log.lane);
		for (ConsumerProcess process : this.processes) {
			postFacts(process, log);
		}
	}

	private void foreign(SimulatedLog log) {
		byte[] header = new byte[this.random.below(40)];
		if (this.random.chance(70)) {
			Numbering other = Sessions.open(this.random, () -> this.clock * 1_000_000, false);
			header = other.next(new Lane("other", 0), 1).header();
		}
		log.append(header, null, null, false, this.clock);
	}

	/** Another tool writes some records again, here or elsewhere, with their headers. */
	private void copy(SimulatedLog log) {
		SimulatedLog from = this.random.one(List.copyOf(this.consumers.values())).log;
		List<SimulatedLog.Entry> records = from.entries.values()
			.stream()
			.filter((entry) -> entry.sent != null && (entry.part == null || Boolean.TRUE.equals(entry.part.committed)))
			.toList();
		if (!records.isEmpty()) {
			int first = this.random.below(records.size());
			int last = Math.min(records.size(), first + 1 + this.random.below(6));
			for (SimulatedLog.Entry record : records.subList(first, last)) {
				boolean same = from == log;
				SimulatedLog.Entry copy = log.append(record.header, same ? record.sent : null, null, true, this.clock);
				trace("%s: %s copied from %s %d to %d", log.lane, record.sent, from.lane, record.offset, copy.offset);
			}
		}
	}

	/** Producers come, send a little and go. */
	private void churn(SimulatedLog log) {
		for (int i = this.random.below(12); i >= 0; i--) {
			SimulatedProducer producer = produce();
			for (int sends = this.random.below(3); sends >= 0; sends--) {
				producer.send(log);
			}
			int end = this.random.below(100);
			if (end < 70) {
				producer.close();
			}
			else if (end < 85) {
				producer.end(true);
				producer.flush();
			}
			else {
				producer.write(log);
			}
		}
		forgetGone();
	}

	/** A machine is copied while it sends. */
	private void fork(SimulatedProducer producer) {
		if (producer.numbering instanceof ModelNumbering model && !producer.transactional) {
			trace("producer forked");
			SimulatedProducer fork = new SimulatedProducer(this, this.all.size(), model.fork(), false);
			this.producers.add(fork);
			this.all.add(fork);
		}
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
		this.consumers.values().forEach((consumer) -> postFacts(next, consumer.log));
	}

	/** Write what a transaction has due, in all its partitions. */
	void writeMarkers(Sent.Transaction transaction) {
		transaction.markersDue.forEach((log) -> log.mark(transaction, transaction.committed, this.clock));
		transaction.markersDue.clear();
	}

	void publishWatermarks(SimulatedProducer producer) {
		for (Watermark watermark : producer.takeWatermarks()) {
			// What is lost here is replaced by the next, and the last is repeated.
			boolean lost = happens(Faults.WATERMARK_LOST, 30) && !watermark.closed();
			trace("%s: watermark %04x %d/%d %s%s%s", watermark.lane(), watermark.session() & 0xffff, watermark.number(),
					watermark.appendNumber(), this.readCommitted ? watermark.claim() : watermark.appendClaim(),
					watermark.closed() ? " closed" : "", lost ? " LOST" : "");
			if (!lost) {
				keep(watermark);
			}
			else {
				producer.lost.computeIfAbsent(watermark.session(), (key) -> new LinkedHashMap<>())
					.put(watermark.lane(), watermark);
			}
		}
	}

	private void keep(Watermark watermark) {
		if (this.faults.contains(Faults.NO_WATERMARKS)) {
			return;
		}
		this.controlTopic.computeIfAbsent(watermark.lane(), (key) -> new LinkedHashMap<>())
			.computeIfAbsent(watermark.session(), (key) -> new ArrayList<>())
			.add(watermark);
	}

	void deliverSome(Lane lane) {
		for (List<Watermark> watermarks : this.controlTopic.getOrDefault(lane, Map.of()).values()) {
			Watermark watermark = this.random.one(watermarks);
			this.processes.forEach((process) -> process.board.post(watermark));
		}
	}

	/** A reader was assigned: its process begins to read the control topic. */
	void watched(Lane lane, ConsumerProcess process) {
		if (this.random.chance(70)) {
			latest(lane).values().forEach(process.board::post);
		}
	}

	private Map<Long, Watermark> latest(Lane lane) {
		Map<Long, Watermark> latest = new LinkedHashMap<>();
		this.controlTopic.getOrDefault(lane, Map.of())
			.forEach((session, watermarks) -> latest.put(session,
					watermarks.stream().max(Comparator.comparingLong(Watermark::sequence)).orElseThrow()));
		return latest;
	}

	/** Whether what can be known at the end says that a number was acknowledged. */
	boolean claimed(Sent sent, Watermark watermark, SimulatedConsumer consumer) {
		if (watermark != null
				&& covers(consumer.readCommitted ? watermark.claim() : watermark.appendClaim(), sent, consumer)) {
			return true;
		}
		return consumer.log.sent.stream()
			.anyMatch((other) -> other.session == sent.session && other.anchor != null
					&& (consumer.readCommitted || other.transaction == null) && consumer.delivered(other)
					&& covers(other.anchor, sent, consumer));
	}

	private boolean covers(Claim claim, Sent sent, SimulatedConsumer consumer) {
		long number = sent.number(consumer.readCommitted);
		return claim.topicIdHash() == consumer.log.topicIdHash && claim.from() <= number
				&& number <= claim.acknowledged() && !claim.failed().contains(number);
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
			producer.lost.values().forEach((lanes) -> lanes.values().forEach(this::keep));
			publishWatermarks(producer);
		}
		for (SimulatedConsumer consumer : this.consumers.values()) {
			if (consumer.reader == null) {
				consumer.assign(this.random.one(this.processes));
			}
			for (ConsumerProcess process : this.processes) {
				latest(consumer.log.lane).values().forEach(process.board::post);
				postFacts(process, consumer.log);
			}
		}
		for (int round = 0; round < 15 && this.violations.isEmpty(); round++) {
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
