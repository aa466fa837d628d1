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

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * What the starter has written into the settings of a factory, so that it can be told
 * from what the application says. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class WrittenSettings {

	private final Map<String, Object> written = new ConcurrentHashMap<>();

	/**
	 * Create it with nothing in it.
	 */
	public WrittenSettings() {
	}

	/**
	 * Note what is written.
	 * @param settings what the factory gets besides its own
	 */
	public void add(Map<String, Object> settings) {
		settings.forEach((name, value) -> {
			if (value != null) {
				this.written.put(name, value);
			}
		});
	}

	/**
	 * Note what is written into a factory of which this one is a copy.
	 * @param others the settings of that one
	 */
	public void add(WrittenSettings others) {
		add(others.written);
	}

	/**
	 * Find what is still there when a client is created.
	 * @param settings all settings of the client, after every override
	 * @return the names of those that nobody has overridden
	 */
	public Set<String> among(Map<String, ?> settings) {
		return this.written.entrySet()
			.stream()
			.filter((setting) -> setting.getValue().equals(settings.get(setting.getKey())))
			.map(Map.Entry::getKey)
			.collect(Collectors.toUnmodifiableSet());
	}

}
