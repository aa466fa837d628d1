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

import java.util.List;

/**
 * Placeholder of the producer's side.
 *
 * @since 0.1.0
 */
public final class ProducerSession {

	/**
	 * What to make known of the lanes whose numbers or claims have changed since the last
	 * call.
	 * @return one for each of them
	 */
	public List<Watermark> takeWatermarks() {
		return List.of();
	}

	/**
	 * Whether no further number will be given.
	 * @return {@code true} after the producer was closed
	 */
	public boolean isClosed() {
		return false;
	}

}
