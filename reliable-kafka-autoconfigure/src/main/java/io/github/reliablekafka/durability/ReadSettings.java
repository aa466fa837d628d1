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
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * The settings of a topic or broker as a broker told them, or why it did not.
 *
 * @param values by name; empty if they could not be read
 * @param unreadable why they could not be read; {@code null} if they were
 */
record ReadSettings(Map<String, Setting> values, @Nullable String unreadable) {

	ReadSettings {
		values = Map.copyOf(values);
	}

	static ReadSettings of(Map<String, Setting> values) {
		return new ReadSettings(values, null);
	}

	static ReadSettings unreadable(String reason) {
		return new ReadSettings(Map.of(), reason);
	}

	Optional<Setting> find(String name) {
		return Optional.ofNullable(this.values.get(name));
	}

	Optional<Long> number(String name) {
		return find(name).map(Setting::value).map(ReadSettings::parse);
	}

	private static @Nullable Long parse(String value) {
		try {
			return Long.valueOf(value);
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	Optional<Boolean> flag(String name) {
		return find(name).map((setting) -> Boolean.parseBoolean(setting.value()));
	}

	/**
	 * The value of a setting and where it was made.
	 *
	 * @param value the value
	 * @param source where it was made
	 */
	record Setting(String value, Source source) {

	}

	/**
	 * Where the value of a topic's setting was made.
	 */
	enum Source {

		/**
		 * On the topic, so that each broker and controller sees the same.
		 */
		TOPIC("on the topic"),

		/**
		 * For the whole cluster at run time: likewise.
		 */
		CLUSTER("for the whole cluster"),

		/**
		 * By the broker that was asked; another one, or a controller, may see another
		 * value.
		 */
		BROKER("by a broker for itself"),

		/**
		 * By nobody.
		 */
		DEFAULT("by nobody");

		private final String words;

		Source(String words) {
			this.words = words;
		}

		/**
		 * Whether each broker and each controller sees the same.
		 * @return {@code false} if they may differ
		 */
		boolean isShared() {
			return this == TOPIC || this == CLUSTER;
		}

		@Override
		public String toString() {
			return this.words;
		}

	}

}
