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

import java.time.Duration;
import java.util.List;
import java.util.Random;

import io.github.reliablekafka.sequence.ChildProcess;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What comes over listeners of a campaign: they throw, hang, give back and forget. What
 * they have processed they say, before they say so to Kafka. Safe for use by many
 * threads.
 */
final class CampaignMood {

	private final Random random;

	private final boolean calm;

	private final double hangs;

	/**
	 * Create a mood.
	 * @param seed decides
	 * @param calm whether only records fail that always do
	 * @param hangs how probable it is that a listener hangs
	 */
	CampaignMood(long seed, boolean calm, double hangs) {
		this.random = new Random(seed);
		this.calm = calm;
		this.hangs = hangs;
	}

	boolean comes(double probability) {
		return !this.calm && this.random.nextDouble() < probability;
	}

	/**
	 * Process a record.
	 * @param group of which group
	 * @param record the record
	 */
	void work(String group, ConsumerRecord<?, String> record) {
		ChildProcess.say("SEEN", group);
		if (record.value().startsWith("poison")) {
			failed(group, record);
			throw new IllegalStateException("fails always");
		}
		if (comes(0.02)) {
			failed(group, record);
			throw new IllegalStateException("fails this time");
		}
		if (comes(0.01)) {
			pause(Duration.ofMillis(100));
		}
		if (comes(this.hangs)) {
			// Longer than it may stay away from the group.
			ChildProcess.say("HANGS", group, record.partition(), record.offset());
			pause(Duration.ofSeconds(10));
		}
	}

	/**
	 * Say that records failed: only such a record may be dead-lettered.
	 * @param group of which group
	 * @param records the records
	 */
	void failed(String group, List<? extends ConsumerRecord<?, String>> records) {
		records.forEach((record) -> failed(group, record));
	}

	void failed(String group, ConsumerRecord<?, String> record) {
		ChildProcess.say("FAILED", group, record.partition(), record.offset(), record.value());
	}

	void done(String group, ConsumerRecord<?, String> record) {
		ChildProcess.say("DONE", group, record.partition(), record.offset(), record.value());
	}

	Duration delay() {
		return Duration.ofMillis(this.random.nextInt(60));
	}

	private static void pause(Duration duration) {
		try {
			Thread.sleep(duration.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
