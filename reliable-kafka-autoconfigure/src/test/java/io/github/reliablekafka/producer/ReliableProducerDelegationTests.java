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

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link ReliableProducer} passes every call on.
 */
class ReliableProducerDelegationTests {

	static Stream<Method> methods() {
		return Arrays.stream(Producer.class.getMethods());
	}

	@ParameterizedTest
	@MethodSource("methods")
	@SuppressWarnings({ "unchecked", "removal" })
	void callReachesTheDelegate(Method method) throws Exception {
		List<String> calls = new ArrayList<>();
		InvocationHandler recorder = (proxy, called, arguments) -> {
			calls.add(called.getName());
			return null;
		};
		Producer<Object, Object> delegate = (Producer<Object, Object>) Proxy
			.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Producer.class }, recorder);
		Object[] arguments = Arrays.stream(method.getParameterTypes())
			.map((type) -> (type == ProducerRecord.class) ? new ProducerRecord<>("topic", "value")
					: (type == ConsumerGroupMetadata.class) ? new ConsumerGroupMetadata("group") : null)
			.toArray();
		if (method.getName().equals("close") && arguments.length == 1) {
			arguments[0] = Duration.ofSeconds(1);
		}
		method.invoke(
				new ReliableProducer<>(delegate, Map.of(), new DeliveryLedger(), new RejectionLog(System::nanoTime),
						new ProducerShutdown(Duration.ofSeconds(1), new DeliveryLedger(), null), null, null),
				arguments);
		assertThat(calls).containsExactly(method.getName());
	}

}
