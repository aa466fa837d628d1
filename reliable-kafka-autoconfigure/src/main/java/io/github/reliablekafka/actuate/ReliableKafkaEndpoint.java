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

package io.github.reliablekafka.actuate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * Shows what the starter knows, in sections. Reads memory only, but for the section
 * {@code dead-letters}, and changes nothing. No record, key, header or secret is in it;
 * {@code docs/endpoint.md} describes the answers.
 */
@Endpoint(id = "reliablekafka", defaultAccess = Access.READ_ONLY)
final class ReliableKafkaEndpoint {

	private final Map<String, Supplier<Map<String, Object>>> sections;

	/**
	 * Create an endpoint.
	 * @param sections what can be asked for, by name
	 */
	ReliableKafkaEndpoint(Map<String, Supplier<Map<String, Object>>> sections) {
		this.sections = new LinkedHashMap<>(sections);
	}

	@ReadOperation
	Map<String, Object> sections() {
		return Map.of("sections", this.sections.keySet());
	}

	@ReadOperation
	@Nullable Map<String, Object> section(@Selector String section) {
		Supplier<Map<String, Object>> supplier = this.sections.get(section);
		return (supplier != null) ? supplier.get() : null;
	}

}
