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

package io.github.reliablekafka.sample;

import java.time.Duration;
import java.util.Map;

import io.github.reliablekafka.test.KafkaCluster;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Starts three brokers on this machine if no cluster is configured, and registers them as
 * a bean, which is closed after all others. Does nothing while the application is only
 * processed ahead of time.
 */
final class LocalCluster implements ApplicationContextInitializer<GenericApplicationContext> {

	private static final Log logger = LogFactory.getLog(LocalCluster.class);

	private static final String BOOTSTRAP_SERVERS = "spring.kafka.bootstrap-servers";

	@Override
	public void initialize(GenericApplicationContext context) {
		ConfigurableEnvironment environment = context.getEnvironment();
		boolean processing = Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING);
		if (processing || environment.containsProperty(BOOTSTRAP_SERVERS)) {
			return;
		}
		logger.info("Starting three brokers, as %s is not set".formatted(BOOTSTRAP_SERVERS));
		long start = System.nanoTime();
		KafkaCluster cluster = KafkaCluster.builder().brokers(3).build();
		cluster.start();
		logger.info("Cluster up in %.1f s at %s".formatted(Duration.ofNanos(System.nanoTime() - start).toMillis() / 1e3,
				cluster.bootstrapServers()));
		environment.getPropertySources()
			.addFirst(new MapPropertySource("localCluster", Map.of(BOOTSTRAP_SERVERS, cluster.bootstrapServers())));
		context.registerBean(KafkaCluster.class, () -> cluster);
	}

}
