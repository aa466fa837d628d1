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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.github.reliablekafka.deadletter.DeadLetters;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolWatch;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * {@link AutoConfiguration Auto-configuration} for the endpoint {@code reliablekafka}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "io.github.reliablekafka.producer.ReliableProducerAutoConfiguration",
		"io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration",
		"io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration",
		"io.github.reliablekafka.survey.SurveyAutoConfiguration" })
@ConditionalOnClass({ Endpoint.class, ConditionalOnAvailableEndpoint.class })
@ConditionalOnBean({ DeliveryLedger.class, SafetyGate.class })
@ConditionalOnAvailableEndpoint(ReliableKafkaEndpoint.class)
public final class ReliableKafkaEndpointAutoConfiguration {

	ReliableKafkaEndpointAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	ReliableKafkaEndpoint reliableKafkaEndpoint(SafetyGate gate, SettingOrigins origins, DeliveryLedger deliveries,
			ObjectProvider<ListenerBoard> listeners, ObjectProvider<LossLedger> losses,
			ObjectProvider<SequenceBoards> boards, ObjectProvider<DurabilityBoard> durability,
			ObjectProvider<SpoolWatch> spool, ObjectProvider<DeadLetters> deadLetters) {
		Map<String, Supplier<Map<String, Object>>> sections = new LinkedHashMap<>();
		sections.put("clients", new ClientsSection(gate, origins)::read);
		sections.put("producers", () -> RecordsSections.producers(deliveries));
		sections.put("lanes", () -> LanesSection.read(sessions(boards), onDisk(spool)));
		spool.ifAvailable((watch) -> sections.put("spool", () -> RecordsSections.spool(watch)));
		listeners.ifAvailable((board) -> sections.put("listeners", () -> RecordsSections.listeners(deliveries, board)));
		losses.ifAvailable((ledger) -> {
			boards.ifAvailable((known) -> sections.put("sequences", () -> RecordsSections.sequences(known, ledger)));
			sections.put("losses", () -> RecordsSections.losses(ledger));
		});
		durability.ifAvailable((board) -> sections.put("durability", new DurabilitySection(board)::read));
		deadLetters.ifAvailable((letters) -> sections.put("dead-letters",
				new DeadLettersSection(letters::topics, System::nanoTime)::read));
		return new ReliableKafkaEndpoint(sections);
	}

	private static List<ProducerSession> sessions(ObjectProvider<SequenceBoards> boards) {
		SequenceBoards known = boards.getIfAvailable();
		return (known != null) ? known.all().stream().flatMap((board) -> board.sessions().stream()).toList()
				: List.of();
	}

	private static List<SpoolBacklog.OfLane> onDisk(ObjectProvider<SpoolWatch> spool) {
		SpoolWatch watch = spool.getIfAvailable();
		return (watch != null) ? watch.lanes() : List.of();
	}

}
