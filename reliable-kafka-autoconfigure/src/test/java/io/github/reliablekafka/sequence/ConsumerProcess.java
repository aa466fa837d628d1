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
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A process of consumers: its board, its books, and the publisher of its findings.
 */
final class ConsumerProcess {

	final SequenceBoard board = new SequenceBoards().board(Set.of("simulated"), Map.of());

	final LossLedger ledger = new LossLedger();

	final SimulatedAccess access;

	private final Schedule schedule;

	private final Deque<Runnable> publications = new ArrayDeque<>();

	private final Set<String> judged = new HashSet<>();

	ConsumerProcess(Schedule schedule) {
		this.schedule = schedule;
		this.access = new SimulatedAccess(schedule);
		this.board.connect(this.access);
		this.ledger.addPublisher(this::publish);
	}

	private CompletableFuture<Void> publish(Finding finding) {
		if (this.judged.add(finding.id())) {
			this.schedule.consumer(finding.lane()).oracle.judge(finding);
		}
		CompletableFuture<Void> future = new CompletableFuture<>();
		boolean fails = this.schedule.happens(Faults.PUBLISHER_FAILS, 30);
		// Its numbers may be given again until the report is safe.
		BitSet records = this.schedule.consumer(finding.lane()).oracle.records(finding);
		Runnable run = () -> {
			if (fails) {
				future.completeExceptionally(new IllegalStateException("simulated"));
			}
			else {
				this.schedule.consumer(finding.lane()).oracle.published(finding, records);
				future.complete(null);
			}
		};
		if (this.schedule.random.chance(50)) {
			run.run();
		}
		else {
			this.publications.add(run);
		}
		return future;
	}

	boolean pump() {
		Runnable next = this.publications.poll();
		if (next != null) {
			next.run();
		}
		return this.access.pump() || next != null;
	}

	void die() {
		this.publications.clear();
		this.access.die();
	}

}
