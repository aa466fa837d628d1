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

import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import org.apache.kafka.clients.consumer.KafkaConsumer;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.env.Environment;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ShareKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.ShareConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AbstractShareKafkaMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.util.function.SingletonSupplier;

/**
 * Finds every consumer factory and listener container of the application: the beans, what
 * they hold, and the containers that a container factory will create. A consumer that is
 * created without any of them is out of reach, and so are those of Kafka Streams and
 * Kafka Connect.
 */
final class ConsumerCoverage implements BeanPostProcessor {

	/**
	 * Made by tests, of consumers that have no broker.
	 */
	private static final String MOCK_FACTORY = "org.springframework.kafka.mock.MockConsumerFactory";

	/**
	 * Of Spring Boot: whoever sets it has decided.
	 */
	private static final String IMMEDIATE_STOP = "spring.kafka.listener.immediate-stop";

	private final SingletonSupplier<ConsumerRules> rules;

	private final SingletonSupplier<DeliveryLedger> ledger;

	private final SingletonSupplier<LossDetection> detection;

	private final SingletonSupplier<UnfinishedRecords> unfinished;

	private final SingletonSupplier<Restarts> restarts;

	private final SingletonSupplier<Boolean> stopsEarly;

	private final Set<Object> coveredOrRefused = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	private final Set<Object> usedFactories = ConcurrentHashMap.newKeySet();

	/**
	 * Create a post processor that asks for what it needs when it meets the first
	 * factory, because beans that a post processor depends on are themselves not
	 * post-processed.
	 * @param beanFactory has the gate and the ledger
	 */
	ConsumerCoverage(BeanFactory beanFactory) {
		this.rules = SingletonSupplier.of(() -> new ConsumerRules(beanFactory.getBean(SafetyGate.class),
				beanFactory.getBean(SettingOrigins.class), beanFactory.getBean(ConsumerProperties.class).reset()));
		this.detection = SingletonSupplier
			.of(() -> new LossDetection(beanFactory.getBean(SequenceProperties.class).enabled(),
					beanFactory.getBean(SequenceBoards.class), beanFactory.getBean(LossLedger.class)));
		this.ledger = SingletonSupplier.of(() -> beanFactory.getBean(DeliveryLedger.class));
		this.unfinished = SingletonSupplier.of(() -> beanFactory.getBean(UnfinishedRecords.class));
		this.restarts = SingletonSupplier.of(() -> beanFactory.getBean(Restarts.class));
		this.stopsEarly = SingletonSupplier
			.of(() -> !beanFactory.getBean(Environment.class).containsProperty(IMMEDIATE_STOP));
	}

	ConsumerRules rules() {
		return this.rules.obtain();
	}

