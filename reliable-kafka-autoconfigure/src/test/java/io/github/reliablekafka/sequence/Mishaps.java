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

import java.util.List;

/**
 * What befalls a schedule beside what its producers and consumers do of themselves.
 */
final class Mishaps {

	private final Schedule schedule;

	/** How many more of those may happen that may lead to a finding. */
	private int left;

	Mishaps(Schedule schedule, int budget) {
		this.schedule = schedule;
		this.left = budget;
	}

	/**
	 * Let something happen that may happen here.
	 * @param consumer that it may happen to
	 * @param log that it may happen to
	 * @param producer that it may happen to
	 */
	void happen(SimulatedConsumer consumer, SimulatedLog log, SimulatedProducer producer) {
		if (this.schedule.faults.isEmpty()) {
			return;
		}
		Faults fault = this.schedule.random.one(List.copyOf(this.schedule.faults));
		if (!fault.isHarmless() && this.left-- <= 0) {
			return;
		}
		switch (fault) {
			case UNSTAMPED -> log.append(null, null, null, false, this.schedule.clock);
			case FOREIGN_HEADER -> foreign(log);
			case PRODUCER_CLOSE -> {
				producer.close();
				this.schedule.forgetGone();
			}
			case PRODUCER_CRASH -> {
				producer.crash();
				this.schedule.forgetGone();
			}
			case REPLAY -> producer.replay(log);
			case CLEAN_ELECTION -> {
				long to = this.schedule.random.between(log.highWatermark, log.end);
				this.schedule.trace("%s: clean election at %d", log.lane, to);
				log.truncate(to);
				// The coordinator writes a marker again until the partition has it.
				log.openTransactions()
					.stream()
					.filter((transaction) -> transaction.committed != null && transaction.markersDue.isEmpty())
					.forEach((transaction) -> log.mark(transaction, transaction.committed, this.schedule.clock));
			}
			case TRUNCATE -> {
				long to = this.schedule.random.between(Math.max(log.start, log.end - 30), log.end);
				log.truncate(to);
				this.schedule.trace("%s: TRUNCATED to %d, epoch %d", log.lane, to, log.leaderEpoch);
			}
			case RETENTION -> {
				long to = this.schedule.random.between(log.start, log.highWatermark);
				log.deleteUpTo(to);
				this.schedule.trace("%s: DELETED up to %d", log.lane, to);
			}
			case VANISH -> {
				long offset = this.schedule.random.between(log.start, log.end);
				log.remove(offset, SimulatedLog.Removal.VANISHED);
				this.schedule.trace("%s: VANISHED %d", log.lane, offset);
			}
			case COMPACT -> compact(log);
			case COPY -> copy(log);
			case CHURN -> churn(log);
			case PAUSE -> {
				this.schedule.clock += 660_000;
				this.schedule.trace("eleven minutes pass");
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
					consumer.move(
							this.schedule.random.between(Math.max(log.start, consumer.position - 8), consumer.position),
							Cause.SEEK);
				}
			}
			case SEEK_FORWARD -> {
				if (active && consumer.position < log.highWatermark) {
					consumer.move(this.schedule.random.between(consumer.position, log.highWatermark), Cause.SEEK);
				}
			}
			case CONSUMER_CRASH -> {
				if (active) {
					this.schedule.crash(consumer.process);
				}
			}
			case REBALANCE -> {
				if (active) {
					if (this.schedule.random.chance(70)) {
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

	private void compact(SimulatedLog log) {
		if (log.compacted) {
			for (long offset = log.start; offset < log.highWatermark - 1; offset++) {
				SimulatedLog.Entry entry = log.entries.get(offset);
				if (entry != null && (entry.part == null || entry.part.committed != null)
						&& this.schedule.random.chance(30)) {
					log.remove(offset, SimulatedLog.Removal.COMPACTED);
				}
			}
			this.schedule.trace("%s: COMPACTED", log.lane);
		}
	}

	private void recreate(SimulatedLog log) {
		log.recreate();
		this.schedule.trace("%s: RE-CREATED", log.lane);
		this.schedule.postFacts(log);
	}

	private void foreign(SimulatedLog log) {
		byte[] header = new byte[this.schedule.random.below(40)];
		if (this.schedule.random.chance(70)) {
			Numbering other = Sessions.open(this.schedule.random, () -> this.schedule.clock * 1_000_000, false);
			header = other.next(new Lane("other", 0), 1).header();
		}
		log.append(header, null, null, false, this.schedule.clock);
	}

	/** Another tool writes some records again, here or elsewhere, with their headers. */
	private void copy(SimulatedLog log) {
		SimulatedLog from = this.schedule.random.one(this.schedule.consumers()).log;
		List<SimulatedLog.Entry> records = from.entries.values()
			.stream()
			.filter((entry) -> entry.sent != null && (entry.part == null || Boolean.TRUE.equals(entry.part.committed)))
			.toList();
		if (!records.isEmpty()) {
			int first = this.schedule.random.below(records.size());
			int last = Math.min(records.size(), first + 1 + this.schedule.random.below(6));
			for (SimulatedLog.Entry record : records.subList(first, last)) {
				boolean same = from == log;
				SimulatedLog.Entry copy = log.append(record.header, same ? record.sent : null, null, true,
						this.schedule.clock);
				this.schedule.trace("%s: %s copied from %s %d to %d", log.lane, record.sent, from.lane, record.offset,
						copy.offset);
			}
		}
	}

	/** Producers come, send a little and go. */
	private void churn(SimulatedLog log) {
		for (int i = this.schedule.random.below(12); i >= 0; i--) {
			SimulatedProducer producer = this.schedule.produce();
			for (int sends = this.schedule.random.below(3); sends >= 0; sends--) {
				producer.send(log);
			}
			int end = this.schedule.random.below(100);
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
		this.schedule.forgetGone();
	}

	/** A machine is copied while it sends. */
	private void fork(SimulatedProducer producer) {
		if (producer.numbering instanceof ModelNumbering model && !producer.transactional) {
			this.schedule.trace("producer forked");
			this.schedule.produce(model.fork(), false);
		}
	}

}
