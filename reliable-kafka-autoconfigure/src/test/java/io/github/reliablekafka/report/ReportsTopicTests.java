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

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ReportsTopic} without a broker.
 */
class ReportsTopicTests {

	@Test
	void clusterThatIsAwayIsTriedLessAndLessWithTheSameClient() throws Exception {
		ClientCount.clients.set(0);
		ReportsTopic topic = new ReportsTopic("reports", Map.of("bootstrap.servers", "127.0.0.1:" + unusedPort(),
				"metric.reporters", ClientCount.class.getName()), Duration.ofMillis(600));
		List<Long> begun = new ArrayList<>();
		List<Long> ended = new ArrayList<>();
		try (topic) {
			await().pollInSameThread().pollInterval(Duration.ofMillis(50)).atMost(Duration.ofSeconds(60)).until(() -> {
				long now = System.nanoTime();
				Throwable failure = topic.write(report()).handle((done, thrown) -> thrown).join();
				assertThat(failure).isNotNull();
				// What is refused, or waits for too long, was not tried.
				if (failure instanceof CompletionException && failure.getCause() instanceof KafkaException) {
					begun.add(now);
					ended.add(System.nanoTime());
				}
				return begun.size() == 3;
			});
		}
		assertThat(ClientCount.clients).hasValue(1);
		assertThat(ended.get(1) - begun.get(0)).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(1));
		assertThat(ended.get(2) - begun.get(1)).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(2));
	}

	private static int unusedPort() throws Exception {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	private static LossReport report() {
		Finding finding = Findings.lost(new Lane("orders", 0), NumberRanges.of(3, 5), null, null);
		return new LossReport(finding, finding.verdict(), finding.cause(), Examination.without(Outcome.NOT_RUN, "no"),
				Instant.EPOCH, "", "");
	}

	/**
	 * Each client has one of its own.
	 */
	public static class ClientCount implements MetricsReporter {

		private static final AtomicInteger clients = new AtomicInteger();

		@Override
		public void init(List<KafkaMetric> metrics) {
			clients.incrementAndGet();
		}

		@Override
		public void metricChange(KafkaMetric metric) {
		}

		@Override
		public void metricRemoval(KafkaMetric metric) {
		}

		@Override
		public void close() {
		}

		@Override
		public void configure(Map<String, ?> configs) {
		}

	}

}
