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

package io.github.reliablekafka.consumer;

import java.time.Duration;

/**
 * One budget of time for several questions to a cluster, one after another.
 *
 * @param deadline on the clock of {@link System#nanoTime()}
 */
record Patience(long deadline) {

	/**
	 * Begin to wait.
	 * @param budget for everything
	 * @return the patience
	 */
	static Patience of(Duration budget) {
		return new Patience(System.nanoTime() + budget.toNanos());
	}

	/**
	 * How long the next answer may take.
	 * @return zero if there is nothing left
	 */
	Duration left() {
		return Duration.ofNanos(Math.max(0, this.deadline - System.nanoTime()));
	}

}
