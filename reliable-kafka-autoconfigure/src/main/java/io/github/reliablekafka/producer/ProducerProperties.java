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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long a producer may keep callers and the shutdown waiting.
 *
 * @param maxBlock Longest time that a sending thread waits for metadata and for room in
 * the client's memory. Applies to producers without a max.block.ms of their own.
 * @param shutdownTimeout Longest time that the shutdown of the application waits for the
 * records of all its producers to be acknowledged.
 */
@ConfigurationProperties("reliable.kafka.producer")
record ProducerProperties(@DefaultValue("10s") Duration maxBlock, @DefaultValue("30s") Duration shutdownTimeout) {

	ProducerProperties {
		requirePositive("max-block", maxBlock);
		requirePositive("shutdown-timeout", shutdownTimeout);
	}

	private static void requirePositive(String name, Duration value) {
		if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0) {
			throw new IllegalArgumentException(
					"reliable.kafka.producer.%s must be positive and at most %d ms, but is %s".formatted(name,
							Integer.MAX_VALUE, value));
		}
	}

}
