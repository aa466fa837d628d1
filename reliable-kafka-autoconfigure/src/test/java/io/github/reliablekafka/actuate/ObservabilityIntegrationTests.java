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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.report.LossReportAutoConfiguration;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.survey.SurveyAutoConfiguration;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests of what operators see of a running application, and of the files that are shipped
 * for them.
 */
class ObservabilityIntegrationTests extends ApplicationOnBroker {

	private static final Pattern LABEL = Pattern.compile("[{,]([a-z_]+)=\"([^\"]*)\"");

	private final JsonMapper json = new JsonMapper();

	ObservabilityIntegrationTests() {
		super(ReliableKafkaActuateAutoConfiguration.class, ReliableKafkaHealthAutoConfiguration.class,
				ReliableKafkaEndpointAutoConfiguration.class, HealthContributorAutoConfiguration.class,
				HealthContributorRegistryAutoConfiguration.class, HealthEndpointAutoConfiguration.class,
				SurveyAutoConfiguration.class, DurabilityAutoConfiguration.class, LossReportAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
				DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class);
		configure("management.endpoints.web.exposure.include=*", "management.endpoints.jmx.exposure.include=*",
				"management.endpoint.health.group.liveness.include=reliableKafka/listeners",
				"management.endpoint.health.group.liveness.show-details=always",
				"management.endpoint.health.validate-group-membership=true", "reliable.kafka.sequence.watermarks=none",
				"reliable.kafka.spool.mode=off", "reliable.kafka.durability.accept=topic.replicas",
				"spring.kafka.properties[sasl.jaas.config]=org.Login required password=\"very-secret\";",
				"spring.kafka.properties[my.own.token]=very-secret");
	}

	@Test
	void shippedFilesAskForWhatARunningApplicationHas() {
		application((context) -> {
			Map<String, Map<String, Set<String>>> scraped = scrape(context);
			assertThat(scraped).hasSizeGreaterThan(12);
			Set<String> ofRules = new TreeSet<>();
			for (Map<String, Object> rule : ObservabilityFiles.rules()) {
				check(rule.get("expr").toString(), scraped, ofRules);
			}
			assertThat(ofRules).hasSizeGreaterThan(8);
			Set<String> ofDashboard = new TreeSet<>();
			for (String query : ObservabilityFiles.queries()) {
				check(query, scraped, ofDashboard);
			}
			assertThat(ofDashboard).as("every meter is on the dashboard").isEqualTo(scraped.keySet());
		});
	}

	// Job and instance are from Prometheus, which knows where it has scraped.
	private static void check(String expression, Map<String, Map<String, Set<String>>> scraped, Set<String> metrics) {
		Set<String> verdicts = Stream.of(Verdict.values())
			.map(ReliableKafkaMeters::label)
			.collect(Collectors.toCollection(TreeSet::new));
		for (PromQl.Selector selector : PromQl.parse(expression).selectors()) {
			Map<String, Set<String>> labels = scraped.get(selector.metric());
			assertThat(labels).as("'%s' in the scrape, for %s", selector.metric(), expression).isNotNull();
			Set<String> expected = new TreeSet<>(selector.labels());
			expected.removeAll(Set.of("job", "instance"));
			assertThat(labels.keySet()).as("labels of '%s' for %s", selector.metric(), expression)
				.containsAll(expected);
			expected.retainAll(selector.matchers().keySet());
			for (String label : expected) {
				assertThat(label.equals("verdict") ? verdicts : labels.get(label))
					.as("values of '%s' of '%s'", label, selector.metric())
					.containsAll(List.of(selector.matchers().get(label).split("\\|", -1)));
			}
			metrics.add(selector.metric());
		}
	}

	@Test
	void everyMeterAndAlertIsInTheDocument() throws Exception {
		String document = Files.readString(Path.of("..", "docs", "operations.md"));
		application((context) -> {
			Set<String> names = new TreeSet<>();
			PrometheusMeterRegistry registry = registry(context);
			registry.getMeters().forEach((meter) -> {
				assertThat(meter.getId().getDescription()).as(meter.getId().getName()).isNotBlank();
				names.add(meter.getId().getName());
			});
			Set<String> documented = new TreeSet<>();
			Matcher rows = Pattern.compile("^\\| `(reliable\\.kafka\\.[a-z.]+)` \\|", Pattern.MULTILINE)
				.matcher(document);
			while (rows.find()) {
				documented.add(rows.group(1));
			}
			assertThat(documented).isEqualTo(names);
		});
		ObservabilityFiles.rules().forEach((rule) -> assertThat(document).contains("`" + rule.get("alert") + "`"));
	}

