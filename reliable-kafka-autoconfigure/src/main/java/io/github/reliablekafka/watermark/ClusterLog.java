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

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Answers readers' questions on at most two threads, which end when there is nothing to
 * do. Too many questions at once are refused. Safe for use by many threads.
 */
final class ClusterLog implements LogAccess {

	private static final int THREADS = 2;

	private static final int QUESTIONS = 10_000;

	private static final long IDLE_SECONDS = 30;

	private final AuditClients clients;

	private final RangeReader reader;

	private final ThreadPoolExecutor executor;

	private final @Nullable SavedStates states;

	/**
	 * Create access to one cluster.
	 * @param clients reach it
	 * @param topics finds and creates topics
	 * @param stateTopic has states; {@code null} if there shall be none
	 * @param complaints takes complaints
	 */
	ClusterLog(AuditClients clients, AuditTopics topics, @Nullable AuditTopic stateTopic, Complaints complaints) {
		this.clients = clients;
		this.reader = new RangeReader(clients, RangeReader.LIMIT);
		AtomicInteger count = new AtomicInteger();
		this.executor = new ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(QUESTIONS), (task) -> {
					Thread thread = new Thread(task, "reliable-kafka-audit-log-" + count.incrementAndGet());
					thread.setDaemon(true);
					return thread;
				});
		this.executor.allowCoreThreadTimeOut(true);
		this.states = (stateTopic != null)
				? new SavedStates(stateTopic, topics, clients, this.reader, complaints, this.executor) : null;
	}

	@Override
	public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
		return (this.states != null) ? this.states.load(group, lane)
				: CompletableFuture.completedFuture(Optional.empty());
	}

	@Override
	public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
		return (this.states != null) ? this.states.save(group, lane, state)
				: CompletableFuture.failedFuture(new UnsupportedOperationException(
						"There is no topic for states: reliable.kafka.sequence.watermarks=none"));
	}

	@Override
	public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
		return answer((answer) -> answer.complete(this.reader.read(lane, from, to, readCommitted)));
	}

	@Override
	public CompletableFuture<LogEnd> end(Lane lane) {
		TopicPartition partition = new TopicPartition(lane.topic(), lane.partition());
		ListOffsetsOptions options = new ListOffsetsOptions().timeoutMs((int) this.clients.timeout().toMillis());
		return answer((answer) -> {
			KafkaFuture<?> unused = this.clients.admin()
				.admin()
				.listOffsets(Map.of(partition, OffsetSpec.latest()), options)
				.partitionResult(partition)
				.whenComplete((end, failure) -> {
					if (failure != null) {
						answer.completeExceptionally(failure);
					}
					else {
						answer.complete(new LogEnd(end.offset(), end.leaderEpoch().orElse(-1)));
					}
				});
		});
	}

	private <T> CompletableFuture<T> answer(Consumer<CompletableFuture<T>> question) {
		CompletableFuture<T> answer = new CompletableFuture<>();
		try {
			this.executor.execute(() -> {
				try {
					question.accept(answer);
				}
				catch (RuntimeException | Error ex) {
					answer.completeExceptionally(ex);
				}
			});
		}
		catch (RejectedExecutionException ex) {
			answer.completeExceptionally(ex);
		}
		return answer;
	}

	/**
	 * Wait until every state is written, then give up everything else.
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @throws InterruptedException if the caller shall not wait
	 */
	void close(long deadline) throws InterruptedException {
		try {
			while (this.states != null && this.states.isSaving() && System.nanoTime() - deadline < 0) {
				Thread.sleep(10);
			}
		}
		finally {
			this.executor.shutdownNow();
			if (this.states != null) {
				this.states.close();
			}
		}
	}

}
