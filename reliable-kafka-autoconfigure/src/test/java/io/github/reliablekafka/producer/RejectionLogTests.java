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

package io.github.reliablekafka.producer;

import io.github.reliablekafka.ledger.RejectionReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RejectionLog}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RejectionLogTests {

	private final RejectionLog log = new RejectionLog(() -> 0);

	@Test
	void topicThatDoesNotExistIsSaidWithWhatToDo(CapturedOutput output) {
		this.log.rejected("orders", RejectionReason.TOPIC_NOT_FOUND, "not present");
		assertThat(output).contains("Record for topic 'orders' rejected (topic-not-found): not present; create it, "
				+ "or declare a NewTopic bean");
	}

	@Test
	void otherReasonsSpeakForThemselves(CapturedOutput output) {
		this.log.rejected("orders", RejectionReason.RECORD_TOO_LARGE, "too large");
		assertThat(output).contains("rejected (record-too-large): too large").doesNotContain("NewTopic");
	}

}
