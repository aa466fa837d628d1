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

import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoard;
import org.jspecify.annotations.Nullable;

/**
 * Serves the board of one cluster. Connects to it when the first session is opened or the
 * first lane is watched, and not before. Safe for use by many threads.
 */
final class AuditCluster implements SequenceBoard.Attendant {

	private final SequenceBoard board;

	private final AuditClients clients;

	private final @Nullable WatermarkPublisher publisher;

	private final @Nullable WatermarkReader reader;

	private final TopicFactsKeeper facts;

	private final ClusterLog log;

	/**
	 * Create what serves a board, and begin to serve.
	 * @param board the board
	 * @param properties how
	 * @param timeout longest time that an answer of the cluster may take
	 */
	AuditCluster(SequenceBoard board, SequenceProperties properties, Duration timeout) {
		this.board = board;
		Complaints complaints = new Complaints(AuditTopics.permissions(properties));
		this.clients = new AuditClients(board.connection(), timeout);
		AuditTopics topics = new AuditTopics(this.clients, complaints);
		this.facts = new TopicFactsKeeper(board, this.clients, complaints);
		if (properties.watermarks() == SequenceProperties.Watermarks.CONTROL_TOPIC) {
			AuditTopic control = AuditTopic.control(properties.topic(), properties.retention());
			this.publisher = new WatermarkPublisher(board, control, topics, this.clients, complaints,
					properties.interval(), properties.idleAfter());
			this.reader = new WatermarkReader(board, control, topics, this.clients, complaints, this.facts::seen);
			this.log = new ClusterLog(this.clients, topics, AuditTopic.state(properties.stateTopic()), complaints);
		}
		else {
			this.publisher = null;
			this.reader = null;
			this.log = new ClusterLog(this.clients, topics, null, complaints);
		}
		board.connect(this.log);
		board.attend(this);
	}

	@Override
	public void opened(ProducerSession session) {
		if (this.publisher != null) {
			this.publisher.wake();
		}
	}

	@Override
	public void watched(Lane lane) {
		if (this.reader != null) {
			this.reader.watch(lane);
		}
		this.facts.watch(lane);
	}

	/**
	 * Begin to end: say what is left to be said.
	 * @param deadline when to stop, by {@link System#nanoTime()}
	 */
	void end(long deadline) {
		if (this.publisher != null) {
			this.publisher.close(deadline, false);
		}
		if (this.reader != null) {
			this.reader.close(deadline, true);
		}
		this.facts.close(deadline, true);
	}

	/**
	 * Wait until everything has ended.
	 * @param deadline when to wait no longer
	 * @throws InterruptedException if the caller shall not wait
	 */
	void awaitEnd(long deadline) throws InterruptedException {
		try {
			if (this.publisher != null) {
				this.publisher.join();
			}
			this.log.close(deadline);
		}
		finally {
			this.board.connect(null);
			this.clients.close();
		}
	}

}
