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

package io.github.reliablekafka.ledger;

import java.util.List;
import java.util.function.Supplier;

/**
 * Where those who know the listener containers and those who show how they are doing
 * meet. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class ListenerBoard {

	private volatile Supplier<List<ListenerState>> source = List::of;

	/**
	 * Create a board without listeners.
	 */
	public ListenerBoard() {
	}

	/**
	 * Say who knows.
	 * @param states is asked each time that somebody wants to know; must not wait
	 */
	public void askAt(Supplier<List<ListenerState>> states) {
		this.source = states;
	}

	/**
	 * How the listeners are doing now.
	 * @return one for each container
	 */
	public List<ListenerState> listeners() {
		return this.source.get();
	}

}
