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
import java.util.Properties;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultShareConsumerFactory;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the consumers with which {@link ReliableConsumerAutoConfiguration} lets no
 * application start.
 */
class RefusedConsumersTests extends ReliableConsumerSetup {

	@Test
	void startWhenAutoCommitIsOnInSeveralPlacesNamesThemAll() {
		this.runner.withPropertyValues("spring.kafka.consumer.enable-auto-commit=true")
			.withUserConfiguration(AutoCommitEverywhere.class)
			.run((context) -> {
				List<Violation> violations = violations(context.getStartupFailure());
				assertThat(violations).extracting(Violation::risk).containsOnly("consumer.auto-commit");
				assertThat(violations).extracting(Violation::subject)
					.containsExactlyInAnyOrder("consumer factory 'kafkaConsumerFactory'",
							"consumer factory of 'ownContainerFactory'", "listener 'overriding'", "listener 'handMade'",
							"consumer factory of listener container 'handMade'");
				Violation ofProperty = violations.stream()
					.filter((violation) -> violation.subject().contains("kafkaConsumerFactory"))
					.findFirst()
					.orElseThrow();
				assertThat(ofProperty.describe()).contains("enable.auto.commit is 'true'")
					.contains("spring.kafka.consumer.enable-auto-commit")
					.contains("whether or not the records were processed");
				assertThat(ofProperty.remedy()).contains("Remove 'spring.kafka.consumer.enable-auto-commit");
				Violation ofListener = violations.stream()
					.filter((violation) -> violation.subject().equals("listener 'overriding'"))
					.findFirst()
					.orElseThrow();
				assertThat(ofListener.origin()).contains("the listener's own consumer properties");
				assertThat(ofListener.remedy()).contains("listener 'overriding'");
			});
	}

	@Test
	void startWhenAutoCommitIsAcceptedSucceeds() {
		this.runner
			.withPropertyValues("spring.kafka.consumer.enable-auto-commit=true",
					"reliable.kafka.durability.accept=consumer.auto-commit")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(SafetyGate.class).acceptedViolations()).hasSize(1);
			});
	}

	@Test
	void startWhenFactoryImplementsOnlyTheInterfaceIsRefused() {
		this.runner.withUserConfiguration(BareFactory.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).isNotEmpty()
				.allSatisfy((violation) -> assertThat(violation.risk()).isEqualTo("consumer.uncovered")));
		this.runner.withUserConfiguration(BareFactory.class)
			.withPropertyValues("reliable.kafka.durability.accept=consumer.uncovered")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void containerStopsBehindTheRecordThatItsListenerHasUnlessToldOtherwise() {
		ApplicationContextRunner listening = this.runner.withUserConfiguration(OverridingListener.class);
		listening.run((context) -> assertThat(stopsImmediately(context)).isTrue());
		listening.withPropertyValues("spring.kafka.listener.immediate-stop=false")
			.run((context) -> assertThat(stopsImmediately(context)).isFalse());
	}

	private static boolean stopsImmediately(ApplicationContext context) {
		return container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding").getContainerProperties()
			.isStopImmediate();
	}

	@Test
	void startWhenBeansAreNoCandidatesIgnoresThem() {
		CommonErrorHandler used = new CommonContainerStoppingErrorHandler();
		this.runner.withUserConfiguration(OverridingListener.class)
			.withBean("used", CommonErrorHandler.class, () -> used)
			.withBean("other", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.withBean("another", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding")
					.getCommonErrorHandler()).isSameAs(used);
			});
		this.runner.withUserConfiguration(OverridingListener.class)
			.withBean("one", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.withBean("another", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenBeansAreAmbiguousNamesThem() {
		this.runner.withUserConfiguration(OverridingListener.class, TwoErrorHandlers.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> {
					assertThat(violation.risk()).isEqualTo("consumer.ambiguous-beans");
					assertThat(violation.describe()).contains("CommonErrorHandler is 'handlerOne, handlerTwo'")
						.contains("Spring Boot applies none");
					assertThat(violation.remedy()).contains("@Primary");
				}));
	}

	@Test
	void startWhenBeansAreAmbiguousForNoListenerSucceeds() {
		this.runner.withUserConfiguration(TwoErrorHandlers.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenOneOfSeveralBeansIsPrimarySucceeds() {
		this.runner.withUserConfiguration(OverridingListener.class, PrimaryErrorHandler.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenConsumerFactoryTakesNoCoverIsRefused() {
		this.runner.withUserConfiguration(ForeignConsumerFactory.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> {
					assertThat(violation.risk()).isEqualTo("consumer.uncovered");
					assertThat(violation.subject()).isEqualTo("consumer factory 'foreign'");
				}));
	}

	@Test
	void startWhenShareGroupIsUsedIsRefused() {
		this.runner.withBean(DefaultShareConsumerFactory.class, Map.of("bootstrap.servers", "localhost:1"))
			.run((context) -> assertThat(violations(context.getStartupFailure())).extracting(Violation::risk)
				.containsExactly("consumer.share-group"));
	}

	@Configuration(proxyBeanMethods = false)
	static class AutoCommitEverywhere {

		@KafkaListener(id = "overriding", topics = "t", properties = "enable.auto.commit=TRUE")
		void listen(ConsumerRecord<?, ?> record) {
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<String, String> ownContainerFactory() {
			ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(Map.of("enable.auto.commit", true)));
			return factory;
		}

		@Bean
		ConcurrentMessageListenerContainer<String, String> handMade() {
			ContainerProperties properties = new ContainerProperties("t");
			properties.setMessageListener((MessageListener<String, String>) (record) -> {
			});
			properties.getKafkaConsumerProperties().put("enable.auto.commit", true);
			ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
					new DefaultKafkaConsumerFactory<>(Map.of("enable.auto.commit", "true")), properties);
			container.setAutoStartup(false);
			return container;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryErrorHandler {

		@Bean
		@Primary
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

	@Configuration(proxyBeanMethods = false)
	static class BareFactory {

		@Bean
		ConsumerFactory<Object, Object> bareFactory() {
			return new ConsumerFactory<>() {

				@Override
				public Consumer<Object, Object> createConsumer(@Nullable String groupId,
						@Nullable String clientIdPrefix, @Nullable String clientIdSuffix) {
					return new MockConsumer<>("earliest");
				}

				@Override
				public Consumer<Object, Object> createConsumer(@Nullable String groupId,
						@Nullable String clientIdPrefix, @Nullable String clientIdSuffix,
						@Nullable Properties properties) {
					return new MockConsumer<>("earliest");
				}

				@Override
				public boolean isAutoCommit() {
					return false;
				}

			};
		}

		@KafkaListener(id = "bare", topics = "t")
		void listen(String value) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignConsumerFactory {

		@Bean
		ConsumerFactory<Object, Object> foreign() {
			return new ConsumerFactory<>() {

				@Override
				public Consumer<Object, Object> createConsumer(String groupId, String clientIdPrefix,
						String clientIdSuffix, Properties properties) {
					throw new IllegalStateException("Refused before it is asked");
				}

				@Override
				public boolean isAutoCommit() {
					return false;
				}

				@Override
				public Map<String, Object> getConfigurationProperties() {
					return Map.of();
				}

			};
		}

	}

}
