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
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AbstractConsumerSeekAware;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.TopicPartitionOffset;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedSeekCallbacks}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedSeekCallbacksTests {

	private final Object bean = new AbstractConsumerSeekAware() {
	};

	@Test
	void sameTopicIsNamed(CapturedOutput output) {
		warnOf(new ContainerProperties("a", "b"), new ContainerProperties("b"));
		assertThat(output).contains("what the others seek does nothing");
	}

	@Test
	void topicThatAPatternMatchesIsNamed(CapturedOutput output) {
		warnOf(new ContainerProperties("a", "b"), new ContainerProperties(Pattern.compile("b.*")));
		assertThat(output).contains("what the others seek does nothing");
	}

	@Test
	void topicsThatAPatternDoesNotMatchAreNotNamed(CapturedOutput output) {
		warnOf(new ContainerProperties("a", "ab"), new ContainerProperties(Pattern.compile("b.*")));
		assertThat(output).doesNotContain("seek callbacks");
	}

	@Test
	void patternsMayMatchTheSame(CapturedOutput output) {
		warnOf(new ContainerProperties(Pattern.compile("a.*")), new ContainerProperties(Pattern.compile("b.*")));
		assertThat(output).contains("what the others seek may do nothing");
	}

	@Test
	void partitionsThatAreAssignedByHandAreNeverTakenAway(CapturedOutput output) {
		warnOf(new ContainerProperties(new TopicPartitionOffset("a", 0)), new ContainerProperties("a"));
		warnOf(new ContainerProperties(new TopicPartitionOffset("a", 0)),
				new ContainerProperties(Pattern.compile("a.*")));
		assertThat(output).doesNotContain("seek callbacks");
	}

	private void warnOf(ContainerProperties one, ContainerProperties other) {
		SharedSeekCallbacks.warnOf(List.of(container(one), container(other)));
	}

	private ConcurrentMessageListenerContainer<String, String> container(ContainerProperties properties) {
		properties.setMessageListener(new RecordMessagingMessageListenerAdapter<String, String>(this.bean, null));
		return new ConcurrentMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), properties);
	}

}
