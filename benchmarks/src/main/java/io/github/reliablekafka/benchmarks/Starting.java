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

package io.github.reliablekafka.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationPreparedEvent;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The start of an application with one template and one listener, in a JVM that has done
 * nothing before.
 */
final class Starting {

	Figures measure(String[] args) {
		JvmUsage[] refresh = { JvmUsage.NONE, JvmUsage.NONE };
		SpringApplication application = new SpringApplication(RecordListener.class);
		application
			.addListeners((ApplicationListener<ApplicationPreparedEvent>) (event) -> refresh[0] = JvmUsage.now());
		application.addListeners((ApplicationListener<ApplicationStartedEvent>) (event) -> refresh[1] = JvmUsage.now());
		JvmUsage before = JvmUsage.now();
		try (ConfigurableApplicationContext context = application.run(args)) {
			JvmUsage all = JvmUsage.now().minus(before);
			JvmUsage refreshed = refresh[1].minus(refresh[0]);
			Map<String, Double> values = new LinkedHashMap<>();
			values.put(Figures.REFRESH_MILLIS, refreshed.nanos() / 1e6);
			values.put(Figures.START_MILLIS, all.nanos() / 1e6);
			values.put(Figures.CPU_MILLIS, (all.cpuNanos() + all.compilerNanos()) / 1e6);
			values.put(Figures.ALLOCATED_KIB, all.allocatedBytes() / 1024.0);
			values.put(Figures.CLASSES, (double) ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount());
			values.put(Figures.BEANS, (double) context.getBeanDefinitionCount());
			return new Figures(values);
		}
	}

}
