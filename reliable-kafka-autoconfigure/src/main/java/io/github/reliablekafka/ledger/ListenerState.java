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

import java.time.Duration;
import java.util.Set;

/**
 * How a listener container is doing. Immutable.
 *
 * @param listener its id
 * @param group the consumer group, empty for none
 * @param topics the topics that it reads
 * @param running whether it runs
 * @param failed whether it has stopped though nobody asked it to, and stays stopped
 * @param paused whether somebody has paused it
 * @param partitions how many partitions it was assigned
 * @param lag how many records it is behind in the partition in which that is most, as its
 * consumer saw it last; -1 if that is not known
 * @param idle how long it has been behind without getting on: no record processed, failed
 * or dead-lettered, no commit, and its lag not smaller. Counted from the first time that
 * somebody asked; zero if it gets on or has nothing to do
 * @since 0.1.0
 */
public record ListenerState(String listener, String group, Set<String> topics, boolean running, boolean failed,
		boolean paused, int partitions, long lag, Duration idle) {

	public ListenerState {
		topics = Set.copyOf(topics);
	}

}
