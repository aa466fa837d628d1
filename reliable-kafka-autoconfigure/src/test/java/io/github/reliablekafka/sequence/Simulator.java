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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Runs schedules, and one again to see what happened in it.
 */
final class Simulator {

	private static final int KEPT = 1000;

	private final Checker.Factory factory;

	private final Tally tally = new Tally();

	/** The first violation of each schedule that has one. */
	private final List<String> violations = new ArrayList<>();

	private long firstSeed = -1;

	private boolean forgetful;

	Simulator(Checker.Factory factory) {
		this.factory = factory;
	}

	/**
	 * Run schedules.
	 * @param from the seed of the first
	 * @param count how many
	 * @param threads by how many threads
	 * @return this, when they have run
	 */
	Simulator run(long from, long count, int threads) {
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			List<Future<?>> parts = new ArrayList<>();
			for (int thread = 0; thread < threads; thread++) {
				long first = from + thread;
				parts.add(executor.submit(() -> run(first, from + count, (long) threads)));
			}
			for (Future<?> part : parts) {
				part.get();
			}
			return this;
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
		finally {
			executor.shutdown();
			try {
				executor.awaitTermination(1, TimeUnit.MINUTES);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private void run(long from, long to, long step) {
		Tally part = new Tally();
		for (long seed = from; seed < to; seed += step) {
			Schedule schedule = schedule(seed, false);
			part.add(schedule.run());
			if (!schedule.violations().isEmpty()) {
				note(seed, schedule.violations().get(0) + " " + schedule.faults);
			}
		}
		synchronized (this) {
			this.tally.add(part);
		}
	}

	private synchronized void note(long seed, String violation) {
		this.firstSeed = (this.firstSeed < 0) ? seed : Math.min(this.firstSeed, seed);
		if (this.violations.size() < KEPT) {
			this.violations.add(violation);
		}
	}

	Tally tally() {
		return this.tally;
	}

	List<String> violations() {
		return this.violations;
	}

	long firstSeed() {
		return this.firstSeed;
	}

	/**
	 * Run one schedule again.
	 * @param seed its seed
	 * @return what happened, a line each
	 */
	String replay(long seed) {
		Schedule schedule = schedule(seed, true);
		schedule.run();
		return schedule.story.toString();
	}

	private Schedule schedule(long seed, boolean traced) {
		Schedule schedule = new Schedule(seed, Set.of(), this.factory, traced);
		schedule.forgetful = this.forgetful;
		return schedule;
	}

	/**
	 * Allow for limits that are reached: what was read may be undecided.
	 * @return this
	 */
	Simulator forgetful() {
		this.forgetful = true;
		return this;
	}

	/**
	 * Run schedules of the production classes until some go wrong: for those who load
	 * other versions of these.
	 * @param from the seed of the first
	 * @param count how many at most
	 * @param always names of faults that may happen in all of them, separated by spaces
	 * @param enough how many are to go wrong
	 * @return the seeds of schedules with a violation, or with a wrong verdict that is
	 * not always avoidable
	 */
	static long[] wrong(long from, long count, String always, int enough) {
		Set<Faults> faults = EnumSet.noneOf(Faults.class);
		for (String fault : always.split(" ", -1)) {
			if (!fault.isEmpty()) {
				faults.add(Faults.valueOf(fault));
			}
		}
		return LongStream.range(from, from + count).filter((seed) -> {
			Tally tally = new Schedule(seed, faults, Checker.Production::create, false).run();
			return tally.violations + tally.sum.wrongLoose > 0;
		}).limit(enough).toArray();
	}

	/**
	 * Run schedules of the production classes with limits that are reached: for those who
	 * load other versions of these.
	 * @param from the seed of the first
	 * @param count how many
	 * @param threads by how many threads
	 * @return the first violation of each schedule that has one, and last the counts
	 */
	static String[] forgetful(long from, long count, int threads) {
		Simulator simulator = new Simulator(Checker.Production::create).forgetful().run(from, count, threads);
		List<String> result = new ArrayList<>(simulator.violations());
		result.add(simulator.tally().table());
		return result.toArray(String[]::new);
	}

	static String story(long seed) {
		return new Simulator(Checker.Production::create).forgetful().replay(seed);
	}

}
