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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.listener.SeekUtils;
import org.springframework.kafka.retrytopic.DeadLetterPublishingRecovererFactory;
import org.springframework.kafka.retrytopic.ListenerContainerFactoryConfigurer;
import org.springframework.kafka.retrytopic.RetryTopicConfigurer;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that Spring Kafka is still built the way we count on where it offers no other
 * way.
 */
class UpstreamErrorHandlingTests {

	@Test
	void containerFactoryHasOneSlotForACustomizer() {
		ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
		assertThat(read(factory, "containerCustomizer")).isNull();
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer = (
				container) -> {
		};
		factory.setContainerCustomizer(customizer);
		assertThat(read(factory, "containerCustomizer")).isSameAs(customizer);
	}

	@Test
	void bootFactoryKeepsSingleBeansInTheseFields() {
		ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
		for (String field : List.of("commonErrorHandler", "recordInterceptor", "batchInterceptor",
				"recordFilterStrategy", "afterRollbackProcessor", "containerProperties.consumerRebalanceListener")) {
			assertThat(read(factory, field)).as(field).isNull();
		}
	}

	@Test
	void containerKeepsItsConsumerFactory() {
		ConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(Map.of());
		assertThat(read(new KafkaMessageListenerContainer<>(factory, new ContainerProperties("t")), "consumerFactory"))
			.isSameAs(factory);
	}

	@Test
	void consumerFactoryKeepsItsDeserializerSuppliers() {
		DefaultKafkaConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(Map.of());
		assertThat(read(factory, "keyDeserializerSupplier")).isInstanceOf(Supplier.class);
		assertThat(read(factory, "valueDeserializerSupplier")).isInstanceOf(Supplier.class);
	}

	@Test
	void handlersWithoutRecovererHaveTheSameOne() {
		Class<?> logAndSkip = read(new DefaultErrorHandler(), "failureTracker.recoverer").getClass();
		assertThat(read(new DefaultErrorHandler(new FixedBackOff(1, 1)), "failureTracker.recoverer"))
			.isInstanceOf(logAndSkip);
		assertThat(read(new DefaultAfterRollbackProcessor<>(), "failureTracker.recoverer")).isInstanceOf(logAndSkip);
		assertThat(read(new DefaultAfterRollbackProcessor<>(), "backOff")).isSameAs(SeekUtils.DEFAULT_BACK_OFF);
		assertThat(read(new DefaultErrorHandler((record, exception) -> {
		}), "failureTracker.recoverer")).isNotInstanceOf(logAndSkip);
		ConsumerAwareRecordRecoverer aware = (record, consumer, exception) -> {
		};
		assertThat(read(new DefaultErrorHandler(aware), "failureTracker.recoverer")).isNotInstanceOf(logAndSkip);
		assertThat(read(new DefaultAfterRollbackProcessor<>((record, exception) -> {
		}), "failureTracker.recoverer")).isNotInstanceOf(logAndSkip);
	}

	@Test
	void retryListenersCanBeAdded() {
		DefaultErrorHandler handler = new DefaultErrorHandler();
		RetryListener listener = (record, exception, attempt) -> {
		};
		@SuppressWarnings("unchecked")
		List<RetryListener> listeners = (List<RetryListener>) read(handler, "failureTracker.retryListeners");
		listeners.add(listener);
		assertThat(listeners).containsExactly(listener);
	}

	@Test
	void retryTopicsKeepTheirCustomizers() {
		assertThat(ReflectionUtils.findField(RetryTopicConfigurer.class, "listenerContainerFactoryConfigurer",
				ListenerContainerFactoryConfigurer.class))
			.isNotNull();
		assertThat(ReflectionUtils.findField(ListenerContainerFactoryConfigurer.class,
				"deadLetterPublishingRecovererFactory", DeadLetterPublishingRecovererFactory.class))
			.isNotNull();
		assertThat(ReflectionUtils.findField(ListenerContainerFactoryConfigurer.class, "errorHandlerCustomizer"))
			.isNotNull();
		assertThat(ReflectionUtils.findField(DeadLetterPublishingRecovererFactory.class, "recovererCustomizer"))
			.isNotNull();
	}

	@Test
	void bufferTakesTheDeliveryTimeoutAway() {
		for (Map<String, Object> settings : List.<Map<String, Object>>of(Map.of(),
				Map.of(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE),
				Map.of(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "2147483647"))) {
			assertThat(KafkaUtils.determineSendTimeout(settings, -Integer.MAX_VALUE, 500))
				.isEqualTo(Duration.ofMillis(500));
		}
	}

	private static Object read(Object target, String field) {
		return new DirectFieldAccessor(target).getPropertyValue(field);
	}

}
