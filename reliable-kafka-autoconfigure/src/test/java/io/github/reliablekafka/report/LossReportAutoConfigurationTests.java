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

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link LossReportAutoConfiguration} without a cluster.
 */
@ExtendWith(OutputCaptureExtension.class)
class LossReportAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class, LossReportAutoConfiguration.class,
				KafkaAutoConfiguration.class))
		.withPropertyValues("spring.application.name=shop");

	@Test
	void findingBecomesEventAndLogLineOnce(CapturedOutput output) {
		this.runner.withUserConfiguration(Listening.class).run((context) -> {
			LossLedger ledger = context.getBean(LossLedger.class);
			for (int i = 0; i < 3; i++) {
				ledger.post(Findings.lost(new Lane("orders", 0), NumberRanges.of(3, 5), null, null))
					.get(10, TimeUnit.SECONDS);
			}
			ledger
				.post(Findings.of(Verdict.RECOVERED, Cause.LATE, new Lane("orders", 0), NumberRanges.of(3, 5), null,
						null))
				.get(10, TimeUnit.SECONDS);
			Queue<LossReportEvent> events = context.getBean(Listening.class).events;
			await().until(() -> events.size() == 2);
			LossReport report = events.remove().getReport();
			assertThat(report.isLoss()).isTrue();
			assertThat(report.application()).isEqualTo("shop");
			assertThat(report.examination().outcome()).isEqualTo(Outcome.NOT_RUN);
			assertThat(events.remove().isLoss()).isFalse();
			assertThat(output.toString().lines().filter((line) -> line.contains("report.LossReport: "))).hasSize(2);
		});
	}

	@Test
	void listenerThatFailsOrWaitsHoldsUpNobody(CapturedOutput output) {
		this.runner.withUserConfiguration(Failing.class).run((context) -> {
			LossLedger ledger = context.getBean(LossLedger.class);
			ledger.post(Findings.lost(new Lane("orders", 0), NumberRanges.of(3, 5), null, null))
				.get(10, TimeUnit.SECONDS);
			await().until(() -> output.toString().contains("A listener of loss reports failed"));
			ledger.post(Findings.lost(new Lane("orders", 0), NumberRanges.of(7, 7), null, null))
				.get(10, TimeUnit.SECONDS);
		});
	}

	@Test
	void reporterIsThereThoughNobodyAsksForIt() {
		this.runner
			.withInitializer((context) -> context
				.addBeanFactoryPostProcessor(new org.springframework.boot.LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(context.getBeanFactory().containsSingleton("reliableKafkaLossReporter"))
				.isTrue());
	}

	@Test
	void switchesTurnItOff() {
		for (String name : List.of("reliable.kafka.enabled", "reliable.kafka.sequence.enabled")) {
			this.runner.withPropertyValues(name + "=false")
				.run((context) -> assertThat(context).doesNotHaveBean(LossReporter.class)
					.doesNotHaveBean(LossLedger.class));
		}
	}

	@Test
	void emptyTopicIsRefused() {
		this.runner.withPropertyValues("reliable.kafka.sequence.reports-topic= ")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("reliable.kafka.sequence.reports-topic must not be empty"));
	}

	/**
	 * Keeps events.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		private final Queue<LossReportEvent> events = new ConcurrentLinkedQueue<>();

		@EventListener
		void on(LossReportEvent event) {
			this.events.add(event);
		}

	}

	/**
	 * Does not like the first report.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing {

		@EventListener(condition = "#event.loss")
		void on(LossReportEvent event) throws InterruptedException {
			if (event.getReport().finding().numbers().contains(3)) {
				throw new IllegalStateException("no");
			}
			new CountDownLatch(1).await();
		}

	}

}
