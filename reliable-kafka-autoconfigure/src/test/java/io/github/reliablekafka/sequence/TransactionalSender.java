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

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Sends records in transactions, and writes down those whose commit has returned.
 */
final class TransactionalSender {

	private final KafkaTemplate<String, String> template;

	private final AcknowledgedRecords acknowledged;

	private final String topic;

	private final int partitions;

	TransactionalSender(CheckedApplication application, AcknowledgedRecords acknowledged, String topic,
			int partitions) {
		this.template = application.template();
		this.acknowledged = acknowledged;
		this.topic = topic;
		this.partitions = partitions;
	}

	/**
	 * Commit and abort some transactions.
	 * @param sender a name for this series, of which there is no other
	 * @param transactions how many
	 * @return how many of them were aborted
	 */
	int transact(int sender, int transactions) {
		Random random = new Random(sender);
		int aborted = 0;
		for (int t = 0; t < transactions; t++) {
			String prefix = sender + "-" + t;
			if (random.nextInt(3) == 0) {
				aborted++;
				assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> abort(prefix));
			}
			else {
				commit(prefix);
			}
		}
		return aborted;
	}

	/**
	 * Begin a transaction, and abort it when its records are written.
	 * @param prefix of the records
	 */
	void abort(String prefix) {
		this.template.executeInTransaction((operations) -> {
			for (int i = 0; i < 8; i++) {
				operations.send(SentHeaders.record(this.topic, i % this.partitions, prefix + "-aborted-" + i));
			}
			operations.flush();
			throw new UnsupportedOperationException("on purpose");
		});
	}

	void commit(String prefix) {
		List<CompletableFuture<SendResult<String, String>>> sends = new ArrayList<>();
		this.template.executeInTransaction((operations) -> {
			for (int i = 0; i < 8; i++) {
				sends.add(operations.send(SentHeaders.record(this.topic, i % this.partitions, prefix + "-" + i)));
			}
			return true;
		});
		sends.stream()
			.map(CompletableFuture::join)
			.forEach((result) -> this.acknowledged.add(result.getProducerRecord(), result.getRecordMetadata()));
	}

}
