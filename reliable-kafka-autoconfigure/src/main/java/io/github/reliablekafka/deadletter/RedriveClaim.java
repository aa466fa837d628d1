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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.BoundedAdmin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * The right to redrive a dead letter topic, which one instance of all applications has at
 * a time: membership in a group that has the name of the topic, with all of its
 * partitions. Who loses it notices at the next poll. After a crash it is free again
 * within 10 seconds. Confined to one thread.
 */
final class RedriveClaim implements AutoCloseable {

	private static final String GROUP_PREFIX = "rk-redrive-";

	private static final String SESSION_TIMEOUT_MS = "10000";

	private static final int RECORDS_PER_POLL = 100;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

	private final String topic;

	private final Consumer<byte[], byte[]> consumer;

	private boolean lost;

	/**
	 * Claim a topic.
	 * @param cluster where it is
	 * @param topic the dead letter topic
	 * @param partitions how many it has
	 * @param admin knows who else has claimed it
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @throws IllegalStateException if somebody else redrives it
	 */
	RedriveClaim(DeadLetterCluster cluster, String topic, int partitions, BoundedAdmin admin, long deadline) {
		this.topic = topic;
		String group = GROUP_PREFIX + topic;
		refuseIfClaimed(group, admin, deadline);
		this.consumer = cluster
			.reader(Map.of(ConsumerConfig.GROUP_ID_CONFIG, group, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
					SESSION_TIMEOUT_MS, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_PER_POLL));
		try {
			this.consumer.subscribe(List.of(topic), new Holding());
			while (this.consumer.assignment().size() < partitions) {
				if (deadline - System.nanoTime() <= 0) {
					throw taken();
				}
				this.consumer.poll(Duration.ofMillis(100));
			}
			this.lost = false;
		}
		catch (RuntimeException ex) {
			close();
			throw ex;
		}
	}

	private void refuseIfClaimed(String group, BoundedAdmin admin, long deadline) {
		try {
			KafkaFuture<ConsumerGroupDescription> described = admin.admin()
				.describeConsumerGroups(List.of(group))
				.describedGroups()
				.get(group);
			if (!BoundedAdmin.get(described, deadline).members().isEmpty()) {
				throw taken();
			}
		}
		catch (GroupIdNotFoundException ex) {
			// Nobody has redriven it yet.
		}
	}

	private IllegalStateException taken() {
		return new IllegalStateException(
				"'%s' is being redriven by another instance or call, or one has just died: ".formatted(this.topic)
						+ "try again later");
	}

	/**
	 * The consumer that is assigned all partitions. They are paused, and nothing is known
	 * of where to read.
	 * @return not to be closed by the caller
	 */
	Consumer<byte[], byte[]> consumer() {
		return this.consumer;
	}

	/**
	 * Go on only if nobody else has got partitions.
	 * @throws IllegalStateException otherwise
	 */
	void verify() {
		if (this.lost) {
			throw taken();
		}
	}

	@Override
	public void close() {
		this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
	}

	/**
	 * Notices what is taken away.
	 */
	private final class Holding implements ConsumerRebalanceListener {

		@Override
		public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
			RedriveClaim.this.consumer.pause(partitions);
			// The group has no offsets, and without a position a poll would fail.
			partitions.forEach((partition) -> RedriveClaim.this.consumer.seek(partition, 0));
		}

		@Override
		public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
			RedriveClaim.this.lost |= !partitions.isEmpty();
		}

	}

}
