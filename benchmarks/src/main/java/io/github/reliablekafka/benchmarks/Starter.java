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

package io.github.reliablekafka.benchmarks;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;

import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * The only class here that knows the starter. It is loaded in covered modes alone,
 * because the others do not have the starter on their class path.
 */
final class Starter {

	private Starter() {
	}

	static Sender deliver(KafkaTemplate<byte[], byte[]> template) {
		ReliableKafkaTemplate<byte[], byte[]> reliable = (ReliableKafkaTemplate<byte[], byte[]>) template;
		return reliable::deliver;
	}

	/**
	 * Make sure that the starter was really in play.
	 * @param context of the application
	 * @param records how many records were sent
	 * @param numbered whether they should have numbers
	 */
	static void requireSent(ApplicationContext context, long records, boolean numbered) {
		boolean any = context.getBean(SequenceBoards.class)
			.all()
			.stream()
			.anyMatch((board) -> !board.sessions().isEmpty());
		if (any != numbered) {
			throw new IllegalStateException("Records with numbers: expected=%s, actual=%s".formatted(numbered, any));
		}
		requireEqual("delivered", records, context.getBean(DeliveryLedger.class).totals().delivered());
	}

	/**
	 * Make sure that the starter was really in play.
	 * @param context of the application
	 * @param records how many records were consumed
	 * @param numbered whether their numbers should have been checked
	 */
	static void requireProcessed(ApplicationContext context, long records, boolean numbered) {
		long checked = context.getBean(LossLedger.class)
			.coverages()
			.stream()
			.mapToLong((coverage) -> coverage.stamped())
			.sum();
		requireEqual("checked", numbered ? records : 0, checked);
		long processed = context.getBean(DeliveryLedger.class)
			.consumptions()
			.stream()
			.mapToLong((consumption) -> consumption.count(ConsumptionOutcome.PROCESSED))
			.sum();
		requireEqual("processed", records, processed);
	}

	private static void requireEqual(String what, long expected, long actual) {
		if (actual != expected) {
			throw new IllegalStateException(
					"Records in the ledger: what=%s, expected=%d, actual=%d".formatted(what, expected, actual));
		}
	}

}
