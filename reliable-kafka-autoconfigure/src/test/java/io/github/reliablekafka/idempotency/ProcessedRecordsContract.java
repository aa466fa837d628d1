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

package io.github.reliablekafka.idempotency;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.github.reliablekafka.idempotency.ProcessedRecords.Answer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What every store keeps.
 */
abstract class ProcessedRecordsContract {

	abstract ProcessedRecords store();

	@Test
	void recordIsGrantedToOneUntilItIsProcessed() {
		RecordClaim claim = new RecordClaim("g", "orders-0/1/1");
		assertThat(store().claim(claim)).isEqualTo(Answer.GRANTED);
		assertThat(store().claim(new RecordClaim("g", "orders-0/1/1"))).isEqualTo(Answer.BUSY);
		store().complete(claim);
		assertThat(store().claim(new RecordClaim("g", "orders-0/1/1"))).isEqualTo(Answer.PROCESSED);
	}

	@Test
	void recordWhenReleasedIsGrantedAgain() {
		RecordClaim claim = new RecordClaim("g", "orders-0/1/2");
		store().claim(claim);
		store().release(claim);
		RecordClaim again = new RecordClaim("g", "orders-0/1/2");
		assertThat(store().claim(again)).isEqualTo(Answer.GRANTED);
		// Of an owner that has nothing any more.
		store().release(claim);
		store().complete(again);
		assertThat(store().claim(new RecordClaim("g", "orders-0/1/2"))).isEqualTo(Answer.PROCESSED);
	}

	@Test
	void recordsThatAreNotTheSameAreGranted() {
		String longId = "x".repeat(500);
		List<RecordClaim> claims = List.of(new RecordClaim("g", "a"), new RecordClaim("h", "a"),
				new RecordClaim("g", "A"), new RecordClaim("g", "a "), new RecordClaim("g", "\u00e4"),
				new RecordClaim("g", longId), new RecordClaim("g", longId + "y"));
		assertThat(claims).allSatisfy((claim) -> {
			assertThat(store().claim(claim)).isEqualTo(Answer.GRANTED);
			store().complete(claim);
		});
	}

	@Test
	void recordWhenClaimedByManyIsGrantedToOne() throws Exception {
		int threads = 6;
		int records = 60;
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			List<Callable<Integer>> tasks = new ArrayList<>();
			for (int thread = 0; thread < threads; thread++) {
				tasks.add(() -> {
					int granted = 0;
					for (int record = 0; record < records; record++) {
						RecordClaim claim = new RecordClaim("g", "raced-" + record);
						if (store().claim(claim) == Answer.GRANTED) {
							granted++;
							store().complete(claim);
						}
					}
					return granted;
				});
			}
			int granted = 0;
			for (Future<Integer> result : executor.invokeAll(tasks)) {
				granted += result.get();
			}
			assertThat(granted).isEqualTo(records);
		}
		finally {
			executor.shutdownNow();
		}
	}

}
