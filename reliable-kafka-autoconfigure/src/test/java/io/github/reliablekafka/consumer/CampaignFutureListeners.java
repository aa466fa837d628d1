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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;

/**
 * Listeners that return before their work is done, which other threads do. It fails
 * there, so that what they have returned is a future that fails.
 */
@Configuration(proxyBeanMethods = false)
class CampaignFutureListeners implements DisposableBean {

	private static final String CLASSIC = "session.timeout.ms=6000";

	private static final String NEWER = "group.protocol=consumer";

	private static final String HANGING = "max.poll.interval.ms=8000";

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final CampaignMood mood;

	CampaignFutureListeners(CampaignMood mood) {
		this.mood = mood;
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-future", properties = { CLASSIC, HANGING })
	CompletableFuture<Void> future(ConsumerRecord<?, String> record) {
		if (this.mood.comes(0.005)) {
			this.mood.failed("future", record);
			throw new IllegalStateException("fails before there is a future");
		}
		return begin("future", record);
	}

	/** The records of a batch at the same time. */
	@KafkaListener(topics = "${topic}", groupId = "${topic}-futures", batch = "true",
			properties = { NEWER, HANGING, "group.instance.id=${instance}-futures" })
	CompletableFuture<Void> futures(List<ConsumerRecord<?, String>> records) {
		List<CompletableFuture<Void>> work = records.stream().map((record) -> begin("futures", record)).toList();
		return CompletableFuture.allOf(work.toArray(CompletableFuture[]::new)).exceptionally((failure) -> {
			if (this.mood.comes(0.05)) {
				this.mood.failed("futures", records);
				throw new IllegalStateException("failed as a whole", failure);
			}
			for (int i = 0; i < work.size(); i++) {
				if (work.get(i).isCompletedExceptionally()) {
					throw new BatchListenerFailedException("failed on purpose", failure, records.get(i));
				}
			}
			throw new IllegalStateException(failure);
		});
	}

	private CompletableFuture<Void> begin(String group, ConsumerRecord<?, String> record) {
		Executor later = this.mood.comes(0.1)
				? CompletableFuture.delayedExecutor(this.mood.delay().toMillis(), TimeUnit.MILLISECONDS, this.executor)
				: this.executor;
		return CompletableFuture.runAsync(() -> {
			this.mood.work(group, record);
			this.mood.done(group, record);
		}, later);
	}

	@Override
	public void destroy() {
		this.executor.shutdownNow();
	}

}
