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

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs the tests of a class, and of the classes nested in it, against a
 * {@link KafkaCluster}, which is started before all of them and closed after. It can be a
 * parameter of test and lifecycle methods. Before each test all faults are undone, as by
 * {@link KafkaCluster#restore()}; topics and records stay, so use a topic a test. When a
 * test fails, the cluster's directory is kept, and the failure has its path as a
 * suppressed exception.
 * <p>
 * Nothing global is set. A Spring Boot test is told where the cluster is like this:
 * <pre class="code">
 * &#064;SpringBootTest
 * &#064;KafkaClusterTest
 * class OrderTests {
 *
 *     private static KafkaCluster cluster;
 *
 *     &#064;BeforeAll
 *     static void setCluster(KafkaCluster started) {
 *         cluster = started;
 *     }
 *
 *     &#064;DynamicPropertySource
 *     static void kafkaProperties(DynamicPropertyRegistry registry) {
 *         registry.add("spring.kafka.bootstrap-servers", () -&gt; cluster.bootstrapServers());
 *     }
 *
 * }
 * </pre> Spring keeps the application context for later tests, while the cluster ends
 * with the class: use {@link #shared()} or {@code @DirtiesContext}.
 * <p>
 * Tests that run at the same time must not have the same cluster, as each would undo the
 * faults of the others.
 *
 * @since 0.1.0
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(KafkaClusterExtension.class)
public @interface KafkaClusterTest {

	/**
	 * The number of brokers.
	 * @return 1 to 9
	 * @see KafkaClusterBuilder#brokers(int)
	 */
	int brokers() default 3;

	/**
	 * Whether each broker is a controller too.
	 * @return false for one controller beside the brokers
	 * @see KafkaClusterBuilder#combined(boolean)
	 */
	boolean combined() default false;

	/**
	 * Properties of every node.
	 * @return each as {@code name=value}
	 * @see KafkaClusterBuilder#property(String, String)
	 */
	String[] properties() default {};

	/**
	 * The largest heap of each node.
	 * @return as the JVM's {@code -Xmx} reads it
	 * @see KafkaClusterBuilder#heap(String)
	 */
	String heap() default "256m";

	/**
	 * Whether brokers can be cut off.
	 * @return false for connections that do not pass through this JVM
	 * @see KafkaClusterBuilder#links(boolean)
	 */
	boolean links() default true;

	/**
	 * Whether all classes with equal annotations have the same cluster, which is closed
	 * at the end of the whole run.
	 * @return false for a cluster of the class's own
	 */
	boolean shared() default false;

}
