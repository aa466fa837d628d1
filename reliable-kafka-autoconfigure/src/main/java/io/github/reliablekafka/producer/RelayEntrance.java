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

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.ProducerFactory;

/**
 * Lets records into the lanes of a relay that none of the application's producers sends.
 * The relay is that of the first producer factory, by name, that has no transactions and
 * enters the same cluster with the same credentials: always the same one, in the next
 * process as well, so that there is one line for each partition. Nothing is taken that
 * would get past others of its partition in another relay. Safe for use by many threads.
 */
final class RelayEntrance implements SpoolEntrance {

	private static final String INDIRECT = ", as far as can be seen: some of these are known to a config provider only";

	private final Spools spools;

	private final DeliveryLedger ledger;

	private final DeliveryLedger unposted = new DeliveryLedger();

	RelayEntrance(Spools spools, DeliveryLedger ledger) {
		this.spools = spools;
		this.ledger = ledger;
	}

	@Override
	public boolean isOpen() {
		return this.spools.isEnabled();
	}

	@Override
	public boolean isWaiting(Map<String, Object> connection, String clusterId, String topic, int partition) {
		return isOpen() && this.spools.isWaiting(connection, clusterId, new TopicPartition(topic, partition), null);
	}

	@Override
	public @Nullable String put(Map<String, Object> connection, String clusterId, String topic, SpoolRecord record,
			@Nullable Throwable failure, Duration patience) {
		long deadline = System.nanoTime() + patience.toNanos();
		Sender sender = isOpen() ? sender(connection) : null;
		if (sender == null) {
			return "no producer factory without transactions enters the same cluster with the same credentials";
		}
		Relay relay;
		try {
			relay = relay(sender);
			if (relay != null) {
				relay.limits().requireFits(record.key(), record.value(), headers(record));
			}
		}
		catch (RecordTooLargeException ex) {
			return String.valueOf(ex.getMessage());
		}
		catch (RuntimeException ex) {
			return "%s has no producer (%s)".formatted(sender.subject(), ex);
		}
		if (relay == null || relay.isStopping()) {
			return "the spool is not open";
		}
		if (System.nanoTime() - deadline >= 0) {
			return "it took too long to open the spool";
		}
		relay.lanes().found(clusterId);
		if (!relay.lanes().isOf(clusterId) || !relay.isLike(ConnectionSettings.identity(connection))) {
			return "%s sends what is in the spool to another cluster, or with other credentials%s"
				.formatted(sender.subject(), isIndirect(connection) ? INDIRECT : "");
		}
		if (this.spools.isWaiting(connection, clusterId, new TopicPartition(topic, record.partition()), relay)) {
			return "others for its partition wait there for another producer factory than " + sender.subject();
		}
		return put(relay, relay.lanes().lane(topic, record.partition()), record, failure, deadline);
	}

	private @Nullable String put(Relay relay, SpooledLane lane, SpoolRecord record, @Nullable Throwable failure,
			long deadline) {
		boolean first = !lane.isSticky();
		SpooledLetter letter = new SpooledLetter(lane, this.ledger, this.unposted);
		String refusal = letter.admit(record, deadline);
		if (refusal != null) {
			return refusal;
		}
		relay.wake(lane);
		refusal = letter.keep(deadline);
		if (refusal == null && first && failure != null) {
			relay.notNow(lane, failure);
		}
		return refusal;
	}

	// Outside of any lock of the spool: the factory has one of its own.
	private @Nullable Relay relay(Sender sender) {
		Relay relay = this.spools.relay(sender.subject(), sender.settings());
		if (relay == null) {
			// It stays open: closing is a matter of the factory.
			sender.factory().createProducer().close();
			relay = this.spools.relay(sender.subject(), sender.settings());
		}
		return relay;
	}

	private @Nullable Sender sender(Map<String, Object> connection) {
		Map<String, Object> identity = ConnectionSettings.identity(connection);
		for (Map.Entry<String, Set<ProducerFactory<?, ?>>> known : new TreeMap<>(this.spools.factories()).entrySet()) {
			for (ProducerFactory<?, ?> factory : known.getValue()) {
				Map<String, Object> settings = factory.getConfigurationProperties();
				if (!factory.transactionCapable() && ConnectionSettings.identity(settings).equals(identity)) {
					return new Sender(known.getKey(), factory, settings);
				}
			}
		}
		return null;
	}

	private static boolean isIndirect(Map<String, Object> connection) {
		return ConnectionSettings.identity(connection)
			.values()
			.stream()
			.anyMatch((value) -> value instanceof String text && text.contains("${"));
	}

	private static Headers headers(SpoolRecord record) {
		Headers headers = new RecordHeaders();
		record.headers().forEach((field) -> headers.add(field.name(), field.value()));
		return headers;
	}

	/**
	 * A factory whose producers may send.
	 *
	 * @param subject its name in the spool
	 * @param factory the factory
	 * @param settings those of its producers
	 */
	private record Sender(String subject, ProducerFactory<?, ?> factory, Map<String, Object> settings) {

	}

}
