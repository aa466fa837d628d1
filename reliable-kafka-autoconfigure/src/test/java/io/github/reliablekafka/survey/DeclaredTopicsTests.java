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

package io.github.reliablekafka.survey;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.BoundedAdmin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mockito.MockedConstruction;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.KafkaAdmin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockConstruction;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link DeclaredTopics}.
 */
@ExtendWith(OutputCaptureExtension.class)
class DeclaredTopicsTests {

	private final DeclaredTopics declared = new DeclaredTopics();

	@Test
	void topicThatIsRefusedKeepsNoOtherFromBeingCompleted(CapturedOutput output) {
		try (MockedConstruction<BoundedAdmin> clients = clients(new PolicyViolationException("not so"))) {
			Predicate<NewTopic> admin = admin("here:9092");
			assertThat(admin.test(topic("one"))).isTrue();
			assertThat(admin.test(topic("two"))).isTrue();
			verify(clients.constructed().get(0), times(2)).createComplete(any(NewTopic.class), anyLong());
		}
		assertThat(output).contains("Topic 'one' could not be completed", "Topic 'two' could not be completed");
	}

	@Test
	void clusterThatDoesNotAnswerIsNotAskedForEachTopicAndKeepsNoOtherClusterFromIt(CapturedOutput output) {
		try (MockedConstruction<BoundedAdmin> clients = clients(new TimeoutException("no answer"))) {
			Predicate<NewTopic> admin = admin("here:9092");
			assertThat(admin.test(topic("one"))).isTrue();
			assertThat(admin.test(topic("two"))).isTrue();
			verify(clients.constructed().get(0), times(1)).createComplete(any(NewTopic.class), anyLong());
			assertThat(admin("there:9092").test(topic("three"))).isTrue();
			verify(clients.constructed().get(1), times(1)).createComplete(any(NewTopic.class), anyLong());
		}
		assertThat(output).contains("Topic 'one' could not be completed", "Topic 'three' could not be completed")
			.doesNotContain("Topic 'two'");
	}

	@Test
	void adminThatIsAMockKeepsNoOtherFromCreatingTopics() {
		KafkaAdmin mock = mock(KafkaAdmin.class);
		given(mock.getConfigurationProperties()).willThrow(new IllegalStateException("a mock"));
		this.declared.postProcessAfterInitialization(mock, "mock");
		try (MockedConstruction<BoundedAdmin> clients = clients(new PolicyViolationException("not so"))) {
			assertThat(admin("here:9092").test(topic("one"))).isTrue();
			verify(clients.constructed().get(0)).createComplete(any(NewTopic.class), anyLong());
		}
	}

	@Test
	@SuppressWarnings({ "unchecked", "rawtypes" })
	void clustersThatAreAwayAreWaitedForTogether(CapturedOutput output) {
		List<BoundedAdmin> asked = new ArrayList<>();
		DeclaredTopics topics = new DeclaredTopics((settings) -> {
			BoundedAdmin client = mock(BoundedAdmin.class);
			given(client.reach())
				.willReturn((Future) CompletableFuture.failedFuture(new TimeoutException("no answer")));
			asked.add(client);
			return client;
		});
		List<Predicate<NewTopic>> admins = IntStream.range(0, 6)
			.mapToObj((number) -> admin(topics, "here:9092"))
			.toList();
		assertThat(admins.get(0).test(topic("one"))).isTrue();
		assertThat(asked).hasSize(6).allSatisfy((client) -> verify(client).reach());
		for (Predicate<NewTopic> admin : admins) {
			assertThat(admin.test(topic("one"))).isTrue();
			assertThat(admin.test(topic("two"))).isTrue();
		}
		assertThat(asked).hasSize(6).allSatisfy((client) -> {
			verify(client).reach();
			verify(client, never()).describe(anyString(), anyLong());
			verify(client).close();
		});
		assertThat(output).contains("Topic 'one' could not be completed").doesNotContain("Topic 'two'");
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static MockedConstruction<BoundedAdmin> clients(KafkaException failure) {
		return mockConstruction(BoundedAdmin.class, (client, context) -> {
			given(client.describe(anyString(), anyLong())).willReturn(Optional.empty());
			given(client.reach()).willReturn((Future) CompletableFuture.completedFuture(null));
			given(client.createComplete(any(NewTopic.class), anyLong())).willThrow(failure);
		});
	}

	@SuppressWarnings("unchecked")
	private static Predicate<NewTopic> admin(DeclaredTopics declared, String address) {
		Map<String, Object> settings = new HashMap<>();
		settings.put("bootstrap.servers", List.of(address));
		KafkaAdmin admin = new KafkaAdmin(settings);
		declared.postProcessAfterInitialization(admin, "admin");
		return (Predicate<NewTopic>) new DirectFieldAccessor(admin).getPropertyValue("createOrModifyTopic");
	}

	private Predicate<NewTopic> admin(String address) {
		return admin(this.declared, address);
	}

	private static NewTopic topic(String name) {
		return new NewTopic(name, Optional.of(1), Optional.empty());
	}

}
