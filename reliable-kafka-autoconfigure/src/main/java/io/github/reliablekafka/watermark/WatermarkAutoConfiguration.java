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

package io.github.reliablekafka.watermark;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.sequence.SequenceBoards;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * {@link AutoConfiguration Auto-configuration} for telling what was acknowledged through
 * a topic, and for looking it up.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class)
@ConditionalOnClass(KafkaTemplate.class)
@ConditionalOnBooleanProperty(name = { "reliable.kafka.enabled", "reliable.kafka.sequence.enabled" },
		matchIfMissing = true)
@EnableConfigurationProperties(SequenceProperties.class)
public final class WatermarkAutoConfiguration {

	WatermarkAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	SequenceBoards reliableKafkaSequenceBoards() {
		return new SequenceBoards();
	}

	@Bean
	AuditClusters reliableKafkaAuditClusters(SequenceProperties properties, SequenceBoards boards) {
		return new AuditClusters(properties, boards);
	}

	@Bean
	static BeanFactoryPostProcessor reliableKafkaProducersEndBeforeAuditClusters() {
		return new EndsAfterProducers("reliableKafkaAuditClusters");
	}

}
