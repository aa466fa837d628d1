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

package io.github.reliablekafka.deadletter;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.kafka.retrytopic.RetryTopicConfiguration;
import org.springframework.kafka.retrytopic.RetryTopicConfigurationBuilder;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * {@link AutoConfiguration Auto-configuration} for retry topics with the delays of
 * RocketMQ. What the application configures for a topic itself goes first.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = { DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class })
@ConditionalOnClass(RetryTopicConfiguration.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@ConditionalOnProperty(name = "reliable.kafka.consumer.retry.policy", havingValue = "rocketmq")
public final class RetryTopicsAutoConfiguration {

	RetryTopicsAutoConfiguration() {
	}

	@Bean
	RetryTopicConfiguration reliableKafkaRetryTopics(RetryProperties retry, DeadLetterProperties deadLetter,
			Environment environment) {
		Assert.state(deadLetter.enabled(),
				"reliable.kafka.consumer.retry.policy=rocketmq needs reliable.kafka.dead-letter.enabled=true");
		RetryTopicConfigurationBuilder builder = RetryTopicConfigurationBuilder.newInstance()
			.maxAttempts(retry.delays().size() + 1)
			.customBackoff(retry.levelsBackOff())
			.retryTopicSuffix("-%s-retry".formatted(group(environment)))
			.dltSuffix(deadLetter.suffix())
			// With the partitions and the durability of their source, which is not known
			// yet.
			.doNotAutoCreateRetryTopics()
			.autoStartDltHandler(false)
			.concurrency(1)
			.includeTopics(retry.topics());
		if (!retry.notRetryable().isEmpty()) {
			builder.notRetryOn(retry.notRetryable()).traversingCauses();
		}
		else if (!retry.retryable().isEmpty()) {
			builder.retryOn(retry.retryable()).traversingCauses();
		}
		return builder.create(new RetryTopicRecoverer.OriginalBytes());
	}

	// Without it the groups of several applications would get each other's failures.
	private static String group(Environment environment) {
		String group = environment.getProperty("spring.kafka.consumer.group-id");
		if (!StringUtils.hasText(group)) {
			group = environment.getProperty("spring.application.name");
		}
		if (!StringUtils.hasText(group)) {
			throw new IllegalStateException("reliable.kafka.consumer.retry.policy=rocketmq needs "
					+ "spring.kafka.consumer.group-id or spring.application.name for the names of retry topics");
		}
		return group.replaceAll("[^A-Za-z0-9._-]", "_");
	}

}
