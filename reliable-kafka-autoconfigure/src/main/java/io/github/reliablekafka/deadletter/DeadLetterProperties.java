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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;

/**
 * Where records go that cannot be processed.
 *
 * @param enabled Whether records that cannot be processed go to a dead letter topic.
 * Otherwise they are tried until they succeed, and their partition waits.
 * @param suffix What the name of a dead letter topic adds to the name of the topic.
 * @param publishTimeout Longest time to wait until a dead letter is acknowledged. Cut
 * down to half of the maximum poll interval.
 * @param showPayload Whether those who look at dead letters see keys and values.
 * @param redrive How dead letters go back to their topics.
 */
@ConfigurationProperties("reliable.kafka.dead-letter")
record DeadLetterProperties(@DefaultValue("true") boolean enabled, @DefaultValue("-dlt") String suffix,
		@DefaultValue("30s") Duration publishTimeout, @DefaultValue("false") boolean showPayload,
		@DefaultValue Redrive redrive) {

	private static final Duration MARGIN = Duration.ofSeconds(1);

	DeadLetterProperties {
		Assert.hasText(suffix, "reliable.kafka.dead-letter.suffix must not be empty");
		Assert.isTrue(publishTimeout.toMillis() > 0, "reliable.kafka.dead-letter.publish-timeout must be positive");
	}

	/**
	 * The longest wait of a consumer.
	 * @param maxPollInterval how long it may stay away from polling
	 * @return not longer than half of that
	 */
	Duration publishTimeout(Duration maxPollInterval) {
		Duration half = maxPollInterval.dividedBy(2);
		return (half.compareTo(this.publishTimeout) < 0) ? half : this.publishTimeout;
	}

	/**
	 * The longest time that one dead letter takes, with the third more that the spool may
	 * take and a moment to give up.
	 * @param maxPollInterval how long the consumer may stay away from polling
	 * @return longer than the timeout
	 */
	Duration longestStay(Duration maxPollInterval) {
		Duration timeout = publishTimeout(maxPollInterval);
		return timeout.plus(timeout.dividedBy(3)).plus(MARGIN);
	}

	/**
	 * How dead letters go back to their topics.
	 *
	 * @param maxRedrives How often a record is redriven before it goes to the parking
	 * topic instead.
	 * @param recordsPerSecond Most records that one redrive writes in a second.
	 * @param parkingSuffix What the name of a parking topic adds to the name of the dead
	 * letter topic.
	 * @param topic Name of the topic that remembers which dead letters were redriven.
	 */
	record Redrive(@DefaultValue("3") int maxRedrives, @DefaultValue("100") int recordsPerSecond,
			@DefaultValue("-parking") String parkingSuffix, @DefaultValue("rk-redrive") String topic) {

		Redrive {
			Assert.isTrue(maxRedrives >= 0, "reliable.kafka.dead-letter.redrive.max-redrives must not be negative");
			Assert.isTrue(recordsPerSecond >= 1,
					"reliable.kafka.dead-letter.redrive.records-per-second must be at least 1");
			Assert.hasText(parkingSuffix, "reliable.kafka.dead-letter.redrive.parking-suffix must not be empty");
			Assert.hasText(topic, "reliable.kafka.dead-letter.redrive.topic must not be empty");
		}

	}

}
