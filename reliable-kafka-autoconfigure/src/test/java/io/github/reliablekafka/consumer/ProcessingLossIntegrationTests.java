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

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.github.reliablekafka.deadletter.FragileDeserializer;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.retrytopic.DltStrategy;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are committed though nothing became of them, against a broker.
 */
class ProcessingLossIntegrationTests extends ProcessingLossSetup {

	@ParameterizedTest
	@ValueSource(classes = { LogAndSkip.class, LoggingHandler.class, NoDestination.class })
	void recordThatAnErrorHandlerLogsAndSkipsIsFound(Class<?> configuration) {
		run(configuration, (context) -> {
			send(context, true, "one", "fail", "fail", "two");
			awaitCommitted(4);
		}, "reliable.kafka.durability.accept=consumer.error-handler,consumer.no-dlt");
		// One series of numbers, unless a poll came in between.
		assertThat(this.ledger.findings()).isNotEmpty().allSatisfy(this::assertLoss);
		assertThat(this.ledger.findings().stream().mapToLong((finding) -> finding.numbers().count()).sum())
			.isEqualTo(2);
		assertThat(this.ledger.findings()).allSatisfy((finding) -> {
			assertThat(finding.skippedFrom()).isIn(1L, 2L);
			assertThat(finding.numbers().first(0)).isIn(2L, 3L);
		});
	}

	@Test
	void recordWithoutATopicForItsDeadLetterComesAgain() {
		run(NoDestination.class, (context) -> {
			send(context, true, "one", "fail", "two");
			await().until(() -> context.getBean(Seen.class).values.stream().filter("fail"::equals).count() > 3);
			assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(1);
		});
		assertThat(this.ledger.findings()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(classes = { BatchLogAndSkip.class, BatchFallbackLogAndSkip.class, BatchLogging.class })
	void recordOfABatchThatAnErrorHandlerLogsAndSkipsIsFound(Class<?> configuration) {
		probe.send(this.topic, 0, "a", "fail");
		run(configuration, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.type=batch", "reliable.kafka.durability.accept=consumer.error-handler");
		assertFound(false, 0, 0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void recordThatIsNotReadableAndThatNobodyKeepsIsFound(String type) {
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), new byte[] { (byte) 0xff });
		run(type.equals("batch") ? BatchPoison.class : Poisoned.class, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.type=" + type, "reliable.kafka.durability.accept=consumer.error-handler",
				"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName());
		assertFound(false, 0, 0);
	}

	@Test
	void recordThatRetryTopicsLeadNowhereIsFound() {
		probe.createTopic(this.topic + "-retry", 1);
		run(NowhereListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "fail");
			await().until(() -> probe.committed(this.group, this.topic + "-retry", 0) == 1);
			await().untilAsserted(() -> assertThat(this.ledger.findings()).hasSize(1));
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "reliable.kafka.durability.accept=consumer.no-dlt");
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertLoss(finding);
			assertThat(finding.lane().topic()).isEqualTo(this.topic + "-retry");
			assertThat(finding.numbers()).hasToString((finding.session() != 0) ? "1" : "0");
		});
	}

	private void assertFound(boolean numbered, long firstOffset, long lastOffset) {
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertLoss(finding);
			assertThat(finding.lane()).hasToString(this.topic + "-0");
			assertThat(finding.skippedFrom()).isEqualTo(firstOffset);
			assertThat(finding.skippedTo()).isEqualTo(lastOffset + 1);
			assertThat(finding.session() != 0).isEqualTo(numbered);
			long shift = numbered ? 1 : 0;
			assertThat(finding.numbers().first(0)).isEqualTo(firstOffset + shift);
			assertThat(finding.numbers().last(0)).isEqualTo(lastOffset + shift);
		});
	}

	private void assertLoss(Finding finding) {
		assertThat(finding.verdict()).isEqualTo(Verdict.PROCESSING_LOSS);
		assertThat(finding.cause()).isEqualTo(Cause.COMMITTED_UNPROCESSED);
		assertThat(finding.group()).startsWith(this.group);
	}

	@Configuration(proxyBeanMethods = false)
	static class LogAndSkip extends Listener {

		LogAndSkip(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 1));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Poisoned {

		@KafkaListener(topics = "${topic}")
		void listen(FragileDeserializer.Text value) {
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 0));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchPoison {

		@KafkaListener(topics = "${topic}")
		void listen(List<FragileDeserializer.Text> values) {
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 0));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LoggingHandler extends Listener {

		LoggingHandler(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonLoggingErrorHandler();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoDestination extends Listener {

		NoDestination(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(KafkaTemplate<?, ?> template) {
			DeadLetterPublishingRecoverer recoverer = new DeadLetterPublishingRecoverer(template,
					(record, exception) -> null);
			recoverer.setThrowIfNoDestinationReturned(false);
			return new DefaultErrorHandler(recoverer, new FixedBackOff(0, 0));
		}

	}

	@EnableKafka
	@EnableKafkaRetryTopic
	@Configuration(proxyBeanMethods = false)
	static class NowhereListener extends RetryTopicScheduler {

		private final Seen seen;

		NowhereListener(Seen seen) {
			this.seen = seen;
		}

		@RetryableTopic(attempts = "2", backOff = @BackOff(50), dltStrategy = DltStrategy.NO_DLT)
		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.process(value);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchLogAndSkip extends BatchIndex {

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchFallbackLogAndSkip extends BatchListener {

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(20, 1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchLogging extends BatchListener {

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonLoggingErrorHandler();
		}

	}

}
