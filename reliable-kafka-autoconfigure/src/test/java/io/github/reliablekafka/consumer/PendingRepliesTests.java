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

package io.github.reliablekafka.consumer;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.listener.ListenerExecutionFailedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PendingReplies}.
 */
class PendingRepliesTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private final PendingReplies replies = new PendingReplies();

	private final ListenedRecords listened = new ListenedRecords(new MockConsumer<>("earliest"), Map.of(), null);

	private final ConsumerRecord<String, String> record = new ConsumerRecord<>("t", 0, 7, null, "v");

	@Test
	void recordWaitsUntilItsReplyIsAcknowledged() {
		CompletableFuture<Void> reply = new CompletableFuture<>();
		this.replies.add(List.of(this.record), List.of(reply));
		assertThat(this.replies.has(this.record)).isTrue();
		this.replies.settle(this.listened);
		assertThat(this.replies.has(this.record)).isTrue();
		reply.complete(null);
		this.replies.settle(this.listened);
		assertThat(this.replies.isEmpty()).isTrue();
		assertThat(this.replies.takeFailed()).isEmpty();
	}

	@Test
	void replyThatFailsLaterHasItsRecordPolledAgainOnce() {
		fail();
		assertThat(this.replies.takeFailed()).containsExactly(Map.entry(ZERO, 7L));
		assertThat(this.replies.takeFailed()).isEmpty();
	}

	@Test
	void replyThatFailsAgainFailsTheListenerEachTime() {
		fail();
		for (int attempt = 0; attempt < 3; attempt++) {
			assertThatExceptionOfType(ListenerExecutionFailedException.class).isThrownBy(() -> this.replies
				.add(List.of(this.record), List.of(CompletableFuture.failedFuture(new IllegalStateException("no")))));
		}
	}

	@Test
	void listenerNeedNotWaitOnceTheRecordIsKept() {
		fail();
		this.replies.kept(this.record);
		this.replies.add(List.of(this.record), List.of(new CompletableFuture<>()));
		assertThat(this.replies.has(this.record)).isTrue();
	}

	@Test
	void replyOfAnAssignmentThatIsOverIsForgotten() {
		CompletableFuture<Void> reply = new CompletableFuture<>();
		this.replies.add(List.of(this.record), List.of(reply));
		this.replies.forget(ZERO);
		reply.completeExceptionally(new IllegalStateException("no"));
		this.replies.settle(this.listened);
		assertThat(this.replies.takeFailed()).isEmpty();
	}

	private void fail() {
		CompletableFuture<Void> reply = new CompletableFuture<>();
		this.replies.add(List.of(this.record), List.of(reply));
		reply.completeExceptionally(new IllegalStateException("no"));
		this.replies.settle(this.listened);
	}

}