	@Test
	void endpointTellsEverySectionWithoutSecrets() {
		probe.createTopic(this.deadLetters, 1);
		probe.send(this.deadLetters, 0, "payload", "payload");
		probe.send(this.deadLetters, 0, "payload", "payload");
		application((context) -> {
			ReliableKafkaEndpoint endpoint = context.getBean(ReliableKafkaEndpoint.class);
			assertThat(endpoint.sections()).asString()
				.isEqualTo(
						"{sections=[clients, producers, lanes, spool, listeners, sequences, losses, durability, dead-letters]}");
			Map<String, JsonNode> sections = new LinkedHashMap<>();
			for (String name : List.of("clients", "producers", "lanes", "spool", "listeners", "sequences", "losses",
					"durability", "dead-letters")) {
				sections.put(name, this.json.readTree(this.json.writeValueAsString(endpoint.section(name))));
			}
			assertThat(endpoint.section("unknown")).isNull();
			assertThat(sections.toString()).doesNotContain("very-secret").doesNotContain("payload");
			JsonNode clients = sections.get("clients").get("clients");
			assertThat(clients).hasSize(2);
			assertThat(clients.get(0).get("kind").asString()).isEqualTo("consumer");
			JsonNode settings = clients.get(1).get("settings");
			assertThat(settings.get("acks").get("value").asString()).isEqualTo("all");
			for (String own : List.of("acks", "enable.idempotence", "max.block.ms", "interceptor.classes",
					"partitioner.class")) {
				assertThat(settings.get(own).get("origin").asString()).as(own).isEqualTo("reliable-kafka");
			}
			assertThat(settings.get("linger.ms").get("origin").asString()).isEqualTo("Kafka's default");
			assertThat(settings.get("key.serializer").get("origin").asString())
				.isEqualTo("the application's code or Spring Boot");
			JsonNode ofConsumer = clients.get(0).get("settings");
			for (String own : List.of("enable.auto.commit", "auto.offset.reset", "interceptor.classes")) {
				assertThat(ofConsumer.get(own).get("origin").asString()).as(own).isEqualTo("reliable-kafka");
			}
			assertThat(settings.get("sasl.jaas.config").get("value").asString()).isEqualTo("******");
			assertThat(settings.get("my.own.token").get("value").asString()).isEqualTo("******");
			assertThat(settings.get("bootstrap.servers").get("value").asString()).isEqualTo(probe.bootstrapServers());
			assertThat(sections.get("producers").get("topics").get(this.topic).get("delivered").asInt()).isOne();
			JsonNode lane = sections.get("lanes").get("lanes").get(0);
			assertThat(lane.get("topic").asString()).isEqualTo(this.topic);
			assertThat(lane.get("producers").get(0).get("lastNumber").asInt()).isOne();
			assertThat(lane.get("producers").get(0).get("lastOffset").asInt()).isZero();
			assertThat(lane.get("withoutOutcome").asInt()).isZero();
			assertThat(sections.get("listeners").get("listeners").get(0).get("running").asBoolean()).isTrue();
			assertThat(sections.get("spool").toString()).isEqualTo("{\"open\":false}");
			assertThat(sections.get("dead-letters").toString()).isEqualTo(
					"{\"failure\":\"\",\"failures\":{},\"topics\":[{\"topic\":\"%1$s-dlt\",\"originalTopic\":\"%1$s\",\"parking\":false,\"partitions\":1,\"records\":2,\"waiting\":2}]}"
						.formatted(this.topic));
			assertThat(sections.get("losses").get("newest").get(0).get("records").asInt()).isEqualTo(200);
			JsonNode cluster = sections.get("durability").get("clusters").get(0);
			assertThat(cluster.get("violations").get(0).get("risk").asString()).isEqualTo("cluster.brokers");
			assertThat(cluster.get("topics").toString()).contains("\"topic\":\"" + this.topic + "\"");
			context.getBean(KafkaListenerEndpointRegistry.class).stop();
			await().untilAsserted(
					() -> assertThat(endpoint.section("clients")).asString().doesNotContain("kind=consumer"));
		});
	}

