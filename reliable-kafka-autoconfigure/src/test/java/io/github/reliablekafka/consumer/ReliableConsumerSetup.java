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

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.CommonErrorHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with consumers.
 */
abstract class ReliableConsumerSetup {

	final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
				ReliableConsumerAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withPropertyValues("spring.kafka.listener.auto-startup=false", "spring.kafka.consumer.group-id=g");

	static DefaultKafkaConsumerFactory<?, ?> factory(Deserializer<?> key, Deserializer<?> value) {
		return new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", "localhost:1"), key, value, false);
	}

	static AbstractMessageListenerContainer<?, ?> container(KafkaListenerEndpointRegistry registry, String id) {
		return (AbstractMessageListenerContainer<?, ?>) registry.getListenerContainer(id);
	}

	static List<Violation> violations(Throwable failure) {
		assertThat(failure).isNotNull();
		Throwable cause = failure;
		while (!(cause instanceof UnsafeSettingsException)) {
			assertThat(cause.getCause()).as(Arrays.toString(cause.getStackTrace())).isNotNull();
			cause = cause.getCause();
		}
		return ((UnsafeSettingsException) cause).violations();
	}

	public static class CountingInterceptor implements ConsumerInterceptor<Object, Object> {

		@Override
		public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
			return records;
		}

		@Override
		public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
		}

		@Override
		public void close() {
		}

		@Override
		public void configure(Map<String, ?> configs) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OverridingListener {

		@KafkaListener(id = "overriding", topics = "t",
				properties = {
						"interceptor.classes="
								+ "io.github.reliablekafka.consumer.ReliableConsumerSetup$CountingInterceptor",
						"value.deserializer=org.apache.kafka.common.serialization.IntegerDeserializer" })
		void listen(ConsumerRecord<?, ?> record) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoErrorHandlers {

		@Bean
		CommonErrorHandler handlerOne() {
			return new CommonErrorHandler() {
			};
		}

		@Bean
		CommonErrorHandler handlerTwo() {
			return new CommonErrorHandler() {
			};
		}

	}

}
