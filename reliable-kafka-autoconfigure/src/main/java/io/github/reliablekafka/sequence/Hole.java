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

/**
 * Offsets that a group passed over without reading.
 *
 * @param from the first of them
 * @param to the first behind them
 * @param cause why
 * @param proven whether it is certain that nobody else of the group read them
 */
record Hole(long from, long to, Cause cause, boolean proven) {

	boolean intersects(long first, long last) {
		return this.from <= last && first < this.to;
	}

	boolean covers(Hole other) {
		return this.from <= other.from && this.to >= other.to && this.cause == other.cause
				&& this.proven == other.proven;
	}

	boolean isContinuedBy(Hole next) {
		return this.to == next.from && this.cause == next.cause && this.proven == next.proven;
	}

}
