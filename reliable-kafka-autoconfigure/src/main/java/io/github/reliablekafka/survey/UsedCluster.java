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

package io.github.reliablekafka.survey;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.TopicUse;

/**
 * A cluster that the application uses with one identity, and its topics there. Not safe
 * for use by several threads.
 */
final class UsedCluster {

	private final Map<String, Object> connection;

	private final Map<String, TopicUse> topics = new TreeMap<>();

	private boolean read;

	private boolean written;

	private boolean transactional;

	private long maxRequestBytes;

	UsedCluster(Map<String, ?> settings) {
		this.connection = ConnectionSettings.of(settings);
	}

	Map<String, Object> connection() {
		return this.connection;
	}

	void add(TopicUse use) {
		if (!use.topic().isBlank()) {
			this.topics.merge(use.topic(), use, TopicUse::and);
		}
	}

	void read() {
		this.read = true;
	}

	void written(long requestBytes, boolean inTransactions) {
		this.written = true;
		this.maxRequestBytes = Math.max(this.maxRequestBytes, requestBytes);
		this.transactional |= inTransactions;
	}

	boolean isRead() {
		return this.read;
	}

	boolean isWritten() {
		return this.written;
	}

	boolean isTransactional() {
		return this.transactional;
	}

	long maxRequestBytes() {
		return this.maxRequestBytes;
	}

	Collection<TopicUse> topics() {
		return this.topics.values();
	}

}
