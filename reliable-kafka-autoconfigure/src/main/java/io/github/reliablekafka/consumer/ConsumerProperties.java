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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;

/**
 * What consumers do.
 *
 * @param reset Where a group without an offset begins to read: earliest, latest,
 * by_duration:PT1H (the first record of the last hour), or fail. A consumer's own
 * auto.offset.reset goes first.
 * @param maxProcessingAge How long a listener may work on a record, or leave it without
 * an acknowledgement, before it is named in the log, in health and by a meter.
 */
@ConfigurationProperties("reliable.kafka.consumer")
record ConsumerProperties(@DefaultValue("earliest") String reset, @DefaultValue("1m") Duration maxProcessingAge) {

	ConsumerProperties {
		ResetPolicy.parse("reliable.kafka.consumer.reset", reset);
		Assert.isTrue(maxProcessingAge.toMillis() > 0,
				() -> "reliable.kafka.consumer.max-processing-age=%s, expected a positive duration"
					.formatted(maxProcessingAge));
	}

}
