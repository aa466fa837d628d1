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

package io.github.reliablekafka.actuate;

import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.spool.SpoolWatch;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * {@link AutoConfiguration Auto-configuration} for meters.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "io.github.reliablekafka.producer.ReliableProducerAutoConfiguration",
		"io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration",
		"io.github.reliablekafka.survey.SurveyAutoConfiguration" })
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean({ DeliveryLedger.class, SafetyGate.class })
public final class ReliableKafkaActuateAutoConfiguration {

	ReliableKafkaActuateAutoConfiguration() {
	}

	@Bean
	@ConditionalOnBean(SpoolWatch.class)
	SpoolMeters reliableKafkaSpoolMeters(SpoolWatch spool) {
		return new SpoolMeters(spool);
	}

	@Bean
	ReliableKafkaMeters reliableKafkaMeters(DeliveryLedger ledger, SafetyGate gate, ObjectProvider<LossLedger> losses,
			ObjectProvider<DurabilityBoard> durability, ObjectProvider<ListenerBoard> listeners) {
		return new ReliableKafkaMeters(ledger, gate, losses.getIfAvailable(), durability.getIfAvailable(),
				listeners.getIfAvailable());
	}

}
