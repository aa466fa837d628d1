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

package io.github.reliablekafka.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Map;

import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/**
 * Gives a test class a parameter of type {@link KafkaProbe}: of the one broker in this
 * JVM that all these classes have. It is started for the first of them and closed at the
 * end of the whole run, so each test has topics and groups of its own.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(SharedBroker.Extension.class)
public @interface SharedBroker {

	/**
	 * Starts the broker.
	 */
	class Extension implements ParameterResolver {

		private static final Namespace NAMESPACE = Namespace.create(SharedBroker.class);

		private static final Map<String, String> PROPERTIES = Map.of("group.initial.rebalance.delay.ms", "0",
				"transaction.state.log.replication.factor", "1", "transaction.state.log.min.isr", "1",
				"auto.create.topics.enable", "true", "log.initial.task.delay.ms", "100",
				"group.consumer.min.heartbeat.interval.ms", "500", "group.consumer.heartbeat.interval.ms", "500");

		@Override
		public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
			return parameter.getParameter().getType() == KafkaProbe.class;
		}

		@Override
		public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
			return context.getRoot()
				.getStore(NAMESPACE)
				.computeIfAbsent(Running.class, (key) -> Running.start(), Running.class)
				.probe();
		}

		private record Running(EmbeddedKafkaBroker broker, KafkaProbe probe) implements AutoCloseable {

			static Running start() {
				EmbeddedKafkaBroker broker = new EmbeddedKafkaKraftBroker(1, 1).brokerProperties(PROPERTIES);
				broker.afterPropertiesSet();
				return new Running(broker, new KafkaProbe(broker.getBrokersAsString()));
			}

			@Override
			public void close() {
				this.probe.close();
				this.broker.destroy();
			}

		}

	}

}
