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

import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SpoolNotices}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SpoolNoticesTests extends SpoolingSetup {

	@Test
	void recordsThatWaitAreSaidToBeSafe(CapturedOutput output) {
		handed(100, null);
		this.relay.notNow(this.relay.lanes().lane("orders", 0), new TimeoutException("away"));
		assertThat(output).contains("1 records of orders-0 of main",
				" wait in the spool, are safe on this machine's disk and go out by themselves "
						+ "once the cluster takes them: org.apache.kafka.common.errors.TimeoutException: away");
	}

	@Test
	void partitionThatIsNotKnownYetIsNoNumber(CapturedOutput output) {
		this.relay.notNow(this.relay.lanes().unplaced("orders"), new TimeoutException("away"));
		assertThat(output).contains("0 records of topic 'orders' (partition not known yet) of ").doesNotContain("--1");
	}

	@Test
	void recordsThatStayAreCounted(CapturedOutput output) {
		SpoolNotices notices = new SpoolNotices(this::publish);
		notices.remain(1, "here");
		notices.remain(2, "there");
		assertThat(output).contains("1 record stays in the spool in here", "2 records stay in the spool in there");
	}

}
