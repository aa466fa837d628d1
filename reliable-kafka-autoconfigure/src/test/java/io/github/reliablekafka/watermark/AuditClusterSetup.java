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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.SequenceProperties.Watermarks;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.SharedBroker;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * Applications that look things up on the shared broker.
 */
@SharedBroker
abstract class AuditClusterSetup {

	/**
	 * An application has more patience.
	 */
	static final Duration TIMEOUT = Duration.ofSeconds(9);

	static String servers;

	static KafkaProbe probe;

	static Admin admin;

	final String topic = "orders-" + UUID.randomUUID();

	final Lane lane = new Lane(this.topic, 0);

	final String control = "audit-" + UUID.randomUUID();

	final String state = this.control + "-state";

	final List<AuditClusters> applications = new ArrayList<>();

	SequenceBoard board;

	@BeforeAll
	static void connect(KafkaProbe shared) {
		probe = shared;
		servers = shared.bootstrapServers();
		admin = Admin.create(Map.of("bootstrap.servers", servers));
	}

	@AfterAll
	static void disconnect() {
		admin.close();
	}

	@BeforeEach
	void start() {
		this.board = application(Watermarks.CONTROL_TOPIC);
	}

	@AfterEach
	void stop() {
		this.applications.forEach(AuditClusters::destroy);
	}

	LogAccess access() {
		return this.board.logAccess();
	}

	SequenceBoard application(Watermarks watermarks) {
		SequenceBoards boards = new SequenceBoards();
		this.applications.add(new AuditClusters(new SequenceProperties(true, watermarks, Duration.ofSeconds(5),
				Duration.ofMillis(500), this.control, this.state, Duration.ofDays(30)), boards, TIMEOUT));
		return boards.board(Set.of(servers), Map.of("bootstrap.servers", servers));
	}

	// Every second one is aborted, if they are sent in transactions.
	void send(String transactionalId, String... headers) {
		Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", servers));
		if (transactionalId != null) {
			settings.put("transactional.id", transactionalId);
		}
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(),
				new ByteArraySerializer())) {
			if (transactionalId != null) {
				producer.initTransactions();
			}
			for (int i = 0; i < headers.length; i++) {
				if (transactionalId != null) {
					producer.beginTransaction();
				}
				producer.send(new ProducerRecord<>(this.topic, 0, (byte[]) null, new byte[10],
						List.of(new RecordHeader(Stamp.HEADER, KafkaProbe.bytes(headers[i])))));
				producer.flush();
				if (transactionalId != null && i % 2 == 0) {
					producer.commitTransaction();
				}
				else if (transactionalId != null) {
					producer.abortTransaction();
				}
			}
		}
	}

	static Set<String> topics() {
		try {
			return admin.listTopics().names().get();
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
