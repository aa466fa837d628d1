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

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.serialization.BytesDeserializer;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.mock.MockConsumerFactory;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.kafka.support.serializer.JacksonJsonDeserializer;
import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ReliableConsumerAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReliableConsumerAutoConfigurationTests extends ReliableConsumerSetup {

	@Test
	void consumerFactoryWhenNothingIsSetGetsSafeSettings() {
		this.runner.run((context) -> {
			Map<String, Object> settings = settings(context);
			assertThat(settings).containsEntry("enable.auto.commit", "false")
				.containsEntry("auto.offset.reset", "none")
				.containsEntry(ResetPolicy.SETTING, "earliest")
				// They can read anything.
				.containsEntry("value.deserializer", StringDeserializer.class)
				.containsEntry("key.deserializer", StringDeserializer.class)
				.containsEntry("interceptor.classes", List.of(ConsumerSettingsVeto.class.getName()));
			assertThat(context).hasSingleBean(DeliveryLedger.class);
		});
	}

	@Test
	void consumerFactoryWhenSettingsAreSafeKeepsThem(CapturedOutput output) {
		this.runner
			.withPropertyValues("spring.kafka.consumer.auto-offset-reset=latest",
					"spring.kafka.consumer.enable-auto-commit=false",
					"spring.kafka.consumer.properties[interceptor.classes]=" + CountingInterceptor.class.getName())
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(settings(context)).containsEntry("auto.offset.reset", "none")
					.containsEntry(ResetPolicy.SETTING, "latest")
					.containsEntry("enable.auto.commit", false)
					.containsEntry("interceptor.classes",
							List.of(ConsumerSettingsVeto.class.getName(), CountingInterceptor.class.getName()));
				assertThat(output).contains("auto.offset.reset=latest");
			});
	}

	@Test
	void consumerWhenCreatedLaterWithAutoCommitIsRefused() {
		this.runner.run((context) -> {
			Properties overrides = new Properties();
			overrides.setProperty("enable.auto.commit", "true");
			ConsumerFactory<?, ?> factory = context.getBean(ConsumerFactory.class);
			assertThatExceptionOfType(Exception.class)
				.isThrownBy(() -> factory.createConsumer("other", "client", "-1", overrides))
				.havingRootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.withMessageContaining(
						"consumer 'client-1' in group 'other' of consumer factory 'kafkaConsumerFactory'")
				.withMessageContaining("enable.auto.commit is 'true'");
			// The failed construction left nothing that the next consumer could pick up.
			assertThat(ConsumerSettingsVeto.take()).isNull();
		});
	}

	@Test
	void consumerWhenVetoIsReplacedIsRefused() {
		this.runner.run((context) -> {
			Properties overrides = new Properties();
			overrides.setProperty("interceptor.classes", CountingInterceptor.class.getName());
			assertThatExceptionOfType(UnsafeSettingsException.class)
				.isThrownBy(() -> context.getBean(ConsumerFactory.class).createConsumer("other", null, null, overrides))
				.withMessageContaining("interceptor.classes is 'replaced'");
		});
	}

	@Test
	void consumerWhenCreatedKnowsItsSettings() {
		this.runner.run((context) -> {
			Properties overrides = new Properties();
			overrides.setProperty("max.poll.records", "7");
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class)
				.createConsumer("other", "client", null, overrides)) {
				assertThat(consumer).isInstanceOf(ReliableConsumer.class);
				assertThat(((ReliableConsumer<?, ?>) consumer).effectiveSettings()).containsEntry("group.id", "other")
					.containsEntry("max.poll.records", "7")
					.containsEntry("enable.auto.commit", "false")
					.doesNotContainKey(ConsumerCover.SETTING);
			}
		});
	}

	@Test
	void listenerWhenItHasInterceptorsAndDeserializersOfItsOwnKeepsThemAndTheVeto() {
		this.runner.withUserConfiguration(OverridingListener.class).run((context) -> {
			assertThat(context).hasNotFailed();
			Properties overrides = container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding")
				.getContainerProperties()
				.getKafkaConsumerProperties();
			assertThat(overrides)
				.containsEntry("interceptor.classes",
						List.of(ConsumerSettingsVeto.class.getName(), CountingInterceptor.class.getName()))
				.containsEntry("value.deserializer", ErrorHandlingDeserializer.class.getName())
				.containsEntry("spring.deserializer.value.delegate.class", IntegerDeserializer.class.getName());
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class)
				.createConsumer("g", null, null, overrides)) {
				assertThat(consumer).isInstanceOf(ReliableConsumer.class);
			}
		});
	}

	@Test
	void containerWhenApplicationHasInterceptorsAndCustomizerComposesThem() {
		this.runner.withUserConfiguration(OverridingListener.class, OwnBeans.class).run((context) -> {
			assertThat(context).hasNotFailed();
			AbstractMessageListenerContainer<?, ?> container = container(
					context.getBean(KafkaListenerEndpointRegistry.class), "overriding");
			assertThat(container.getRecordInterceptor()).isInstanceOf(RecordOutcomes.class)
				.extracting("next")
				.isSameAs(context.getBean(RecordInterceptor.class));
			assertThat(container.getBatchInterceptor()).isInstanceOf(BatchOutcomes.class)
				.extracting("next")
				.isSameAs(context.getBean(BatchInterceptor.class));
			assertThat(container.getContainerProperties().getIdleEventInterval()).isEqualTo(4711L);
			assertThat(container.getCommonErrorHandler()).isSameAs(context.getBean(CommonErrorHandler.class));
			assertThat(container.getContainerProperties().isCheckDeserExWhenValueNull()).isTrue();
		});
	}

	@Test
	void containerWhenCreatedLaterByAFactoryIsCovered() {
		this.runner.withUserConfiguration(OwnContainerFactory.class).run((context) -> {
			ConcurrentMessageListenerContainer<String, String> container = context
				.getBean("ownContainerFactory", OwnContainerFactory.Factory.class)
				.createContainer("later");
			assertThat(container.getRecordInterceptor()).isInstanceOf(RecordOutcomes.class);
		});
	}

	@Test
	void mockConsumerFactoryIsLeftAlone() {
		MockConsumer<Object, Object> mock = new MockConsumer<>("earliest");
		this.runner
			.withBean("mocks", ConsumerFactory.class, () -> new MockConsumerFactory<>(() -> mock),
					(definition) -> definition.setAutowireCandidate(false))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean("mocks", ConsumerFactory.class).createConsumer()).isSameAs(mock);
			});
	}

	@Test
	void deserializersWhenGivenAsObjectsAreWrapped() {
		IntegerDeserializer key = new IntegerDeserializer();
		JacksonJsonDeserializer<Object> value = new JacksonJsonDeserializer<>(Object.class);
		this.runner.withBean(DefaultKafkaConsumerFactory.class, () -> factory(key, value)).run((context) -> {
			DefaultKafkaConsumerFactory<?, ?> factory = context.getBean(DefaultKafkaConsumerFactory.class);
			assertThat(factory.getKeyDeserializer()).isInstanceOf(ErrorHandlingDeserializer.class)
				.hasFieldOrPropertyWithValue("delegate", key)
				.hasFieldOrPropertyWithValue("isForKey", true);
			assertThat(factory.getValueDeserializer()).isInstanceOf(ErrorHandlingDeserializer.class)
				.hasFieldOrPropertyWithValue("delegate", value)
				.hasFieldOrPropertyWithValue("isForKey", false);
		});
	}

	@Test
	void deserializersThatCannotFailStayAsTheyAre() {
		StringDeserializer key = new StringDeserializer();
		BytesDeserializer value = new BytesDeserializer();
		this.runner.withBean(DefaultKafkaConsumerFactory.class, () -> factory(key, value)).run((context) -> {
			DefaultKafkaConsumerFactory<?, ?> factory = context.getBean(DefaultKafkaConsumerFactory.class);
			assertThat(factory.getKeyDeserializer()).isSameAs(key);
			assertThat(factory.getValueDeserializer()).isSameAs(value);
		});
	}

	@Test
	void deserializersWhenErrorHandlingAlreadyStayAsTheyAre() {
		ErrorHandlingDeserializer<String> key = new ErrorHandlingDeserializer<>(new StringDeserializer());
		this.runner
			.withPropertyValues("spring.kafka.consumer.value-deserializer=" + ErrorHandlingDeserializer.class.getName(),
					"spring.kafka.consumer.properties[spring.deserializer.value.delegate.class]="
							+ IntegerDeserializer.class.getName())
			.run((context) -> assertThat(settings(context))
				.containsEntry("value.deserializer", ErrorHandlingDeserializer.class)
				.containsEntry("spring.deserializer.value.delegate.class", IntegerDeserializer.class.getName()));
		this.runner.withBean(DefaultKafkaConsumerFactory.class, () -> factory(key, new StringDeserializer()))
			.run((context) -> assertThat(context.getBean(DefaultKafkaConsumerFactory.class).getKeyDeserializer())
				.isSameAs(key));
	}

	@Test
	void jsonDeserializerWhenConfiguredWithPropertiesReadsWithThem() {
		this.runner
			.withPropertyValues("spring.kafka.consumer.value-deserializer=" + JacksonJsonDeserializer.class.getName(),
					"spring.kafka.consumer.properties[spring.json.value.default.type]=" + Order.class.getName(),
					"spring.kafka.consumer.properties[spring.json.trusted.packages]=*")
			.run((context) -> {
				try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer()) {
					Object delegate = ReflectionTestUtils.getField(ReflectionTestUtils.getField(consumer, "consumer"),
							"delegate");
					ErrorHandlingDeserializer<?> deserializer = ReflectionTestUtils
						.invokeMethod(ReflectionTestUtils.getField(delegate, "deserializers"), "valueDeserializer");
					assertThat(deserializer.deserialize("orders", "{\"id\":7}".getBytes(StandardCharsets.UTF_8)))
						.isEqualTo(new Order(7));
				}
			});
	}

	@Test
	void everythingWhenDisabledIsUntouched() {
		this.runner.withPropertyValues("reliable.kafka.enabled=false", "spring.kafka.consumer.enable-auto-commit=true")
			.withUserConfiguration(OverridingListener.class, TwoErrorHandlers.class)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				DefaultKafkaConsumerFactory<?, ?> factory = context.getBean(DefaultKafkaConsumerFactory.class);
				assertThat(factory.getPostProcessors()).isEmpty();
				assertThat(factory.getConfigurationProperties()).containsEntry("enable.auto.commit", true)
					.doesNotContainKeys("interceptor.classes", "auto.offset.reset", ConsumerCover.SETTING);
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding")
					.getRecordInterceptor()).isNull();
				assertThat(context).doesNotHaveBean(DeliveryLedger.class);
			});
	}

	@Test
	void consumerWhenMockedIsWrapped() {
		this.runner.withBean(DefaultKafkaConsumerFactory.class,
				() -> new DefaultKafkaConsumerFactory<String, String>(Map.of("max.poll.interval.ms", 5000)) {

					@Override
					protected Consumer<String, String> createRawConsumer(Map<String, Object> configProps) {
						return new MockConsumer<>("earliest");
					}

				})
			.run((context) -> assertThat(context.getBean(ConsumerFactory.class).createConsumer())
				.isInstanceOf(ReliableConsumer.class));
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> settings(ApplicationContext context) {
		return context.getBean(DefaultKafkaConsumerFactory.class).getConfigurationProperties();
	}

	/**
	 * An order.
	 *
	 * @param id its number
	 */
	record Order(int id) {
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnBeans {

		@Bean
		RecordInterceptor<Object, Object> recordInterceptor() {
			return (record, consumer) -> record;
		}

		@Bean
		BatchInterceptor<Object, Object> batchInterceptor() {
			return (records, consumer) -> records;
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonErrorHandler() {
			};
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer() {
			return (container) -> container.getContainerProperties().setIdleEventInterval(4711L);
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class OwnContainerFactory {

		@Bean
		Factory ownContainerFactory() {
			Factory factory = new Factory();
			factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(Map.of("group.id", "own")));
			return factory;
		}

		static class Factory extends ConcurrentKafkaListenerContainerFactory<String, String> {

		}

	}

}
