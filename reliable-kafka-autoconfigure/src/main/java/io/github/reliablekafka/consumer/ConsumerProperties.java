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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a consumer does when its group has no offset.
 *
 * @param reset Where a group without an offset begins to read: earliest, latest,
 * by_duration:PT1H (the first record of the last hour), or fail. A consumer's own
 * auto.offset.reset goes first.
 */
@ConfigurationProperties("reliable.kafka.consumer")
record ConsumerProperties(@DefaultValue("earliest") String reset) {

	ConsumerProperties {
		ResetPolicy.parse("reliable.kafka.consumer.reset", reset);
	}

}
