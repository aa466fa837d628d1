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

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ReliableProducerAutoConfiguration}.
 */
class ReliableProducerAutoConfigurationTests extends ReliableProducerSetup {

	@Test
	void safeSettingsAreGivenToTheFactoryOfSpringBoot() {
		this.contextRunner.withPropertyValues("reliable.kafka.producer.max-block=3s")
			.run((context) -> assertSafe(context.getBean(ProducerFactory.class), 3000L));
	}

	@Test
	void templateTakesThePlaceOfTheOneOfSpringBoot() {
		this.contextRunner
			.withPropertyValues("spring.kafka.template.default-topic=orders",
					"spring.kafka.template.transaction-id-prefix=tx-", "spring.kafka.template.observation-enabled=true",
					"spring.kafka.template.close-timeout=7s", "spring.kafka.template.allow-non-transactional=true")
			.run((context) -> {
				assertThat(context).hasSingleBean(KafkaTemplate.class).hasBean("kafkaTemplate");
				ReliableKafkaTemplate<?, ?> template = context.getBean(ReliableKafkaTemplate.class);
				assertThat(template.getDefaultTopic()).isEqualTo("orders");
				assertThat(template.getTransactionIdPrefix()).isEqualTo("tx-");
				assertThat(template.isAllowNonTransactional()).isTrue();
				assertThat(template).hasFieldOrPropertyWithValue("observationEnabled", true)
					.hasFieldOrPropertyWithValue("closeTimeout", Duration.ofSeconds(7));
			});
	}

	@Test
	void templateOfTheUserStays() {
		this.contextRunner.withUserConfiguration(OwnTemplate.class)
			.run((context) -> assertThat(context).hasSingleBean(KafkaTemplate.class)
				.doesNotHaveBean(ReliableKafkaTemplate.class));
	}

	@Test
	void unsafeOverrideOfATemplateMadeLaterFailsItsSend() {
		this.contextRunner.run((context) -> {
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			KafkaTemplate<Object, Object> template = new KafkaTemplate<>(factory, Map.of("retries", "3"));
			assertThatException().isThrownBy(() -> template.send("orders", "value"))
				.havingRootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.withMessageContaining("retries is '3'");
			KafkaTemplate<Object, Object> unacknowledged = new KafkaTemplate<>(factory, Map.of("acks", "0"));
			assertThatException().isThrownBy(() -> unacknowledged.send("orders", "value"))
				.withMessageContaining("Must set acks to all");
		});
	}

	@Test
	void overrideThatRemovesTheVetoFailsItsSend() {
		this.contextRunner.run((context) -> {
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			KafkaTemplate<Object, Object> template = new KafkaTemplate<>(factory,
					Map.of("interceptor.classes", NothingInterceptor.class.getName()));
			assertThatExceptionOfType(UnsafeSettingsException.class).isThrownBy(() -> template.send("orders", "value"))
				.withMessageContaining("interceptor.classes");
			ReliableKafkaTemplate<Object, Object> reliable = new ReliableKafkaTemplate<>(factory,
					Map.of("interceptor.classes", NothingInterceptor.class.getName()));
			assertThat(reliable.deliver("orders", "value")).failsWithin(Duration.ZERO)
				.withThrowableOfType(ExecutionException.class)
				.havingCause()
				.isInstanceOfSatisfying(DeliveryRejectedException.class,
						(ex) -> assertThat(ex.reason()).isEqualTo(RejectionReason.UNSAFE_CLIENT));
		});
	}

	@Test
	void interceptorsOfATemplateBeanAreJoined() {
		this.contextRunner.withUserConfiguration(TemplateWithInterceptor.class).run((context) -> {
			assertThat(context).hasNotFailed();
			KafkaTemplate<?, ?> template = context.getBean("intercepted", KafkaTemplate.class);
			assertThat(interceptors(template.getProducerFactory())).containsExactly(NothingInterceptor.class.getName(),
					ProducerSettingsVeto.class);
		});
	}

