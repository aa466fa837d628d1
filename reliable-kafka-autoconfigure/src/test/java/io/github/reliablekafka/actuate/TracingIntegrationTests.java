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

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetters;
import io.github.reliablekafka.deadletter.Redrive;
import io.github.reliablekafka.deadletter.RetryTopicsAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.DeliveryReceipt;
import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import io.github.reliablekafka.producer.ReliableKafkaTemplateAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import io.micrometer.observation.Observation;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.micrometer.observation.transport.ReceiverContext;
import io.micrometer.observation.transport.SenderContext;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a trace goes on wherever a record goes: to the listener, through the spool,
 * through retry topics to the dead letter topic, and back from there.
 */
@KafkaClusterTest(brokers = 1, combined = true, shared = true)
class TracingIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static KafkaCluster cluster;

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final InMemorySpanExporter spans = InMemorySpanExporter.create();

	private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
		.setTracerProvider(SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(this.spans)).build())
		.setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
		.build();

	private final Tracer tracer = new OtelTracer(this.telemetry.getTracer("test"), new OtelCurrentTraceContext(),
			(event) -> {
			});

	private final TestObservationRegistry observations = TestObservationRegistry.create();

	@TempDir
	private Path directory;

	private ApplicationContextRunner runner;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
		probe = new KafkaProbe(cluster.bootstrapServers());
	}

	@AfterAll
	static void disconnect() {
		probe.close();
	}

	TracingIntegrationTests() {
		OtelPropagator propagator = new OtelPropagator(this.telemetry.getPropagators(),
				this.telemetry.getTracer("test"));
		this.observations.observationConfig()
			.observationHandler(new PropagatingSenderTracingObservationHandler<>(this.tracer, propagator))
			.observationHandler(new PropagatingReceiverTracingObservationHandler<>(this.tracer, propagator))
			.observationHandler(new DefaultTracingObservationHandler(this.tracer) {

				@Override
				public boolean supportsContext(Observation.Context context) {
					return !(context instanceof SenderContext) && !(context instanceof ReceiverContext);
				}

			});
	}

	@AfterEach
	void end() {
		cluster.restore();
		this.telemetry.close();
	}

	@Test
	void traceGoesOnThroughTheSpool() {
		cluster.createTopic(this.topic, 1);
		run(Sender.class, (context) -> {
			ReliableKafkaTemplate<Object, Object> template = template(context);
			assertThat(template.deliver(this.topic, "key", "before")).succeedsWithin(PATIENCE);
			cluster.brokerIds().forEach(cluster::pause);
			Span order = this.tracer.nextSpan().name("order").start();
			Tracer.SpanInScope scope = this.tracer.withSpan(order);
			try {
				CompletableFuture<DeliveryReceipt> receipt = template.deliver(this.topic, "key", "away");
				assertThat(receipt).succeedsWithin(PATIENCE)
					.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED));
			}
			finally {
				scope.close();
				order.end();
			}
			// What is still in memory is lost now, and what is in the spool is sent by
			// the next process.
		}, "reliable.kafka.spool.mode=write-ahead");
		cluster.restore();
		run(Listener.class, (context) -> assertSeen(context, "away " + this.topic, trace("order")),
				"reliable.kafka.spool.mode=write-ahead");
		assertThat(probe.records(this.topic)).filteredOn((record) -> value(record).equals("away"))
			.allSatisfy((record) -> assertThat(traceparent(record)).contains(trace("order")));
		// The span of the send itself has no end, if the process ends first.
		String sending = probe.records(this.topic)
			.stream()
			.filter((record) -> value(record).equals("away"))
			.map((record) -> traceparent(record).split("-", -1)[2])
			.findFirst()
			.orElseThrow();
		assertThat(this.spans.getFinishedSpanItems())
			.filteredOn((span) -> span.getKind() == SpanKind.CONSUMER && span.getTraceId().equals(trace("order")))
			.isNotEmpty()
			.allSatisfy((span) -> assertThat(span.getParentSpanId()).isEqualTo(sending));
	}

	@Test
	void traceGoesOnThroughRetryTopicsDeadLettersAndBack() {
		cluster.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			Listener listener = context.getBean(Listener.class);
			Span order = this.tracer.nextSpan().name("order").start();
			Tracer.SpanInScope scope = this.tracer.withSpan(order);
			try {
				assertThat(template(context).deliver(this.topic, "key", "fail")).succeedsWithin(PATIENCE);
			}
			finally {
				scope.close();
				order.end();
			}
			await().atMost(PATIENCE).until(() -> probe.records(this.topic + "-dlt").size() == 1);
			String retryTopic = listener.seen.stream()
				.map((line) -> line.split(" ", -1)[1])
				.filter((name) -> !name.equals(this.topic))
				.findFirst()
				.orElseThrow();
			assertSeen(context, "fail " + this.topic, trace("order"));
			assertSeen(context, "fail " + retryTopic, trace("order"));
			assertThat(traceparent(probe.records(this.topic + "-dlt").get(0))).contains(trace("order"));
			listener.healed = true;
			listener.seen.clear();
			assertThat(context.getBean(DeadLetters.class).redrive(Redrive.of(this.topic + "-dlt")).redriven()).isOne();
			assertSeen(context, "fail " + this.topic, trace("order"));
			// Each attempt, also the one after the redrive, is a child of the first send.
			List<String> sent = probe.records(this.topic).stream().map(TracingIntegrationTests::traceparent).toList();
			assertThat(sent).hasSize(2);
			assertThat(sent.get(1)).isEqualTo(sent.get(0));
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.spans.getFinishedSpanItems())
					.filteredOn(
							(span) -> span.getKind() == SpanKind.CONSUMER && span.getTraceId().equals(trace("order")))
					.hasSize(3)
					.allSatisfy((span) -> assertThat(span.getParentSpanId()).isEqualTo(sent.get(0).split("-", -1)[2])));
			TestObservationRegistryAssert.assertThat(this.observations).doesNotHaveAnyRemainingCurrentObservation();
		}, "reliable.kafka.consumer.retry.policy=rocketmq", "reliable.kafka.consumer.retry.levels=100ms",
				"reliable.kafka.dead-letter.redrive.topic=rk-redrive-" + this.topic);
	}

	private void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
					ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class,
					ReliableConsumerAutoConfiguration.class, DeadLetterAutoConfiguration.class,
					RetryTopicsAutoConfiguration.class))
			.withBean(TestObservationRegistry.class, () -> this.observations)
			.withBean(Tracer.class, () -> this.tracer)
			.withPropertyValues("spring.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
					"spring.application.name=shop", "topic=" + this.topic,
					"spring.kafka.consumer.group-id=" + this.topic, "spring.kafka.template.observation-enabled=true",
					"spring.kafka.listener.observation-enabled=true", "reliable.kafka.producer.max-block=2s",
					"reliable.kafka.producer.shutdown-timeout=1s", "reliable.kafka.spool.directory=" + this.directory,
					"reliable.kafka.sequence.watermarks=none");
		this.runner.withUserConfiguration(configuration).withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context);
		});
	}

	private String trace(String span) {
		return this.spans.getFinishedSpanItems()
			.stream()
			.filter((finished) -> finished.getName().equals(span))
			.findFirst()
			.orElseThrow()
			.getTraceId();
	}

	private static void assertSeen(ApplicationContext context, String recordAndTopic, String trace) {
		Queue<String> seen = context.getBean(Listener.class).seen;
		await().atMost(PATIENCE).until(() -> seen.stream().anyMatch((line) -> line.startsWith(recordAndTopic)));
		assertThat(seen).filteredOn((line) -> line.startsWith(recordAndTopic + " "))
			.isNotEmpty()
			.allMatch((line) -> line.equals(recordAndTopic + " " + trace));
	}

	@SuppressWarnings("unchecked")
	private static ReliableKafkaTemplate<Object, Object> template(ApplicationContext context) {
		return context.getBean(ReliableKafkaTemplate.class);
	}

	private static String value(ConsumerRecord<byte[], byte[]> record) {
		return new String(record.value(), StandardCharsets.UTF_8);
	}

	private static String traceparent(ConsumerRecord<byte[], byte[]> record) {
		return new String(record.headers().lastHeader("traceparent").value(), StandardCharsets.UTF_8);
	}

	@Configuration(proxyBeanMethods = false)
	static class Sender {

	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		final Queue<String> seen = new ConcurrentLinkedQueue<>();

		volatile boolean healed;

		private final ObjectProvider<Tracer> tracer;

		Listener(ObjectProvider<Tracer> tracer) {
			this.tracer = tracer;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<String, String> record) {
			Span span = this.tracer.getObject().currentSpan();
			this.seen.add("%s %s %s".formatted(record.value(), record.topic(),
					(span != null) ? span.context().traceId() : "none"));
			if (record.value().equals("fail") && !this.healed) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

}
