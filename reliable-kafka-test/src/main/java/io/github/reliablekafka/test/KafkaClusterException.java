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

import org.jspecify.annotations.Nullable;

/**
 * A cluster could not do what it was asked for: a node did not start, a state was not
 * reached within its time bound, or a request to the brokers failed. The message names
 * the node or partition, the bound, and where the nodes' logs are when they matter.
 *
 * @since 0.1.0
 */
public final class KafkaClusterException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	KafkaClusterException(String message) {
		super(message);
	}

	KafkaClusterException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