	@Test
	void interceptorsOfTheUserAreKept() {
		this.contextRunner
			.withPropertyValues("spring.kafka.producer.properties[interceptor.classes]=%s"
				.formatted(NothingInterceptor.class.getName()))
			.run((context) -> assertThat(interceptors(context.getBean(ProducerFactory.class)))
				.containsExactly(NothingInterceptor.class.getName(), ProducerSettingsVeto.class));
	}

	@Test
	void factoryNeededByAPostProcessorOfTheApplicationIsCovered() {
		this.contextRunner.withUserConfiguration(OwnUnsafeFactory.class, EarlyTemplate.class)
			.run((context) -> assertThat(violations(context)).extracting(Violation::risk)
				.contains("producer.acks", "producer.idempotence"));
	}

	@Test
	void factoryThatMakesProducersInItsOwnWayFailsItsSend() {
		this.contextRunner.withUserConfiguration(OverridingFactory.class).run((context) -> {
			@SuppressWarnings("unchecked")
			ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
			assertThatExceptionOfType(UnsafeSettingsException.class).isThrownBy(() -> template.send("orders", "value"))
				.withMessageContaining("overrides how producers are made");
			assertThat(template.deliver("orders", "value")).failsWithin(Duration.ofSeconds(1));
		});
	}

	@Test
	void settingsOfAProducerThatFailedDoNotVouchForAnother() {
		this.contextRunner.run((context) -> {
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			KafkaTemplate<Object, Object> unreachable = new KafkaTemplate<>(factory,
					Map.of("bootstrap.servers", "host.invalid:9092"));
			assertThatException().isThrownBy(() -> unreachable.send("orders", "value"))
				.havingRootCause()
				.withMessageContaining("bootstrap");
			KafkaTemplate<Object, Object> unchecked = new KafkaTemplate<>(factory,
					Map.of("interceptor.classes", NothingInterceptor.class.getName(), "retries", "1"));
			assertThatExceptionOfType(UnsafeSettingsException.class)
				.isThrownBy(() -> unchecked.send("orders", "value"));
		});
	}

	@Test
	void settingsOfAProducerMadeByHandDoNotVouchForAnother() {
		this.contextRunner.run((context) -> {
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			try (KafkaProducer<Object, Object> own = new KafkaProducer<>(factory.getConfigurationProperties())) {
				assertThat(own).isNotNull();
				KafkaTemplate<Object, Object> unchecked = new KafkaTemplate<>(factory,
						Map.of("interceptor.classes", NothingInterceptor.class.getName(), "retries", "1"));
				assertThatExceptionOfType(UnsafeSettingsException.class)
					.isThrownBy(() -> unchecked.send("orders", "value"));
			}
		});
	}

	@Test
	void producerWantedWhenTheApplicationHasEndedIsRefused() {
		ProducerFactory<?, ?>[] factory = new ProducerFactory<?, ?>[1];
		this.contextRunner.run((context) -> factory[0] = context.getBean(ProducerFactory.class));
		assertThatIllegalStateException().isThrownBy(() -> factory[0].createProducer())
			.withMessageContaining("the application has ended");
	}

