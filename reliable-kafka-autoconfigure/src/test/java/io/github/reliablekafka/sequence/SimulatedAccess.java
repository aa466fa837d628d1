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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Answers a reader's questions late, or never, from the simulated cluster as it is when
 * the answer is given.
 */
final class SimulatedAccess implements LogAccess {

	private final Schedule schedule;

	private final Deque<Runnable> due = new ArrayDeque<>();

	private boolean dead;

	SimulatedAccess(Schedule schedule) {
		this.schedule = schedule;
	}

	@Override
	public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
		return answer("checkpoint " + lane, () -> {
			SimulatedConsumer consumer = this.schedule.consumer(lane);
			SimulatedConsumer.Saved saved = consumer.saved;
			if (saved == null) {
				return Optional.empty();
			}
			consumer.restored(saved);
			return Optional.of(saved.state().clone());
		});
	}

	@Override
	public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
		SimulatedConsumer consumer = this.schedule.consumer(lane);
		SimulatedConsumer.Saved saved = new SimulatedConsumer.Saved(state.clone(), consumer.lineage.copy(),
				consumer.log.incarnation, consumer.lastCommit, consumer.readCommitted);
		return answer("save " + lane, () -> {
			consumer.saved = saved;
			return null;
		});
	}

	@Override
	public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
		return answer("read " + lane + " " + from + ".." + to, () -> {
			SimulatedLog log = this.schedule.consumer(lane).log;
			List<Entry> records = new ArrayList<>();
			long limit = Math.min(to, log.limit(readCommitted));
			for (SimulatedLog.Entry entry : log.entries.tailMap(from).values()) {
				if (entry.offset < limit && entry.visible(readCommitted)) {
					records.add(new Entry(entry.offset, this.schedule.epochOf(entry), entry.timestamp, entry.header));
				}
			}
			return new Reading(log.start, records);
		});
	}

	@Override
	public CompletableFuture<LogEnd> end(Lane lane) {
		return answer("end " + lane, () -> {
			SimulatedLog log = this.schedule.consumer(lane).log;
			return new LogEnd(log.highWatermark, log.leaderEpoch);
		});
	}

	/** The process is gone: nobody waits for answers any more. */
	void die() {
		this.dead = true;
		this.due.clear();
	}

	/** Give one answer that is due. */
	boolean pump() {
		Runnable next = this.due.poll();
		if (next != null) {
			next.run();
		}
		return next != null;
	}

	private <T> CompletableFuture<T> answer(String what, java.util.function.Supplier<T> question) {
		CompletableFuture<T> future = new CompletableFuture<>();
		if (this.dead) {
			return future;
		}
		boolean fails = this.schedule.happens(Faults.CHECKPOINT_FAILS, 30);
		Runnable run = () -> {
			this.schedule.trace("  access: %s %s", what, fails ? "fails" : "answered");
			if (fails) {
				future.completeExceptionally(new IllegalStateException("simulated"));
			}
			else {
				future.complete(question.get());
			}
		};
		if (this.schedule.random.chance(40)) {
			run.run();
		}
		else {
			this.due.add(run);
		}
		return future;
	}

}