	@Test
	void healthTellsWhatIsWrongAndDoesNotFlap() {
		application((context) -> {
			assertThat(health(context, "producers").getStatus()).isEqualTo(Status.UP);
			assertThat(health(context, "losses").getStatus().getCode()).isEqualTo("WARNING");
			assertThat(health(context, "losses").getDetails()).containsEntry("records",
					Map.of("LOST_ACKED in orders for group 'billing'", 200L));
			Health durability = health(context, "durability");
			assertThat(durability.getStatus().getCode()).isEqualTo("WARNING");
			assertThat(durability.getDetails()).containsEntry("accepted", List.of("topic.replicas"));
			assertThat(durability.getDetails().get("violations")).asString().contains("Run three brokers");
			assertThat(health(context, "listeners").getStatus()).isEqualTo(Status.UP);
			HealthEndpoint endpoint = context.getBean(HealthEndpoint.class);
			assertThat(endpoint.health().getStatus()).isEqualTo(Status.UP);
			assertThat(endpoint.healthForPath("liveness").getStatus()).isEqualTo(Status.UP);
			AbstractMessageListenerContainer<?, ?> container = (AbstractMessageListenerContainer<?, ?>) context
				.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainer("orders");
			container.stopAbnormally(() -> {
			});
			await().until(() -> health(context, "listeners").getStatus().equals(Status.DOWN));
			assertThat(health(context, "listeners").getDetails().get("listeners")).asString()
				.contains("orders=Has stopped after a failure and reads nothing from [" + this.topic + "]");
			assertThat(endpoint.healthForPath("liveness").getStatus()).isEqualTo(Status.DOWN);
			assertThat(endpoint.health().getStatus()).isEqualTo(Status.DOWN);
			assertThat(scrapeText(context)).contains("reliable_kafka_consumer_listeners_failed 1.0");
		});
	}

	@Test
	void healthIsSwitchedOffLikeAnyOther() {
		this.runner
			.withPropertyValues("management.health.reliable-kafka.enabled=false",
					"management.endpoint.health.validate-group-membership=false")
			.run((context) -> assertThat(context).doesNotHaveBean("reliableKafkaHealthContributor"));
	}

	@SuppressWarnings("unchecked")
	private void application(ThrowingConsumer<ApplicationContext> test) {
		probe.createTopic(this.topic, 1);
		run(Shop.class, (context) -> {
			KafkaTemplate<String, String> template = context.getBean(KafkaTemplate.class);
			template.send(this.topic, "payload").get(60, TimeUnit.SECONDS);
			DeliveryLedger ledger = context.getBean(DeliveryLedger.class);
			await().until(() -> ledger.consumption(this.topic, this.group).count(ConsumptionOutcome.PROCESSED) == 1);
			ledger.deadLetters().post(this.deadLetters, DeadLetterCounts.Outcome.WRITTEN, 1);
			ledger.accept(this.topic).rejected(RejectionReason.RECORD_TOO_LARGE, "a payload of 2 MB");
			context.getBean(LossLedger.class)
				.post(new Finding(Verdict.LOST_ACKED, Cause.TRUNCATED, "billing", true, new Lane("orders", 0), 1, null,
						NumberRanges.of(301, 500), "claim", null, null, -1, -1, 0));
			LossLedger losses = context.getBean(LossLedger.class);
			DurabilityBoard board = context.getBean(DurabilityBoard.class);
			await().until(() -> !board.clusters().isEmpty() && losses.coverages().size() == 1);
			test.accept(context);
		});
	}

	private static PrometheusMeterRegistry registry(ApplicationContext context) {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		context.getBeansOfType(MeterBinder.class).values().forEach((binder) -> binder.bindTo(registry));
		// The verdict is counted when the reporter has looked closer.
		await().until(() -> registry.find("reliable.kafka.loss.records").functionCounter() != null);
		return registry;
	}

	private static String scrapeText(ApplicationContext context) {
		return registry(context).scrape();
	}

	// The values of each label of each metric.
	private static Map<String, Map<String, Set<String>>> scrape(ApplicationContext context) {
		Map<String, Map<String, Set<String>>> metrics = new TreeMap<>();
		scrapeText(context).lines().filter((line) -> !line.startsWith("#")).forEach((line) -> {
			Map<String, Set<String>> labels = metrics.computeIfAbsent(line.replaceAll("[{ ].*", ""),
					(name) -> new TreeMap<>());
			Matcher matcher = LABEL.matcher(line);
			while (matcher.find()) {
				labels.computeIfAbsent(matcher.group(1), (label) -> new TreeSet<>()).add(matcher.group(2));
			}
		});
		return metrics;
	}

	private static Health health(ApplicationContext context, String part) {
		CompositeHealthContributor composite = context.getBean("reliableKafkaHealthContributor",
				CompositeHealthContributor.class);
		return ((HealthIndicator) composite.getContributor(part)).health();
	}

	@Configuration(proxyBeanMethods = false)
	static class Shop {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "${topic}")
		void listen(String value) {
		}

	}

}
