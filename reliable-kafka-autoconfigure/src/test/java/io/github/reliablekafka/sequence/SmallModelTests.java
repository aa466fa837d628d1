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
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Everything that can happen within a few steps to three records of one producer and the
 * one group that reads them, in every order, with at most two faults, before the
 * simulation's oracle. Finds nothing that takes long, but leaves out nothing that is
 * short.
 */
class SmallModelTests {

	private static final int STEPS = Integer.getInteger("simulation.steps", 5);

	private static final int MOST_SENT = 3;

	private static final int MOST_FAULTS = 2;

	private final List<String> violations = new ArrayList<>();

	private long runs;

	private long findings;

	@Test
	void everyOrderOfAFewStepsIsJudgedRightly() {
		extend(new ArrayList<>());
		System.out.println(this.runs + " orders of " + STEPS + " steps, " + this.findings + " findings");
		assertThat(this.violations).isEmpty();
		assertThat(this.findings).isGreaterThan(this.runs / 10);
	}

	private void extend(List<Step> steps) {
		if (steps.size() == STEPS) {
			run(steps);
			return;
		}
		for (Step step : Step.values()) {
			if (isAllowed(steps, step)) {
				steps.add(step);
				extend(steps);
				steps.remove(steps.size() - 1);
			}
		}
	}

	// What changes nothing is left out.
	private static boolean isAllowed(List<Step> steps, Step step) {
		int sent = Collections.frequency(steps, Step.SEND);
		Step before = steps.isEmpty() ? null : steps.get(steps.size() - 1);
		return switch (step) {
			case SEND -> sent < MOST_SENT && !steps.contains(Step.PRODUCER_CRASH);
			case POLL_ONE, POLL_ALL -> sent > 0 && before != Step.POLL_ALL;
			case CLAIM, COMMIT -> sent > 0 && before != step;
			default -> sent > 0 && steps.stream().filter(Step::isFault).count() < MOST_FAULTS;
		};
	}

	private void run(List<Step> steps) {
		// The number decides on resets, isolation and answers that are late.
		Schedule schedule = new Schedule(this.runs++, Set.of(), Checker.Production::create, false);
		Set<Faults> faults = EnumSet.noneOf(Faults.class);
		steps.stream().filter(Step::isFault).forEach((step) -> faults.add(step.fault));
		Tally tally = schedule.run(faults, (consumer, producer) -> steps.forEach((step) -> {
			schedule.clock += 2_000;
			step.happen(schedule, consumer, producer);
		}));
		this.findings += tally.sum.findings;
		if (!schedule.violations().isEmpty()) {
			this.violations.add(steps + ": " + schedule.violations().get(0));
		}
	}

	private enum Step {

		SEND(null), POLL_ONE(null), POLL_ALL(null), COMMIT(null), CLAIM(null), CRASH(Faults.CONSUMER_CRASH),
		REBALANCE(Faults.REBALANCE), TRUNCATE_ONE(Faults.TRUNCATE), TRUNCATE_ALL(Faults.TRUNCATE),
		VANISH_FIRST(Faults.VANISH), VANISH_LAST(Faults.VANISH), RETENTION(Faults.RETENTION),
		SEEK_BACK(Faults.SEEK_BACK), SEEK_FORWARD(Faults.SEEK_FORWARD), METADATA_LOST(Faults.METADATA_LOST),
		EXPIRE(Faults.OFFSETS_EXPIRE), PRODUCER_CRASH(Faults.PRODUCER_CRASH);

		private final Faults fault;

		Step(Faults fault) {
			this.fault = fault;
		}

		boolean isFault() {
			return this.fault != null;
		}

		void happen(Schedule schedule, SimulatedConsumer consumer, SimulatedProducer producer) {
			SimulatedLog log = consumer.log;
			switch (this) {
				case SEND -> {
					producer.send(log);
					producer.write(log);
					log.highWatermark = log.end;
					producer.respond(log);
				}
				case POLL_ONE -> consumer.poll(1);
				case POLL_ALL -> consumer.poll(MOST_SENT);
				case COMMIT -> consumer.commitSomewhere(true);
				case CLAIM -> {
					schedule.publishWatermarks(producer);
					schedule.deliverSome(log.lane);
				}
				case CRASH -> schedule.crash(consumer.process);
				case TRUNCATE_ONE -> log.truncate(Math.max(log.start, log.end - 1));
				case TRUNCATE_ALL -> log.truncate(log.start);
				case VANISH_FIRST -> log.remove(log.start, SimulatedLog.Removal.VANISHED);
				case VANISH_LAST -> log.remove(log.end - 1, SimulatedLog.Removal.VANISHED);
				case RETENTION -> log.deleteUpTo(log.highWatermark);
				case SEEK_BACK -> consumer.move(log.start, Cause.SEEK);
				case SEEK_FORWARD -> consumer.move(log.highWatermark, Cause.SEEK);
				case PRODUCER_CRASH -> schedule.crash(producer);
				case REBALANCE, METADATA_LOST, EXPIRE -> {
					consumer.unassign();
					if (this != REBALANCE) {
						consumer.tamper(this.fault);
					}
				}
			}
			if (consumer.reader == null) {
				schedule.assign(consumer);
			}
		}

	}

}
