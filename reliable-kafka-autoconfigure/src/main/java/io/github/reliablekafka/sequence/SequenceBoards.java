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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The {@link SequenceBoard} of each cluster that an application talks to. Safe for use by
 * many threads.
 *
 * @since 0.1.0
 */
public final class SequenceBoards {

	private final Map<Set<String>, SequenceBoard> boards = new ConcurrentHashMap<>();

	private final List<Consumer<SequenceBoard>> listeners = new CopyOnWriteArrayList<>();

	/**
	 * Create boards for no cluster yet.
	 */
	public SequenceBoards() {
	}

	/**
	 * The board of a cluster.
	 * @param bootstrapServers the addresses that tell clusters apart
	 * @param connection how to reach it, if it was not known before
	 * @return the same for the same addresses
	 */
	public SequenceBoard board(Set<String> bootstrapServers, Map<String, Object> connection) {
		return this.boards.computeIfAbsent(Set.copyOf(bootstrapServers), (key) -> {
			SequenceBoard board = new SequenceBoard(Map.copyOf(connection));
			this.listeners.forEach((listener) -> listener.accept(board));
			return board;
		});
	}

	/**
	 * The boards so far.
	 * @return a snapshot
	 */
	public Collection<SequenceBoard> all() {
		return List.copyOf(this.boards.values());
	}

	/**
	 * Be told of boards that come later. A listener must not wait.
	 * @param listener is told once for each
	 */
	public void onBoard(Consumer<SequenceBoard> listener) {
		this.listeners.add(listener);
	}

}
