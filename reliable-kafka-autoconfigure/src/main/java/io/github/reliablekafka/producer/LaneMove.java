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

import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolStore;

/**
 * Follows a record from one lane to another.
 *
 * @param from its lane before
 * @param position its position there
 * @param adopted whether that is in a spool that another process left, out of which it
 * has to be taken once it is in this one
 * @param refused to be run if it stays where it was
 */
record LaneMove(SpooledLane from, long position, boolean adopted, Runnable refused) implements SpoolStore.Confirmation {

	@Override
	public void durable() {
		if (this.adopted) {
			this.from.store().resolve(this.from.lane(), this.position);
		}
	}

	@Override
	public void failed(SpoolException failure) {
		this.refused.run();
	}

}
