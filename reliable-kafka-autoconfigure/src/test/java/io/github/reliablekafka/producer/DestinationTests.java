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

package io.github.reliablekafka.producer;

import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Destination} and {@link ClusterIdentity}.
 */
class DestinationTests {

	@Test
	void sameAddressesInAnyOrderAreTheSame() {
		Destination destination = of("factory", "B:9092, a:9092");
		assertThat(of("factory", List.of("a:9092", "b:9092"))).isEqualTo(destination);
		assertThat(of("factory", "a:9092")).isNotEqualTo(destination);
		assertThat(of("other", "a:9092,b:9092")).isNotEqualTo(destination);
	}

	@Test
	void clusterThatIsKnownIsNamedByItsId() {
		String before = of("factory 'a at b'", "kafka:9092").named("one");
		assertThat(of("factory 'a at b'", "other:9092").named("one")).isEqualTo(before);
		assertThat(of("factory 'a at b'", "kafka:9092").named("two")).isNotEqualTo(before);
		assertThat(Destination.subjectOf(before)).isEqualTo("factory 'a at b'");
		assertThat(Destination.isByAddress(before)).isFalse();
	}

	@Test
	void clusterThatIsNotKnownIsNamedByItsAddresses() {
		String name = of("factory 'a in b'", "kafka:9092").named(null);
		assertThat(name).isEqualTo(of("factory 'a in b'", "kafka:9092").byAddress()).contains("kafka:9092");
		assertThat(Destination.subjectOf(name)).isEqualTo("factory 'a in b'");
		assertThat(Destination.isByAddress(name)).isTrue();
	}

	@Test
	void nameTellsTheClusterOnceItWasHeardOf() {
		Destination destination = of("factory 'a in one'", "one");
		assertThat(Destination.isIn(destination.named("one"), "one")).isTrue();
		assertThat(Destination.isIn(destination.named("two"), "one")).isFalse();
		assertThat(Destination.isIn(destination.named(null), "one")).isFalse();
		assertThat(Destination.isIn("in one", "one")).isFalse();
	}

	@Test
	void whoListensHearsOfTheClusterBeforeAndAfterItAnswered() {
		ClusterIdentity identity = new ClusterIdentity();
		StringBuilder heard = new StringBuilder();
		identity.onFound((id) -> heard.append("first ").append(id).append(' '));
		assertThat(heard).isEmpty();
		identity.found(null);
		identity.found("one");
		identity.found("one");
		identity.onFound((id) -> heard.append("second ").append(id));
		assertThat(heard).hasToString("first one second one");
		assertThat(identity.id()).isEqualTo("one");
	}

	private static Destination of(String subject, Object servers) {
		return Destination.of(subject, Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers));
	}

}
