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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.report.LossReportEvent;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import io.github.reliablekafka.test.KafkaCluster;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * An application with the starter and nothing else, and what it says.
 */
final class CheckedApplication implements AutoCloseable {

	private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

	private final KafkaCluster cluster;

	private final AcknowledgedRecords acknowledged;

	private final MeterRegistry meters = new SimpleMeterRegistry();

	private final Queue<LossReportEvent> events = new ConcurrentLinkedQueue<>();

	private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();

	private final Set<ListeningGroup> groups = ConcurrentHashMap.newKeySet();

	CheckedApplication(KafkaCluster cluster, AcknowledgedRecords acknowledged, String... properties) {
		this.cluster = cluster;
		this.acknowledged = acknowledged;
		TestPropertyValues.of(settings(cluster))
			.and("spring.kafka.producer.properties[max.block.ms]=60000")
			.and("spring.kafka.consumer.properties[session.timeout.ms]=6000")
			.and(properties)
			.applyTo(this.context);
		ApplicationListener<ApplicationEvent> listener = (event) -> {
			if (event instanceof LossReportEvent loss) {
				this.events.add(loss);
			}
		};
		this.context.addApplicationListener(listener);
		this.context.register(Application.class);
		this.context.refresh();
		this.context.getBeanProvider(MeterBinder.class).forEach((binder) -> binder.bindTo(this.meters));
		ledger().addPublisher((finding) -> {
			if (this.findings.stream().noneMatch((known) -> known.id().equals(finding.id()))) {
				this.findings.add(finding);
			}
			return CompletableFuture.completedFuture(null);
		});
	}

	/**
	 * The settings of any application that is checked: what is wrong shows soon. Kafka's
	 * producer does not ask other brokers who leads as long as it connects to a frozen
	 * one, which accepts that and says nothing: it gives up after 5 minutes, here after 5
	 * seconds.
	 * @param cluster where it works
	 * @return properties
	 */
	static Map<String, String> settings(KafkaCluster cluster) {
		return Map.ofEntries(Map.entry("spring.application.name", "shop"),
				Map.entry("spring.kafka.bootstrap-servers", cluster.bootstrapServers()),
				Map.entry("spring.kafka.properties[request.timeout.ms]", "3000"),
				Map.entry("spring.kafka.properties[metadata.max.age.ms]", "1000"),
				Map.entry("spring.kafka.properties[metadata.recovery.rebootstrap.trigger.ms]", "5000"),
				Map.entry("spring.kafka.consumer.properties[default.api.timeout.ms]", "5000"),
				Map.entry("spring.kafka.producer.properties[interceptor.classes]", SentHeaders.class.getName()),
				Map.entry("spring.kafka.listener.poll-timeout", "200ms"),
				Map.entry("reliable.kafka.sequence.idle-after", "200ms"),
				Map.entry("reliable.kafka.sequence.interval", "1s"), Map.entry("reliable.kafka.spool.mode", "off"));
	}

	/**
	 * Wait until what producers have claimed of a topic has come to this application.
	 * @param topic the topic
	 * @param last the last record of each session and partition
	 */
	void awaitClaims(String topic, Collection<Numbered> last) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(90))
			.until(() -> last.stream().allMatch((record) -> isClaimed(topic, record)));
	}

	private boolean isClaimed(String topic, Numbered record) {
		return this.context.getBean(SequenceBoards.class).all().stream().anyMatch((board) -> {
			Watermark watermark = board.watermarks(new Lane(topic, record.partition())).get(record.session());
			return watermark != null && watermark.claim().acknowledged() >= record.number();
		});
	}

	LossLedger ledger() {
		return this.context.getBean(LossLedger.class);
	}

	MeterRegistry meters() {
		return this.meters;
	}

	List<LossReportEvent> events() {
		return List.copyOf(this.events);
	}

	@SuppressWarnings("unchecked")
	KafkaTemplate<String, String> template() {
		return this.context.getBean(KafkaTemplate.class);
	}

	/**
	 * What was found missing for a group, whatever the verdict.
	 * @param group the group
	 * @return all that was found by this application
	 */
	List<Finding> findings(ListeningGroup group) {
		return this.findings.stream()
			.filter((finding) -> finding.group().equals(group.name()) && finding.lane().topic().equals(group.topic()))
			.toList();
	}

	LossLedger.Coverage coverage(ListeningGroup group) {
		return ledger().coverage(group.topic(), group.name());
	}

	ListeningGroup group(String topic, String name) {
		return group(topic, name, true);
	}

	@SuppressWarnings("unchecked")
	ListeningGroup group(String topic, String name, boolean readCommitted) {
		String reset = this.context.getEnvironment().getProperty("spring.kafka.consumer.auto-offset-reset", "earliest");
		String unique = topic + "-" + name;
		ListeningGroup group = new ListeningGroup(this.context.getBean(ConcurrentKafkaListenerContainerFactory.class),
				topic, unique,
				new PlainReader(this.cluster.bootstrapServers(), topic, unique + "-plain", readCommitted, reset));
		this.groups.add(group);
		return group;
	}

	/**
	 * Send a record, and write it down once it is acknowledged.
	 * @param topic the topic
	 * @param partition the partition; {@code null} for any
	 * @param value the value
	 * @return completes then
	 */
	CompletableFuture<Void> send(String topic, Integer partition, String value) {
		return template().send(SentHeaders.record(topic, partition, value))
			.thenAccept((result) -> this.acknowledged.add(result.getProducerRecord(), result.getRecordMetadata()));
	}

	/**
	 * Send records and wait until all are acknowledged.
	 * @param topic the topic
	 * @param partition the partition; {@code null} for any
	 * @param prefix of the values
	 * @param count how many
	 */
	void send(String topic, Integer partition, String prefix, int count) {
		List<CompletableFuture<Void>> sends = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			sends.add(send(topic, partition, prefix + "-" + i));
		}
		await(CompletableFuture.allOf(sends.toArray(new CompletableFuture<?>[0])), Duration.ofSeconds(90));
	}

	static void await(CompletableFuture<?> future, Duration timeout) {
		try {
			future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.groups.forEach(ListeningGroup::stop);
		this.context.close();
	}

	@EnableAutoConfiguration
	@Configuration(proxyBeanMethods = false)
	static class Application {

	}

}