	/**
	 * Whether a container factory has created a container.
	 * @param factory the factory
	 * @return {@code false} if it only exists, as Spring Boot's always does
	 */
	boolean isUsed(Object factory) {
		return this.usedFactories.contains(factory);
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof ConsumerFactory<?, ?> factory) {
			cover("consumer factory '%s'".formatted(beanName), factory);
		}
		else if (bean instanceof AbstractKafkaListenerContainerFactory<?, ?, ?> factory) {
			cover(beanName, factory);
		}
		else if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			cover(container);
		}
		else if (bean instanceof ShareConsumerFactory || bean instanceof ShareKafkaListenerContainerFactory
				|| bean instanceof AbstractShareKafkaMessageListenerContainer) {
			rules().gate()
				.report(List.of(rules().shareGroup("bean '%s'".formatted(beanName), bean.getClass().getSimpleName())));
		}
		else if (bean instanceof KafkaConsumer<?, ?>) {
			rules().gate()
				.report(List
					.of(rules().uncovered("consumer bean '%s'".formatted(beanName), bean.getClass().getSimpleName())));
		}
		return bean;
	}

	private <K, V> void cover(String subject, ConsumerFactory<K, V> factory) {
		if (factory.getClass().getName().equals(MOCK_FACTORY)) {
			return;
		}
		if (ConsumerCover.isOn(factory)) {
			ConsumerCover.handleDeserializationErrors(factory);
			return;
		}
		if (!this.coveredOrRefused.add(factory)) {
			return;
		}
		ConsumerRules rules = rules();
		rules.gate().report(rules.violationsAmongGiven(subject, ConsumerCover.settingsOf(factory), null));
		if (!takes(new ConsumerCover<>(subject, factory, rules, this.detection.obtain()))) {
			rules.gate().report(List.of(rules.uncovered(subject, factory.getClass().getName())));
		}
	}

	private static boolean takes(ConsumerCover<?, ?> cover) {
		try {
			return cover.put();
		}
		catch (UnsupportedOperationException ex) {
			return false;
		}
	}

	private <K, V, C extends AbstractMessageListenerContainer<K, V>> void cover(String beanName,
			AbstractKafkaListenerContainerFactory<C, K, V> factory) {
		ConsumerFactory<? super K, ? super V> consumerFactory = factory.getConsumerFactory();
		if (consumerFactory != null) {
			cover("consumer factory of '%s'".formatted(beanName), consumerFactory);
		}
		ListenerContainers.customize(factory, (container) -> {
			cover(container);
			this.usedFactories.add(factory);
		});
	}

	/**
	 * Cover a container that is not started yet. What is covered already stays as it is.
	 * @param container the container
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void cover(AbstractMessageListenerContainer<K, V> container) {
		ConsumerFactory<K, V> consumerFactory = consumerFactoryOf(container);
		cover("consumer factory of listener container '%s'".formatted(container.getListenerId()), consumerFactory);
		ContainerProperties properties = container.getContainerProperties();
		Properties overrides = properties.getKafkaConsumerProperties();
		ConsumerCover.adapt(overrides);
		overrides.setProperty(ConsumerCover.ATTENDED_SETTING,
				ListenerContainers.isInTransactionOfKafka(properties) ? ConsumerCover.IN_TRANSACTIONS : "true");
		ErrorHandlingDeserializers.aroundOverrides(overrides, consumerFactory);
		// Spring Kafka looks for the exception by itself only if the outermost
		// deserializer is an error handling one.
		properties.setCheckDeserExWhenKeyNull(true);
		properties.setCheckDeserExWhenValueNull(true);
		if (properties.isAsyncAcks()) {
			rules().gate().report(List.of(rules().asyncAcks("listener '%s'".formatted(container.getListenerId()))));
		}
		if (properties.getMessageListener() != null && !rules().gate().accepts(ConsumerRules.ASYNC)) {
			GuardedListeners.await(properties);
		}
		boolean hidesAsync = properties.getMessageListener() != null
				&& GuardedListeners.hidesAsync(properties.getMessageListener());
		BooleanSupplier async = () -> hidesAsync || GuardedListeners.isAsync(properties.getMessageListener());
		if (async.getAsBoolean()) {
			rules().gate().report(List.of(rules().async("listener '%s'".formatted(container.getListenerId()))));
		}
		else if (properties.getMessageListener() != null) {
			boolean byHand = ErrorHandling.isAcknowledgedByHand(properties);
			Object listener = GuardedListeners.wrap(properties.getMessageListener(), byHand);
			properties.setMessageListener(listener);
			if (GuardedListeners.isOutOfReach(listener, byHand)) {
				rules().gate()
					.report(List.of(rules().filter("listener '%s'".formatted(container.getListenerId()),
							listener.getClass().getName())));
			}
		}
		Class<?> scalar = BatchParameter.ofOneValue(properties.getMessageListener());
		if (scalar != null) {
			rules().gate()
				.report(List.of(rules().batchParameter("listener '%s'".formatted(container.getListenerId()), scalar)));
		}
		if (this.stopsEarly.obtain()) {
			// What was polled behind the record that the listener has comes again,
			// instead of being processed while what it needs is closed under it.
			properties.setStopImmediate(true);
		}
		Outcomes outcomes = new Outcomes(this.ledger.obtain(), container::getGroupId, async,
				new ErrorHandling(container), this.unfinished.obtain(), this.restarts.obtain());
		if (!(container.getRecordInterceptor() instanceof RecordOutcomes)) {
			container.setRecordInterceptor(new RecordOutcomes<>(outcomes, container.getRecordInterceptor()));
		}
		if (!(container.getBatchInterceptor() instanceof BatchOutcomes)) {
			container.setBatchInterceptor(new BatchOutcomes<>(outcomes, container.getBatchInterceptor()));
		}
		if (ListenerContainers.isTransactional(properties)) {
			// What an interceptor throws before the transaction reaches no error handler.
			container.setInterceptBeforeTx(false);
		}
	}

	@SuppressWarnings("unchecked")
	private static <K, V> ConsumerFactory<K, V> consumerFactoryOf(AbstractMessageListenerContainer<K, V> container) {
		Object factory = new DirectFieldAccessor(container).getPropertyValue("consumerFactory");
		if (factory == null) {
			throw new IllegalStateException(
					"Listener container '%s' has no consumer factory".formatted(container.getListenerId()));
		}
		return (ConsumerFactory<K, V>) factory;
	}

}
