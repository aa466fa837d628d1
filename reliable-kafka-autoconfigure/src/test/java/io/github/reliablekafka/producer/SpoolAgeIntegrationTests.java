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

package io.github.reliablekafka.producer;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolWatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that may wait in the spool only for so long, against a broker.
 */
class SpoolAgeIntegrationTests extends SpoolSetup {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final List<SpoolEvent> events = new CopyOnWriteArrayList<>();

	@BeforeEach
	void limit() {
		this.runner = this.runner
			.withPropertyValues("reliable.kafka.spool.max-age=4s",
					"spring.kafka.producer.properties.request.timeout.ms=1000")
			.withInitializer((context) -> context
				.addApplicationListener((ApplicationListener<PayloadApplicationEvent<?>>) (event) -> {
					if (event.getPayload() instanceof SpoolEvent spooled) {
						this.events.add(spooled);
					}
				}));
	}

	@Test
	void recordsThatWaitTooLongAreParkedAndTheRestIsRejected() {
		this.runner.run((context) -> {
			away();
			ReliableKafkaTemplate<Object, Object> template = template(context);
			assertThat(template.deliver(this.topic, "promised")).succeedsWithin(PATIENCE);
			assertThat(template.deliver(this.topic, "promised, too")).succeedsWithin(PATIENCE);
			CompletableFuture<SendResult<Object, Object>> sent = template.send(this.topic, "awaited");
			assertThat(sent).failsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().rejectedTotal() == 3);
			assertThat(ledger(context).totals().rejected()).containsOnlyKeys(RejectionReason.EXPIRED);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			await().atMost(PATIENCE).until(() -> spool.backlog().waiting() == 0);
			await().atMost(PATIENCE).until(() -> spool.backlog().expired() == 3);
			assertThat(spool.parked(10)).extracting((parked) -> new String(parked.value(), StandardCharsets.UTF_8))
				.containsExactly("promised", "promised, too");
			assertThat(spool.parked(10)).allSatisfy((parked) -> assertThat(parked.reason()).contains("max-age=PT4S"));
			back();
			assertThat(template.deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1);
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.events)
					.filteredOn((event) -> event.kind() == SpoolEvent.Kind.EXPIRED)
					.extracting(SpoolEvent::records)
					.satisfies((counts) -> assertThat(counts.stream().mapToLong(Long::longValue).sum()).isEqualTo(3)));
		});
	}

	@Test
	void recordInTheHandsOfTheRelaysClientIsParkedWhileOthersAreTaken() throws Exception {
		String gone = "gone-" + UUID.randomUUID();
		cluster.createTopic(gone, 1);
		park(gone, "known", "late");
		park(this.topic, IntStream.range(0, 40).mapToObj(String::valueOf).toArray(String[]::new));
		this.runner.run((context) -> {
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			assertThat(template(context).deliver(this.topic, "direct")).succeedsWithin(PATIENCE);
			sendAgain(spool, "0");
			sendAgain(spool, "known");
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 3);
			cluster.admin().deleteTopics(List.of(gone)).all().get();
			sendAgain(spool, "late");
			// It is there until it is on disk elsewhere.
			await().atMost(PATIENCE).until(() -> find(spool, "late") == null);
			AtomicInteger sent = new AtomicInteger(1);
			await().atMost(PATIENCE).pollInterval(Duration.ofMillis(900)).until(() -> {
				if (find(spool, "late") != null) {
					return true;
				}
				// The relay hears of the cluster all the time.
				sendAgain(spool, String.valueOf(sent.getAndIncrement()));
				return false;
			});
			assertThat(find(spool, "late")).isNotNull()
				.extracting(ParkedRecord::reason)
				.asString()
				.contains("max-age=PT4S", "may have been written");
			long delivered = sent.get() + 2L;
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == delivered);
			assertThat(ledger(context).totals().rejected()).containsOnlyKeys(RejectionReason.EXPIRED);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
		});
	}

	private static void sendAgain(SpoolWatch spool, String value) {
		await().atMost(PATIENCE).ignoreExceptionsInstanceOf(IllegalStateException.class).until(() -> {
			ParkedRecord parked = find(spool, value);
			return parked != null && spool.sendAgain(parked.id());
		});
	}

	private static @Nullable ParkedRecord find(SpoolWatch spool, String value) {
		return spool.parked(20).stream().filter((parked) -> value(parked).equals(value)).findFirst().orElse(null);
	}

	private static String value(ParkedRecord parked) {
		return new String(parked.value(), StandardCharsets.UTF_8);
	}

	// As an earlier process would have.
	private void park(String topic, String... values) throws Exception {
		String cluster = SpoolSetup.cluster.admin().describeCluster().clusterId().get();
		try (SegmentSpool spool = SpoolDirectory.open(this.directory.resolve("shop"),
				SpoolOptions.of("shop", 1 << 30, 0, false))) {
			for (String value : values) {
				List<SpoolRecord.Field> reason = new ArrayList<>();
				reason.add(new SpoolRecord.Field(RefusedRecords.PARKED_HEADER, new byte[0]));
				spool.append(
						spool.lane("producer factory 'kafkaProducerFactory' in " + cluster, topic, SpoolLane.PARKED),
						new SpoolRecord(0, 1, Instant.now().toEpochMilli(), null,
								value.getBytes(StandardCharsets.UTF_8), reason),
						0, null);
			}
			assertThat(spool.flush()).isTrue();
		}
	}

}
