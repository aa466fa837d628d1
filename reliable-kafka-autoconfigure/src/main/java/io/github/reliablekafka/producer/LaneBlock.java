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

import java.time.Instant;

import io.github.reliablekafka.producer.SpooledLane.Item;
import org.jspecify.annotations.Nullable;

/**
 * A record that the cluster does not take, and behind which its lane stands still.
 *
 * @param order its number in the lane
 * @param position its position in the spool
 * @param since when the cluster said so first
 * @param reason what it said
 * @param passed whether somebody has decided that it is to be parked
 */
record LaneBlock(long order, long position, Instant since, String reason, boolean passed, @Nullable LaneBlock later) {

	boolean isOf(Item item) {
		return item.order() == this.order;
	}

	LaneBlock pass() {
		return new LaneBlock(this.order, this.position, this.since, this.reason, true, this.later);
	}

	@Nullable LaneBlock without(Item item) {
		if (isOf(item)) {
			return this.later;
		}
		LaneBlock rest = (this.later != null) ? this.later.without(item) : null;
		return new LaneBlock(this.order, this.position, this.since, this.reason, this.passed, rest);
	}

}