	@Test
	void deliverOutsideATransactionOnATransactionalTemplateIsAMistake() {
		this.contextRunner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-").run((context) -> {
			@SuppressWarnings("unchecked")
			ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
			assertThatIllegalStateException().isThrownBy(() -> template.deliver("orders", "value"));
		});
	}

	@Test
	void factoryThatOnlyATemplateHoldsIsCovered() {
		this.contextRunner.withUserConfiguration(HiddenFactory.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertSafe(context.getBean("hidden", KafkaTemplate.class).getProducerFactory(), 10_000L);
		});
	}

	@Test
	void factoriesOfARoutingTemplateAreCovered() {
		this.contextRunner.withUserConfiguration(Routing.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertSafe(context.getBean(RoutingKafkaTemplate.class).getProducerFactory("orders"), 10_000L);
		});
	}

	@Test
	@SuppressWarnings("unchecked")
	void producerIsWrappedAndKnowsItsSettings() {
		this.contextRunner.run((context) -> {
			DefaultKafkaProducerFactory<?, ?> factory = context.getBean(DefaultKafkaProducerFactory.class);
			try (Producer<?, ?> producer = factory.createProducer()) {
				assertThat(producer).extracting("delegate")
					.isInstanceOfSatisfying(ReliableProducer.class,
							(reliable) -> assertThat((Map<String, Object>) reliable.effectiveSettings())
								.containsEntry("acks", "all")
								.containsKey("client.id"));
			}
		});
	}

	@Test
	void nothingIsTouchedWhenDisabled() {
		this.contextRunner.withPropertyValues("reliable.kafka.enabled=false", "spring.kafka.producer.acks=1")
			.run((context) -> {
				assertThat(context).hasNotFailed()
					.doesNotHaveBean(SafetyGate.class)
					.hasSingleBean(DeliveryLedger.class);
				assertThat(context).hasSingleBean(ReliableKafkaTemplate.class);
				DefaultKafkaProducerFactory<?, ?> factory = context.getBean(DefaultKafkaProducerFactory.class);
				assertThat(factory.getPostProcessors()).isEmpty();
				assertThat(factory.getConfigurationProperties()).containsEntry("acks", "1")
					.doesNotContainKeys("enable.idempotence", "interceptor.classes");
			});
	}

	@SuppressWarnings("unchecked")
	private static List<Object> interceptors(ProducerFactory<?, ?> factory) {
		return (List<Object>) factory.getConfigurationProperties().get(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG);
	}

	private static void assertSafe(ProducerFactory<?, ?> factory, long maxBlockMs) {
		assertThat(factory.getConfigurationProperties()).containsEntry("acks", "all")
			.containsEntry("enable.idempotence", "true")
			.containsEntry("retries", "2147483647")
			.containsEntry("max.in.flight.requests.per.connection", "1")
			.containsEntry("delivery.timeout.ms", "2147483647")
			.containsEntry("max.block.ms", maxBlockMs);
		assertThat(factory.getPostProcessors()).hasSize(1);
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnTemplate {

		@Bean
		KafkaTemplate<Object, Object> ownTemplate(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class EarlyTemplate {

		@Bean
		static BeanPostProcessor early(KafkaTemplate<Object, Object> template) {
			assertThat(template).isNotNull();
			return new BeanPostProcessor() {
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OverridingFactory {

		@Bean
		ProducerFactory<Object, Object> overriding() {
			return new DefaultKafkaProducerFactory<>(settings()) {

				@Override
				protected Producer<Object, Object> createRawProducer(Map<String, Object> rawConfigs) {
					Map<String, Object> unsafe = new HashMap<>(rawConfigs);
					unsafe.put("acks", "0");
					unsafe.remove("enable.idempotence");
					unsafe.remove("interceptor.classes");
					return new KafkaProducer<>(unsafe);
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TemplateWithInterceptor {

		@Bean
		KafkaTemplate<Object, Object> intercepted(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory, Map.of("interceptor.classes", NothingInterceptor.class.getName()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenFactory {

		@Bean
		KafkaTemplate<String, String> hidden() {
			return new KafkaTemplate<>(new DefaultKafkaProducerFactory<>(settings()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Routing {

		@Bean
		RoutingKafkaTemplate routing() {
			return new RoutingKafkaTemplate(new java.util.LinkedHashMap<>(
					Map.of(Pattern.compile(".+"), new DefaultKafkaProducerFactory<Object, Object>(settings()))));
		}

	}

	/**
	 * An interceptor as an application may have it.
	 */
	public static class NothingInterceptor implements ProducerInterceptor<Object, Object> {

		@Override
		public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
			return record;
		}

		@Override
		public void onAcknowledgement(RecordMetadata metadata, Exception exception) {
		}

		@Override
		public void close() {
		}

		@Override
		public void configure(Map<String, ?> configs) {
		}

	}

}
