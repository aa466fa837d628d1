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
import java.util.concurrent.atomic.AtomicReference;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Closes a producer in the time that is given. However little that is, Kafka's own waits
 * for its network thread, and nobody can stop that while it waits for a broker that is
 * connected and does not answer: for {@code request.timeout.ms}, which is 30 seconds.
 */
final class BoundedClose {

	private static final Duration GRACE = Duration.ofSeconds(1);

	private BoundedClose() {
	}

	/**
	 * Close a producer.
	 * @param producer the producer
	 * @param patience how long to wait for records without an outcome
	 * @return whether it is closed; else its network thread will end by itself, and until
	 * then some records may have no outcome
	 */
	static boolean close(Producer<?, ?> producer, Duration patience) {
		if (Thread.currentThread().getName().startsWith(KafkaProducer.NETWORK_THREAD_PREFIX)) {
			// In a callback it does not wait for itself.
			producer.close(patience);
			return true;
		}
		AtomicReference<RuntimeException> failure = new AtomicReference<>();
		Thread closing = new Thread(() -> {
			try {
				producer.close(patience);
			}
			catch (RuntimeException ex) {
				failure.set(ex);
			}
		}, "reliable-kafka-close");
		closing.setDaemon(true);
		closing.start();
		try {
			closing.join(patience.plus(GRACE).toMillis());
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
		if (failure.get() != null) {
			throw failure.get();
		}
		return !closing.isAlive();
	}

}
