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

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.messaging.handler.annotation.SendTo;

/**
 * Listeners whose records are processed when they have returned, when their reply is
 * acknowledged, or when their transaction is committed.
 */
@Configuration(proxyBeanMethods = false)
class CampaignListeners {

	private static final String CLASSIC = "session.timeout.ms=6000";

	private static final String NEWER = "group.protocol=consumer";

	private static final String HANGING = "max.poll.interval.ms=8000";

	private final KafkaTemplate<String, String> template;

	private final String topic;

	private final CampaignMood mood;

	CampaignListeners(@Qualifier("transactionalTemplate") KafkaTemplate<String, String> template,
			@Value("${topic}") String topic, CampaignMood mood) {
		this.template = template;
		this.topic = topic;
		this.mood = mood;
	}

	@Bean
	static CampaignMood mood(@Value("${seed}") long seed, @Value("${calm:false}") boolean calm,
			@Value("${hangs:0}") double hangs) {
		return new CampaignMood(seed ^ ProcessHandle.current().pid(), calm, hangs);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-record", ackMode = "RECORD",
			properties = { CLASSIC, HANGING })
	void record(ConsumerRecord<?, String> record) {
		process("record", record);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-plain", properties = { NEWER, HANGING })
	void plain(ConsumerRecord<?, String> record) {
		process("plain", record);
	}

	private void process(String group, ConsumerRecord<?, String> record) {
		this.mood.work(group, record);
		this.mood.done(group, record);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-batch", batch = "true",
			properties = { CLASSIC, HANGING, "group.instance.id=${instance}-batch" })
	void batch(List<ConsumerRecord<?, String>> records) {
		for (ConsumerRecord<?, String> record : records) {
			try {
				process("batch", record);
			}
			catch (IllegalStateException ex) {
				if (this.mood.comes(0.05)) {
					this.mood.failed("batch", records);
					throw ex;
				}
				throw new BatchListenerFailedException("failed on purpose", ex, record);
			}
		}
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-reply", properties = NEWER)
	@SendTo("${topic}-reply")
	String reply(ConsumerRecord<?, String> record) {
		this.mood.work("reply", record);
		return record.value().startsWith("large") ? record.value().repeat(200) : record.value();
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-tx", containerFactory = "transactionalListeners",
			properties = CLASSIC)
	void transactional(ConsumerRecord<?, String> record) {
		this.template.send(this.topic + "-tx", record.value());
		this.mood.work("tx", record);
	}

	@KafkaListener(topics = "${topic}", groupId = "${topic}-txbatch", containerFactory = "transactionalListeners",
			batch = "true", properties = { NEWER, "group.instance.id=${instance}-txbatch" })
	void transactionalBatch(List<ConsumerRecord<?, String>> records) {
		for (ConsumerRecord<?, String> record : records) {
			this.template.send(this.topic + "-txbatch", record.value());
			try {
				this.mood.work("txbatch", record);
			}
			catch (IllegalStateException ex) {
				// All of them are rolled back.
				this.mood.failed("txbatch", records);
				throw new BatchListenerFailedException("failed on purpose", ex, record);
			}
		}
	}

}
