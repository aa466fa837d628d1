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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;

import org.springframework.beans.factory.DisposableBean;

/**
 * Serves every board there is. Ends after the application's producers, because only then
 * can be told that their sessions are over, and within {@link #END_TIMEOUT} whatever
 * happens. Safe for use by many threads.
 */
final class AuditClusters implements DisposableBean {

	/**
	 * Longest time that last watermarks and states may take.
	 */
	static final Duration END_TIMEOUT = Duration.ofSeconds(5);

	private final SequenceProperties properties;

	private final Duration timeout;

	private final Map<SequenceBoard, AuditCluster> clusters = new ConcurrentHashMap<>();

	private volatile boolean ended;

	AuditClusters(SequenceProperties properties, SequenceBoards boards) {
		this(properties, boards, AuditClients.TIMEOUT);
	}

	AuditClusters(SequenceProperties properties, SequenceBoards boards, Duration timeout) {
		this.properties = properties;
		this.timeout = timeout;
		boards.onBoard(this::serve);
		boards.all().forEach(this::serve);
	}

	private void serve(SequenceBoard board) {
		if (!this.ended) {
			this.clusters.computeIfAbsent(board, (key) -> new AuditCluster(key, this.properties, this.timeout));
		}
	}

	@Override
	public void destroy() {
		this.ended = true;
		long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
		this.clusters.values().forEach((cluster) -> cluster.end(deadline));
		boolean interrupted = false;
		for (AuditCluster cluster : this.clusters.values()) {
			try {
				cluster.awaitEnd(deadline);
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

}
