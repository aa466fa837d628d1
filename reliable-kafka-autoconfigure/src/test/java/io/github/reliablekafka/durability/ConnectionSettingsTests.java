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

package io.github.reliablekafka.durability;

import java.util.List;
import java.util.Map;

import io.github.reliablekafka.sequence.SequenceBoards;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionSettings}.
 */
class ConnectionSettingsTests {

	private static final String SASL = "security.protocol";

	@Test
	void eachClientHasAnIdOfItsOwnAndSendsNoMetrics() {
		Map<String, Object> one = ConnectionSettings.ofOwnClient(Map.of("bootstrap.servers", "a:1"), "name");
		Map<String, Object> other = ConnectionSettings.ofOwnClient(Map.of("bootstrap.servers", "a:1"), "name");
		assertThat(one).containsEntry("bootstrap.servers", "a:1").containsEntry("enable.metrics.push", "false");
		assertThat(one.get("client.id")).asString().startsWith("name-").isNotEqualTo(other.get("client.id"));
	}

	@Test
	void identityIsTheAddressesAndEverythingAboutSecurity() {
		Map<String, Object> identity = ConnectionSettings.identity(Map.of("bootstrap.servers", List.of("b:1", "a:1"),
				SASL, "SASL_SSL", "sasl.jaas.config", "one", "acks", "all", "client.id", "x"));
		assertThat(identity).isEqualTo(ConnectionSettings.identity(Map.of("bootstrap.servers", "a:1, b:1", SASL,
				"SASL_SSL", "sasl.jaas.config", "one", "group.id", "y", "send.buffer.bytes", 1)));
		assertThat(identity).isNotEqualTo(ConnectionSettings
			.identity(Map.of("bootstrap.servers", "a:1, b:1", SASL, "SASL_SSL", "sasl.jaas.config", "two")));
		assertThat(identity).isNotEqualTo(ConnectionSettings
			.identity(Map.of("bootstrap.servers", "a:1", SASL, "SASL_SSL", "sasl.jaas.config", "one")));
	}

	@Test
	void boardIsTheSameForTheSameIdentity() {
		SequenceBoards boards = new SequenceBoards();
		Map<String, Object> producer = Map.of("bootstrap.servers", "a:1", "sasl.jaas.config", "producer");
		Map<String, Object> consumer = Map.of("bootstrap.servers", "a:1", "sasl.jaas.config", "consumer");
		assertThat(boards.board(ConnectionSettings.identity(producer), producer))
			.isSameAs(boards.board(ConnectionSettings.identity(producer), producer))
			.isNotSameAs(boards.board(ConnectionSettings.identity(consumer), consumer));
		assertThat(boards.all()).extracting((board) -> board.connection().get("sasl.jaas.config"))
			.containsExactlyInAnyOrder("producer", "consumer");
	}

}
