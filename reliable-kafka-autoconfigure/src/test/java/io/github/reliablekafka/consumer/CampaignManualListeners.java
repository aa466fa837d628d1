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

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.Acknowledgment;

/**
 * Listeners that acknowledge by hand, also later, out of order, in parts or never.
 */
@Configuration(proxyBeanMethods = false)
class CampaignManualListeners implements DisposableBean {

	private static final String CLASSIC = "session.timeout.ms=6000";

	private static final String NEWER = "group.protocol=consumer";

	private static final Duration BACK_SOON = Duration.ofMillis(50);

	private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);

	private final CampaignMood mood;

	CampaignManualListeners(CampaignMood mood) {
		this.mood = mood;
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-manual", ackMode = "MANUAL",
			properties = { NEWER, "group.instance.id=${instance}-manual" })
	void manual(ConsumerRecord<?, String> record, Acknowledgment acknowledgment) {
		this.mood.work("manual", record);
		if (this.mood.comes(0.02)) {
			acknowledgment.nack(BACK_SOON);
			return;
		}
		later("manual", record, acknowledgment);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-forgetful", ackMode = "MANUAL_IMMEDIATE",
			properties = CLASSIC, autoStartup = "${forgetful:false}")
	void forgetful(ConsumerRecord<?, String> record, Acknowledgment acknowledgment) {
		this.mood.work("forgetful", record);
		if (!this.mood.comes(0.005)) {
			later("forgetful", record, acknowledgment);
		}
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-immediate", ackMode = "MANUAL_IMMEDIATE",
			properties = CLASSIC)
	void immediate(ConsumerRecord<?, String> record, Acknowledgment acknowledgment) {
		this.mood.work("immediate", record);
		if (this.mood.comes(0.02)) {
			acknowledgment.nack(BACK_SOON);
			return;
		}
		this.mood.done("immediate", record);
		committing("immediate", List.of(record), acknowledgment::acknowledge);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-index", ackMode = "MANUAL_IMMEDIATE", batch = "true",
			properties = NEWER)
	void index(List<ConsumerRecord<?, String>> records, Acknowledgment acknowledgment) {
		int acknowledged = -1;
		for (int i = 0; i < records.size(); i++) {
			ConsumerRecord<?, String> record = records.get(i);
			try {
				this.mood.work("index", record);
			}
			catch (IllegalStateException ex) {
				throw new BatchListenerFailedException("failed on purpose", ex, record);
			}
			if (this.mood.comes(0.02)) {
				int first = i;
				committing("index", records, () -> acknowledgment.nack(first, BACK_SOON));
				return;
			}
			this.mood.done("index", record);
			if (this.mood.comes(0.1) && i < records.size() - 1) {
				int last = i;
				committing("index", records, () -> acknowledgment.acknowledge(last));
				acknowledged = i;
			}
		}
		if (records.isEmpty() || acknowledged < records.size() - 1) {
			committing("index", records, acknowledgment::acknowledge);
		}
	}

	// A commit that fails is thrown by the listener.
	private void committing(String group, List<? extends ConsumerRecord<?, String>> records, Runnable commit) {
		try {
			commit.run();
		}
		catch (RuntimeException ex) {
			this.mood.failed(group, records);
			throw ex;
		}
	}

	private void later(String group, ConsumerRecord<?, String> record, Acknowledgment acknowledgment) {
		Future<?> unused = this.executor.schedule(() -> {
			this.mood.done(group, record);
			acknowledgment.acknowledge();
		}, this.mood.delay().toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public void destroy() {
		this.executor.shutdownNow();
	}

}
