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

package io.github.reliablekafka.report;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;

import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.ProducerFactory;

/**
 * Has what other applications report answered, in each cluster that this one sends to and
 * with each identity that it sends with, if records are kept beyond their
 * acknowledgement. Begins also without a producer, as the records may be those of an
 * earlier process. Ends before the producers do, within 5 seconds. Safe for use by many
 * threads.
 */
final class ReportsReaders implements SmartLifecycle {

	private static final Duration END_TIMEOUT = Duration.ofSeconds(5);

	private final SequenceBoards boards;

	private final Supplier<? extends Iterable<ProducerFactory<?, ?>>> factories;

	private final String topic;

	private final String application;

	private final SpooledRecords spooled;

	private final SentAgain sentAgain;

	private final Duration timeout;

	private final Map<SequenceBoard, ReportsReader> readers = new ConcurrentHashMap<>();

	private boolean attending;

	private volatile boolean running;

	/**
	 * Create it.
	 * @param boards the clusters
	 * @param factories those of the application's producers
	 * @param topic the name of the reports topic
	 * @param application the name of this application
	 * @param spooled has records
	 * @param sentAgain remembers what need not be sent
	 * @param timeout longest time for an answer of a cluster
	 */
	ReportsReaders(SequenceBoards boards, Supplier<? extends Iterable<ProducerFactory<?, ?>>> factories, String topic,
			String application, SpooledRecords spooled, SentAgain sentAgain, Duration timeout) {
		this.boards = boards;
		this.factories = factories;
		this.topic = topic;
		this.application = application;
		this.spooled = spooled;
		this.sentAgain = sentAgain;
		this.timeout = timeout;
	}

	@Override
	public void start() {
		if (!this.spooled.isRetaining()) {
			return;
		}
		this.running = true;
		for (ProducerFactory<?, ?> factory : this.factories.get()) {
			Map<String, Object> settings = settings(factory);
			if (!factory.transactionCapable() && !ConnectionSettings.bootstrapServers(settings).isEmpty()) {
				read(this.boards.board(ConnectionSettings.identity(settings), ConnectionSettings.of(settings)));
			}
		}
		if (!this.attending) {
			this.attending = true;
			this.boards.onBoard(this::attend);
			this.boards.all().forEach(this::attend);
		}
	}

	private static Map<String, Object> settings(ProducerFactory<?, ?> factory) {
		try {
			return factory.getConfigurationProperties();
		}
		catch (UnsupportedOperationException ex) {
			return Map.of();
		}
	}

	private void attend(SequenceBoard board) {
		board.attend(new SequenceBoard.Attendant() {

			@Override
			public void opened(ProducerSession session) {
				read(board);
			}

			@Override
			public void watched(Lane lane) {
			}

		});
	}

	private void read(SequenceBoard board) {
		if (!this.running || this.readers.containsKey(board)) {
			return;
		}
		synchronized (this.readers) {
			if (this.running && !this.readers.containsKey(board)) {
				ReportsReader reader = new ReportsReader(board, this.topic, this.application, this.spooled,
						this.sentAgain, this.timeout, Clock.systemUTC());
				this.readers.put(board, reader);
				reader.start();
			}
		}
	}

	@Override
	public void stop() {
		synchronized (this.readers) {
			this.running = false;
		}
		long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
		this.readers.values().forEach(ReportsReader::close);
		try {
			for (ReportsReader reader : this.readers.values()) {
				reader.join(deadline);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.readers.clear();
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

}
