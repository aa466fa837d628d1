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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.sequence.ChildProcess;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.kafka.annotation.KafkaListener;

/**
 * An application that can process no record, in a process that can be killed. It says
 * {@code KEPT} when the spool has a dead letter on disk, before its record's offset may
 * be committed. After {@code stands-after} of them it stands still in that moment.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({ DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
		ReliableConsumerAutoConfiguration.class, DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class })
public class SpooledLettersMain {

	public static void main(String[] args) {
		new SpringApplicationBuilder(SpooledLettersMain.class).web(WebApplicationType.NONE).run(args);
	}

	@KafkaListener(topics = "${topic}")
	void listen(String record) {
		throw new IllegalStateException("fails always");
	}

	@Bean
	static BeanPostProcessor watchSpool(Environment environment) {
		AtomicInteger left = new AtomicInteger(environment.getRequiredProperty("stands-after", Integer.class));
		return new BeanPostProcessor() {

			@Override
			public Object postProcessAfterInitialization(Object bean, String name) {
				return (bean instanceof SpoolEntrance spool) ? new Watched(spool, left) : bean;
			}

		};
	}

	private record Watched(SpoolEntrance spool, AtomicInteger left) implements SpoolEntrance {

		@Override
		public boolean isOpen() {
			return this.spool.isOpen();
		}

		@Override
		public boolean isWaiting(Map<String, Object> connection, String clusterId, String topic, int partition) {
			return this.spool.isWaiting(connection, clusterId, topic, partition);
		}

		@Override
		public @Nullable String put(Map<String, Object> connection, String clusterId, String topic, SpoolRecord record,
				@Nullable Throwable failure, Duration patience) {
			String refusal = this.spool.put(connection, clusterId, topic, record, failure, patience);
			if (refusal == null) {
				boolean last = this.left.decrementAndGet() == 0;
				ChildProcess.say("KEPT", new String(record.value(), StandardCharsets.UTF_8));
				while (last) {
					sleep();
				}
			}
			return refusal;
		}

		private static void sleep() {
			try {
				Thread.sleep(1000);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
