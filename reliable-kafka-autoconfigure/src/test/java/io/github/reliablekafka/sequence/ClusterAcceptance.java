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

import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/**
 * Tests against three brokers, each with an application and a topic of its own. Members
 * of groups of the newer protocol are missed as soon as those of the older one.
 */
@KafkaClusterTest(shared = true,
		properties = { "group.consumer.min.session.timeout.ms=6000", "group.consumer.session.timeout.ms=6000",
				"group.consumer.min.heartbeat.interval.ms=1000", "group.consumer.heartbeat.interval.ms=1000" })
abstract class ClusterAcceptance {

	static Acceptance acceptance;

	static KafkaCluster cluster;

	String topic;

	CheckedApplication application;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
		acceptance = new Acceptance(started);
	}

	@AfterAll
	static void disconnect() {
		Acceptance.printComparison();
		acceptance.close();
	}

	@BeforeEach
	void start(TestInfo test) {
		this.topic = test.getTestMethod().orElseThrow().getName();
		this.application = new CheckedApplication(cluster, acceptance.acknowledged);
	}

	@AfterEach
	void close() {
		cluster.restore();
		this.application.close();
	}

}
