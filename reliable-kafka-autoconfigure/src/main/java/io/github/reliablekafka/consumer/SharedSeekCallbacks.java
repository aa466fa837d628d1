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

package io.github.reliablekafka.consumer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.AbstractConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;

/**
 * Names beans with several listeners that seek through {@link AbstractConsumerSeekAware}:
 * Spring Kafka 4.1.1 removes the callbacks of all of them for a partition that one of
 * them gives away, and then a seek of the others does nothing, without a word.
 */
final class SharedSeekCallbacks {

	private static final Log logger = LogFactory.getLog(SharedSeekCallbacks.class);

	private SharedSeekCallbacks() {
	}

	/**
	 * Name them in the log.
	 * @param containers all containers of the application
	 */
	static void warnOf(Collection<MessageListenerContainer> containers) {
		IdentityHashMap<Object, List<MessageListenerContainer>> users = new IdentityHashMap<>();
		for (MessageListenerContainer container : containers) {
			Object bean = beanOf(container.getContainerProperties().getMessageListener());
			if (bean instanceof AbstractConsumerSeekAware) {
				users.computeIfAbsent(bean, (key) -> new ArrayList<>()).add(container);
			}
		}
		users.forEach((bean, each) -> {
			List<Meeting> meetings = each.stream()
				.flatMap((one) -> each.stream().filter((other) -> other != one).map((other) -> meet(one, other)))
				.toList();
			boolean sure = meetings.contains(Meeting.SURE);
			if (sure || meetings.contains(Meeting.POSSIBLE)) {
				logger.warn(
						"Listeners %s are methods of one %s: when one of them gives a partition away, Spring Kafka forgets the seek callbacks of all of them for it, and what the others seek %s nothing. Give each a bean of its own"
							.formatted(each.stream().map(MessageListenerContainer::getListenerId).toList(),
									bean.getClass().getSimpleName(), sure ? "does" : "may do"));
			}
		});
	}

	// What is assigned by hand is never given away, and which topics two patterns both
	// match is not known yet.
	private static Meeting meet(MessageListenerContainer one, MessageListenerContainer other) {
		ContainerProperties first = one.getContainerProperties();
		ContainerProperties second = other.getContainerProperties();
		if (first.getTopicPartitions() != null || second.getTopicPartitions() != null) {
			return Meeting.NONE;
		}
		String[] topics = first.getTopics();
		String[] others = second.getTopics();
		if (topics == null && others == null) {
			return Meeting.POSSIBLE;
		}
		boolean sure = reads(first, others) || reads(second, topics);
		return sure ? Meeting.SURE : Meeting.NONE;
	}

	private static boolean reads(ContainerProperties properties, String @Nullable [] topics) {
		if (topics == null) {
			return false;
		}
		String[] own = properties.getTopics();
		if (own != null) {
			return !Collections.disjoint(Arrays.asList(own), Arrays.asList(topics));
		}
		Pattern pattern = properties.getTopicPattern();
		return pattern != null && Arrays.stream(topics).anyMatch((topic) -> pattern.matcher(topic).matches());
	}

	private static @Nullable Object beanOf(@Nullable Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			inner = outer.getDelegate();
		}
		return (inner instanceof MessagingMessageListenerAdapter<?, ?>)
				? new DirectFieldAccessor(inner).getPropertyValue("bean") : null;
	}

	/**
	 * Whether two listeners read the same topic.
	 */
	private enum Meeting {

		NONE, POSSIBLE, SURE

	}

}
