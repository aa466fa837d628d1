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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntToLongFunction;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * The topics that the cluster did not know when a record was sent. To find that out takes
 * a second, during which nothing else is sent; so the first record that finds it out does
 * so for all partitions of the topic, and then there is a pause that grows. Safe for use
 * by many threads.
 */
final class MissingTopics {

	private final Predicate<String> certain;

	private final IntToLongFunction pauses;

	private final Map<String, Missing> topics = new ConcurrentHashMap<>();

	/**
	 * Create an empty set.
	 * @param certain asks the cluster whether it really has no such topic
	 * @param pauses how long to believe that, in nanoseconds, by how often it was found
	 */
	MissingTopics(Predicate<String> certain, IntToLongFunction pauses) {
		this.certain = certain;
		this.pauses = pauses;
	}

	/**
	 * Why a record need not be sent now.
	 * @param topic its topic
	 * @param now in nanoseconds
	 * @return what the last one failed with; {@code null} if it may be sent
	 */
	@Nullable Exception failure(String topic, long now) {
		Missing missing = this.topics.get(topic);
		return (missing != null) ? missing.failure(now) : null;
	}

	/**
	 * The cluster did not know a topic.
	 * @param topic its name
	 * @param failure what a record failed with
	 * @param now in nanoseconds
	 */
	void add(String topic, Exception failure, long now) {
		this.topics.computeIfAbsent(topic, (name) -> new Missing()).found(failure, now, this.pauses);
	}

	/**
	 * The topic is there, or somebody wants to know.
	 * @param topic its name
	 */
	void remove(String topic) {
		this.topics.remove(topic);
	}

	/**
	 * Whether the cluster really has no such topic. Takes seconds, but only once each
	 * time a record was sent in vain.
	 * @param topic its name
	 * @return {@code false} if that is in doubt
	 */
	boolean isCertain(String topic) {
		Missing missing = this.topics.get(topic);
		return (missing != null) ? missing.isCertain(() -> this.certain.test(topic)) : this.certain.test(topic);
	}

	/**
	 * A topic that the cluster did not know.
	 */
	private static final class Missing {

		private final LanePause pause = new LanePause();

		private @Nullable Exception failure;

		private @Nullable Boolean answer;

		private synchronized @Nullable Exception failure(long now) {
			return this.pause.isOn(now) ? this.failure : null;
		}

		private synchronized void found(Exception failure, long now, IntToLongFunction pauses) {
			this.failure = failure;
			this.answer = null;
			this.pause.begin(now, pauses);
		}

		private synchronized boolean isCertain(BooleanSupplier ask) {
			Boolean known = this.answer;
			if (known == null) {
				known = ask.getAsBoolean();
				this.answer = known;
			}
			return known;
		}

	}

}
