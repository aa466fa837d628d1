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

package io.github.reliablekafka.report;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.RetainedRecords;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;

/**
 * {@link AutoConfiguration Auto-configuration} for reports on records that were lost.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class)
@ConditionalOnClass(KafkaTemplate.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@ConditionalOnBooleanProperty(name = "reliable.kafka.sequence.enabled", matchIfMissing = true)
@EnableConfigurationProperties({ ReportProperties.class, SequenceProperties.class })
public final class LossReportAutoConfiguration {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final Duration PAUSE = Duration.ofSeconds(1);

	LossReportAutoConfiguration() {
	}

	// Nobody asks for it, but it has to be there before the first record is read.
	@Bean
	@Lazy(false)
	LossReporter reliableKafkaLossReporter(ReportProperties properties, SequenceProperties sequence,
			SequenceBoards boards, LossLedger ledger, ObjectProvider<LostRecordSource> sources,
			ObjectProvider<RetainedRecords> spools, ApplicationEventPublisher events, Environment environment) {
		boolean silent = sequence.watermarks() == SequenceProperties.Watermarks.NONE;
		LossReporter reporter = new LossReporter(boards, ledger, silent ? null : properties.reportsTopic(),
				environment.getProperty("spring.application.name", ""), TIMEOUT, Clock.systemUTC(), events,
				new Recovery(sources.orderedStream().toList(),
						new SpooledRecords(() -> spools.orderedStream().toList()), TIMEOUT, PAUSE));
		ledger.addPublisher(reporter::report);
		return reporter;
	}

	// Nor for this.
	@Bean
	@Lazy(false)
	ReportsReaders reliableKafkaLossReportsReaders(LossReporter reporter, ReportProperties properties,
			SequenceProperties sequence, SequenceBoards boards, ObjectProvider<RetainedRecords> spools,
			ListableBeanFactory beanFactory, Environment environment) {
		boolean silent = sequence.watermarks() == SequenceProperties.Watermarks.NONE;
		return new ReportsReaders(boards, () -> producerFactories(beanFactory), properties.reportsTopic(),
				environment.getProperty("spring.application.name", ""),
				new SpooledRecords(() -> silent ? List.of() : spools.orderedStream().toList()), reporter.sentAgain(),
				TIMEOUT);
	}

	private static List<ProducerFactory<?, ?>> producerFactories(ListableBeanFactory beanFactory) {
		List<ProducerFactory<?, ?>> factories = new ArrayList<>();
		beanFactory.getBeansOfType(ProducerFactory.class, false, false)
			.values()
			.forEach((factory) -> factories.add(factory));
		return factories;
	}

	@Bean
	@ConditionalOnMissingBean
	static SequenceBoards reliableKafkaSequenceBoards() {
		return new SequenceBoards();
	}

	@Bean
	@ConditionalOnMissingBean
	static LossLedger reliableKafkaLossLedger() {
		return new LossLedger();
	}

}
