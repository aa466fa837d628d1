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

package io.github.reliablekafka.durability;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A producer or consumer that was let through the {@link SafetyGate} and is not closed.
 * Immutable.
 *
 * @since 0.1.0
 */
public final class OpenClient {

	private final String kind;

	private final String subject;

	private final Map<String, Object> settings;

	private final Set<String> own;

	private final Set<OpenClient> open;

	OpenClient(String kind, String subject, Map<String, ?> settings, Set<String> own, Set<OpenClient> open) {
		this.kind = kind;
		this.subject = subject;
		this.settings = Collections.unmodifiableMap(new HashMap<>(settings));
		this.own = Set.copyOf(own);
		this.open = open;
	}

	/**
	 * The kind of client.
	 * @return {@code producer} or {@code consumer}, as {@link SettingOrigins} has it
	 */
	public String kind() {
		return this.kind;
	}

	/**
	 * Whose client it is.
	 * @return for example {@code producer factory 'orders'}
	 */
	public String subject() {
		return this.subject;
	}

	/**
	 * The settings that it was created with, after every override; one that is absent has
	 * Kafka's default.
	 * @return unmodifiable; may hold secrets, do not print it
	 */
	public Map<String, Object> settings() {
		return this.settings;
	}

	/**
	 * The settings that the starter has written, where the application said nothing or
	 * around what it said.
	 * @return their names; unmodifiable
	 */
	public Set<String> own() {
		return this.own;
	}

	/**
	 * Note that the client was closed, or did not come into being.
	 */
	public void closed() {
		this.open.remove(this);
	}

}
