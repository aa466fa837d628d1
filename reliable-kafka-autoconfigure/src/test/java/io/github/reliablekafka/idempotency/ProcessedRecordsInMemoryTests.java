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

import io.github.reliablekafka.idempotency.ProcessedRecords.Answer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProcessedRecordsInMemory}.
 */
class ProcessedRecordsInMemoryTests extends ProcessedRecordsContract {

	private final ProcessedRecords store = new ProcessedRecordsInMemory(1000);

	@Override
	ProcessedRecords store() {
		return this.store;
	}

	@Test
	void windowForgetsTheOldestAndNoClaim() {
		ProcessedRecords small = new ProcessedRecordsInMemory(2);
		small.claim(new RecordClaim("g", "open"));
		for (String id : new String[] { "a", "b", "c" }) {
			RecordClaim claim = new RecordClaim("g", id);
			small.claim(claim);
			small.complete(claim);
		}
		assertThat(small.claim(new RecordClaim("g", "open"))).isEqualTo(Answer.BUSY);
		assertThat(small.claim(new RecordClaim("g", "b"))).isEqualTo(Answer.PROCESSED);
		assertThat(small.claim(new RecordClaim("g", "a"))).isEqualTo(Answer.GRANTED);
	}

}
