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

package io.github.reliablekafka.durability;

import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import com.sun.management.ThreadMXBean;
import io.github.reliablekafka.test.KafkaCluster;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of what a look at many topics costs: 1,000 topics of 10 partitions each, all of
 * them read by a group.
 */
@Tag("chaos")
class DurabilityAuditScaleIntegrationTests {

	private static final Log logger = LogFactory.getLog(DurabilityAuditScaleIntegrationTests.class);

	private static final int TOPICS = 1000;

	private static final int PARTITIONS = 10;

	private static final Duration LONGEST = Duration.ofSeconds(30);

	@Test
	void manyTopicsNeedFewRequests() throws Exception {
		try (KafkaCluster cluster = KafkaCluster.builder()
			.brokers(1)
			.heap("2g")
			.property("log.index.size.max.bytes", "4096")
			.property("num.io.threads", "4")
			.startTimeout(Duration.ofMinutes(3))
			.build()) {
			cluster.start();
			List<String> names = IntStream.range(0, TOPICS).mapToObj((number) -> "topic-" + number).toList();
			for (int from = 0; from < TOPICS; from += 50) {
				cluster.admin()
					.createTopics(names.subList(from, from + 50)
						.stream()
						.map((name) -> new NewTopic(name, PARTITIONS, (short) 1))
						.toList())
					.all()
					.get();
			}
			commit(cluster, names);
			DurabilityProperties policy = new DurabilityProperties(Set.of(), DurabilityLevel.SERVER, Map.of(),
					DurabilityProperties.OnViolation.WARN, Duration.ofMinutes(5), false);
			List<TopicUse> uses = names.stream()
				.map((name) -> new TopicUse(name, Set.of(TopicUse.Purpose.CONSUMED), Set.of("group"), 0))
				.toList();
			try (DurabilityAudit audit = new DurabilityAudit(Map.of("bootstrap.servers", cluster.bootstrapServers()),
					policy, Clock.systemUTC())) {
				List<String> lines = new ArrayList<>();
				lines.add("kept of a look: %d kB".formatted(kept(audit, uses)));
				for (int look = 0; look < 5; look++) {
					lines.add(look(audit, uses));
				}
				lines.forEach(logger::info);
			}
		}
	}

	private static String look(DurabilityAudit audit, List<TopicUse> uses) {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		double requestsBefore = requests(audit);
		long bytesBefore = threads.getCurrentThreadAllocatedBytes();
		long cpuBefore = threads.getCurrentThreadCpuTime();
		ClusterDurability seen = audit.look(uses, LONGEST);
		double requests = requests(audit) - requestsBefore;
		assertThat(seen.topics()).hasSize(TOPICS)
			.allMatch((topic) -> topic.level() == DurabilityLevel.PROCESS && topic.violations().size() == 1);
		assertThat(requests).isLessThan(40);
		return "look: requests=%.0f time=%d ms, of it on the processor=%d ms, allocated=%d kB".formatted(requests,
				seen.took().toMillis(), (threads.getCurrentThreadCpuTime() - cpuBefore) / 1_000_000,
				(threads.getCurrentThreadAllocatedBytes() - bytesBefore) / 1024);
	}

	// What stays in memory from one look to the next.
	private static long kept(DurabilityAudit audit, List<TopicUse> uses) {
		audit.look(uses, LONGEST);
		long before = used();
		ClusterDurability seen = audit.look(uses, LONGEST);
		long kept = used() - before;
		assertThat(seen.topics()).hasSize(TOPICS);
		assertThat(kept).isLessThan(20_000_000);
		return kept / 1024;
	}

	private static long used() {
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	private static void commit(KafkaCluster cluster, List<String> names) throws Exception {
		Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
		for (String name : names) {
			for (int partition = 0; partition < PARTITIONS; partition++) {
				offsets.put(new TopicPartition(name, partition), new OffsetAndMetadata(0));
			}
		}
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers(),
				"default.api.timeout.ms", "120000", "request.timeout.ms", "60000"))) {
			admin.alterConsumerGroupOffsets("group", offsets).all().get();
		}
	}

	private static double requests(DurabilityAudit audit) {
		return audit.admin()
			.admin()
			.metrics()
			.entrySet()
			.stream()
			.filter((metric) -> metric.getKey().name().equals("request-total")
					&& metric.getKey().group().equals("admin-client-metrics"))
			.mapToDouble((metric) -> (Double) metric.getValue().metricValue())
			.sum();
	}

}
