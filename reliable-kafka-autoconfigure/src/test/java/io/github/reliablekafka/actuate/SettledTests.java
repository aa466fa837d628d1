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

package io.github.reliablekafka.actuate;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Settled}.
 */
class SettledTests {

	private final AtomicLong now = new AtomicLong(-5);

	private final Settled settled = new Settled(Duration.ofNanos(10), this.now::get);

	@Test
	void badComesAtOnceAndGoesWhenItWasGoodForAWhile() {
		assertThat(this.settled.isBad(false)).isFalse();
		assertThat(this.settled.isBad(true)).isTrue();
		this.now.addAndGet(9);
		assertThat(this.settled.isBad(false)).isTrue();
		assertThat(this.settled.isBad(true)).isTrue();
		this.now.addAndGet(9);
		assertThat(this.settled.isBad(false)).isTrue();
		this.now.addAndGet(1);
		assertThat(this.settled.isBad(false)).isFalse();
		assertThat(this.settled.isBad(false)).isFalse();
	}

}
