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

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

import io.github.reliablekafka.durability.ClientCheck;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.PriorityOrdered;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.util.function.SingletonSupplier;

/**
 * Finds every producer factory of the application: the beans, and those that only a
 * template or a transaction manager holds. A factory that belongs to no bean is out of
 * reach, and so are the clients of Kafka Streams and Kafka Connect.
 */
final class ProducerCoverage implements BeanPostProcessor, PriorityOrdered, ClientCheck {

	/**
	 * Of Spring Kafka's tests; its producers send nothing.
	 */
	private static final String MOCK_FACTORY = "org.springframework.kafka.mock.MockProducerFactory";

	private final ListableBeanFactory beanFactory;

	private final SingletonSupplier<ProducerRules> rules;

	private final SingletonSupplier<DeliveryLedger> ledger;

	private final SingletonSupplier<ProducerShutdown> shutdown;

	private final SingletonSupplier<ProducerSessions> sessions;

	private final SingletonSupplier<Spools> spools;

	private final RejectionLog rejectionLog = new RejectionLog(System::nanoTime);

	private final Set<ProducerFactory<?, ?>> covered = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	/**
	 * Create a post processor that asks for what it needs when it meets the first
	 * factory, because beans that a post processor depends on are themselves not
	 * post-processed.
	 * @param beanFactory has the gate, the ledger, the shutdown and the properties
	 */
	ProducerCoverage(ListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
		this.rules = SingletonSupplier.of(() -> new ProducerRules(beanFactory.getBean(SafetyGate.class),
				beanFactory.getBean(SettingOrigins.class), beanFactory.getBean(ProducerProperties.class)));
		this.ledger = SingletonSupplier.of(() -> beanFactory.getBean(DeliveryLedger.class));
		this.shutdown = SingletonSupplier.of(() -> beanFactory.getBean(ProducerShutdown.class));
		this.sessions = SingletonSupplier.of(() -> beanFactory.getBean(ProducerSessions.class));
		this.spools = SingletonSupplier.of(() -> beanFactory.getBean(Spools.class));
	}

	/**
	 * Before the post processors of applications, some of which have a template injected.
	 */
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	/**
	 * Cover what was created before this post processor was there.
	 * @param gate takes the reports
	 */
	@Override
	public void check(SafetyGate gate) {
		for (Class<?> type : List.of(ProducerFactory.class, KafkaTemplate.class, KafkaTransactionManager.class,
				KafkaProducer.class)) {
			this.beanFactory.getBeansOfType(type, false, false)
				.forEach((beanName, bean) -> postProcessAfterInitialization(bean, beanName));
		}
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof ProducerFactory<?, ?> factory) {
			cover("producer factory '%s'".formatted(beanName), factory);
		}
		else if (bean instanceof RoutingKafkaTemplate template) {
			factoriesOf(template).forEach((factory) -> cover("RoutingKafkaTemplate '%s'".formatted(beanName), factory));
		}
		else if (bean instanceof KafkaTemplate<?, ?> template) {
			cover("KafkaTemplate '%s'".formatted(beanName), template.getProducerFactory());
		}
		else if (bean instanceof KafkaTransactionManager<?, ?> transactionManager) {
			cover("KafkaTransactionManager '%s'".formatted(beanName), transactionManager.getProducerFactory());
		}
		else if (bean instanceof KafkaProducer<?, ?>) {
			ProducerRules rules = this.rules.obtain();
			rules.gate()
				.report(List
					.of(rules.uncovered("producer bean '%s'".formatted(beanName), bean.getClass().getSimpleName())));
		}
		return bean;
	}

	private <K, V> void cover(String subject, @Nullable ProducerFactory<K, V> factory) {
		// A mock of a template or transaction manager has none.
		if (factory == null || !this.covered.add(factory) || factory.getClass().getName().equals(MOCK_FACTORY)) {
			return;
		}
		ProducerRules rules = this.rules.obtain();
		rules.gate().report(rules.violationsAmongGiven(subject, factory.getConfigurationProperties()));
		ProducerCover<K, V> cover = new ProducerCover<>(subject, rules, this.ledger.obtain(), this.rejectionLog,
				this.shutdown.obtain(), this.sessions.obtain(), this.spools.obtain());
		if (!takes(factory, cover)) {
			rules.gate().report(List.of(rules.uncovered(subject, factory.getClass().getName())));
		}
	}

	private static <K, V> boolean takes(ProducerFactory<K, V> factory, ProducerCover<K, V> cover) {
		try {
			boolean taken = cover.putOn(factory);
			// It may have made a producer before it was found.
			factory.reset();
			return taken;
		}
		catch (UnsupportedOperationException ex) {
			return false;
		}
	}

	@SuppressWarnings("unchecked")
	private static Collection<ProducerFactory<Object, Object>> factoriesOf(RoutingKafkaTemplate template) {
		// The template does not show its factories.
		Object factories = new DirectFieldAccessor(template).getPropertyValue("factoryMatchers");
		return (factories != null) ? ((Map<?, ProducerFactory<Object, Object>>) factories).values() : List.of();
	}

}
