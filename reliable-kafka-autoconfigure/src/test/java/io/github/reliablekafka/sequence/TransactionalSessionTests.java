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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProducerSession} in transactions, and for its end.
 */
class TransactionalSessionTests extends ProducerSessionSetup {

	@Test
	void abortGivesTheNumberBackButNotTheAppendNumber() throws Exception {
		this.session = session(true);
		this.session.beginTransaction();
		take().acknowledged(10);
		take().acknowledged(11);
		assertThat(watermark()).satisfies((watermark) -> {
			assertThat(watermark.claim()).isEqualTo(new Claim(1, 0, -1, 0, -1, NumberRanges.EMPTY, 77));
			assertThat(watermark.appendClaim()).isEqualTo(new Claim(1, 2, 11, 0, 10, NumberRanges.EMPTY, 77));
		});
		this.session.abortTransaction();
		assertThat(watermark().number()).isZero();
		this.session.beginTransaction();
		Ticket third = take();
		assertThat(stamp(third)).extracting(Stamp::number, Stamp::aborted, Stamp::appendNumber, Stamp::transactional)
			.containsExactly(1L, 2L, 3L, true);
		third.acknowledged(13);
		this.session.committing();
		assertThat(watermark().claim().acknowledged()).isZero();
		this.session.commitTransaction();
		assertThat(watermark()).satisfies((watermark) -> {
			assertThat(watermark.number()).isEqualTo(1);
			assertThat(watermark.appendNumber()).isEqualTo(3);
			assertThat(watermark.claim()).isEqualTo(new Claim(1, 1, 13, 0, 13, NumberRanges.EMPTY, 77));
			assertThat(watermark.appendClaim()).isEqualTo(new Claim(1, 3, 13, 0, 10, NumberRanges.EMPTY, 77));
		});
	}

	@Test
	void numbersOfEachAbortedTransactionAreGivenAgain() throws Exception {
		this.session = session(true);
		for (int transaction = 1; transaction <= 3; transaction++) {
			this.session.beginTransaction();
			for (int record = 1; record <= transaction; record++) {
				Ticket ticket = take();
				assertThat(ticket.number()).isEqualTo(record);
				ticket.acknowledged(10 * transaction + record);
			}
			this.session.abortTransaction();
		}
		this.session.beginTransaction();
		assertThat(stamp(take())).extracting(Stamp::number, Stamp::aborted, Stamp::appendNumber)
			.containsExactly(1L, 6L, 7L);
	}

	@Test
	void synchronousFailureInATransactionFailsTheNumber() throws Exception {
		this.session = session(true);
		this.session.beginTransaction();
		take(false).rollBack();
		Ticket second = take();
		assertThat(second.number()).isEqualTo(2);
		second.acknowledged(5);
		this.session.abortTransaction();
		this.session.beginTransaction();
		Ticket third = take();
		assertThat(third.number()).isEqualTo(1);
		assertThat(third.appendNumber()).isEqualTo(3);
		third.acknowledged(7);
		this.session.committing();
		this.session.commitTransaction();
		assertThat(watermark().claim().failed()).isEqualTo(NumberRanges.EMPTY);
		this.session.close();
		assertThat(watermark().appendClaim().failed()).isEqualTo(NumberRanges.of(1, 1));
	}

	@Test
	void numberThatIsTakenBetweenTransactionsLeavesNoGap() throws Exception {
		this.session = session(true);
		this.session.beginTransaction();
		take().acknowledged(10);
		this.session.committing();
		this.session.commitTransaction();
		// By a callback: Kafka refuses it, but only after it was appended.
		take(false).rollBack();
		this.session.beginTransaction();
		Ticket next = take();
		assertThat(next.number()).isEqualTo(2);
		assertThat(next.appendNumber()).isEqualTo(3);
		next.acknowledged(12);
		this.session.committing();
		this.session.commitTransaction();
		assertThat(watermark().claim()).isEqualTo(new Claim(1, 2, 12, 0, 10, NumberRanges.EMPTY, 77));
		take(false).rollBack();
		this.session.close();
		assertThat(watermark().number()).isEqualTo(2);
	}

	@Test
	void closeLeavesAnUndecidedCommitUndecidedAndAbortsOthers() throws Exception {
		this.session = session(true);
		this.session.beginTransaction();
		take().acknowledged(10);
		this.session.committing();
		this.session.close();
		assertThat(watermark()).satisfies((watermark) -> {
			assertThat(watermark.number()).isEqualTo(1);
			assertThat(watermark.claim().acknowledged()).isZero();
			assertThat(watermark.closed()).isTrue();
		});
		this.session = session(true);
		this.session.beginTransaction();
		take().acknowledged(10);
		this.session.close();
		assertThat(watermark().number()).isZero();
	}

}
