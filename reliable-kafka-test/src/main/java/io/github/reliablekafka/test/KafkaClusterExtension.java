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

package io.github.reliablekafka.test;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/**
 * What {@link KafkaClusterTest} says. The stores of JUnit close the clusters in them.
 */
final class KafkaClusterExtension
		implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {

	private static final Namespace NAMESPACE = Namespace.create(KafkaClusterExtension.class);

	KafkaClusterExtension() {
	}

	@Override
	public void beforeAll(ExtensionContext context) {
		AnnotationSupport.findAnnotation(context.getRequiredTestClass(), KafkaClusterTest.class).ifPresent((test) -> {
			if (test.shared()) {
				// Found by every class below the root, each by its own settings.
				KafkaCluster cluster = context.getRoot()
					.getStore(NAMESPACE)
					.computeIfAbsent(test, KafkaClusterExtension::start, KafkaCluster.class);
				context.getStore(NAMESPACE).put(Current.class, new Current(cluster));
			}
			else {
				KafkaCluster cluster = start(test);
				context.getStore(NAMESPACE).put(test, cluster);
				context.getStore(NAMESPACE).put(Current.class, new Current(cluster));
			}
		});
	}

	private static KafkaCluster start(KafkaClusterTest test) {
		KafkaClusterBuilder builder = KafkaCluster.builder()
			.brokers(test.brokers())
			.combined(test.combined())
			.heap(test.heap())
			.links(test.links());
		for (String property : test.properties()) {
			int equals = property.indexOf('=');
			if (equals < 1) {
				throw new IllegalArgumentException("properties: expected=name=value, actual=" + property);
			}
			builder.property(property.substring(0, equals).trim(), property.substring(equals + 1).trim());
		}
		return builder.build().start();
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		cluster(context).restore();
	}

	@Override
	public void afterEach(ExtensionContext context) {
		keepAfterFailure(context);
	}

	@Override
	public void afterAll(ExtensionContext context) {
		keepAfterFailure(context);
	}

	private void keepAfterFailure(ExtensionContext context) {
		context.getExecutionException()
			.filter((failure) -> !(failure instanceof TestAbortedException))
			.ifPresent((failure) -> {
				KafkaCluster cluster = cluster(context);
				cluster.keepDirectory();
				failure.addSuppressed(
						new KafkaClusterException("The directory of the cluster is kept: " + cluster.directory()));
			});
	}

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return parameter.getParameter().getType() == KafkaCluster.class;
	}

	@Override
	public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
		return cluster(context);
	}

	private static KafkaCluster cluster(ExtensionContext context) {
		Current current = context.getStore(NAMESPACE).get(Current.class, Current.class);
		if (current == null) {
			throw new IllegalStateException("There is no cluster for " + context.getDisplayName());
		}
		return current.cluster();
	}

	/**
	 * The cluster of a class, in a form that the store of the class does not close.
	 */
	private record Current(KafkaCluster cluster) {

	}

}
