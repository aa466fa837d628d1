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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The {@link SequenceBoard} of each cluster that an application talks to: one for each
 * identity that it has there, because one may see what another must not. What is written
 * with one is read with another through topics of the cluster. Safe for use by many
 * threads.
 *
 * @since 0.1.0
 */
public final class SequenceBoards {

	private final Map<Object, SequenceBoard> boards = new ConcurrentHashMap<>();

	private final List<Consumer<SequenceBoard>> listeners = new CopyOnWriteArrayList<>();

	/**
	 * Create boards for no cluster yet.
	 */
	public SequenceBoards() {
	}

	/**
	 * The board of a cluster.
	 * @param identity what tells clusters apart, and who the application is there; is
	 * compared and must not change
	 * @param connection how to reach it, if it was not known before
	 * @return the same for an equal identity
	 */
	public SequenceBoard board(Object identity, Map<String, Object> connection) {
		return this.boards.computeIfAbsent(identity, (key) -> {
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
