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

package io.github.reliablekafka.sequence;

/**
 * Who has a producer session.
 *
 * @param application the application's name, or an empty string
 * @param host the machine's name, or an empty string
 * @param clientId the producer's {@code client.id}
 * @param startedAt when the session began, in milliseconds since 1970
 * @since 0.1.0
 */
public record ProducerIdentity(String application, String host, String clientId, long startedAt) {

	@Override
	public String toString() {
		return this.application + "@" + this.host + "/" + this.clientId;
	}

}
