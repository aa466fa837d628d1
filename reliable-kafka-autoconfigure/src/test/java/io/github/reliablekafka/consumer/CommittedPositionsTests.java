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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.sequence.LaneReader;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what {@link AssignedPartitions} adds to what is committed.
 */
class CommittedPositionsTests extends AssignedPartitionsSetup {

	@Test
	void commitCarriesLeaderEpochAndState() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		this.mock.addRecord(record(6, 4));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertStored(6, 3);
		consumer.commitSync();
		assertStored(7, 4);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)), Duration.ofSeconds(1));
		assertStored(6, 3);
		consumer.commitSync(Duration.ofSeconds(1));
		assertStored(7, 4);
		consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(6)), null);
		assertStored(6, 3);
		consumer.commitAsync();
		assertStored(7, 4);
		assertThat(this.ledger.coverage("t", "g").unstamped()).isEqualTo(2);
	}

	@Test
	void commitIsShownToTheApplicationAsItsOwn() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		List<Map<TopicPartition, OffsetAndMetadata>> told = new ArrayList<>();
		consumer.commitAsync(offsets, (committed, exception) -> told.add(committed));
		assertThat(told).containsExactly(offsets);
		assertThat(consumer.committed(Set.of(ZERO)).get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
	}

	@Test
	void commitWhenApplicationHasMetadataKeepsItAndAddsTheEpoch() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6, "mine")));
		OffsetAndMetadata expected = new OffsetAndMetadata(6, Optional.of(3), "mine");
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(expected);
		assertThat(consumer.committed(Set.of(ZERO), Duration.ZERO).get(ZERO)).isEqualTo(expected);
	}

	@Test
	void commitInTransactionCarriesLeaderEpochAndState() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		OffsetAndMetadata enriched = ConsumerSession.enrich(offsets, "g").get(ZERO);
		assertThat(enriched.leaderEpoch()).contains(3);
		assertThat(LaneReader.isState(enriched.metadata())).isTrue();
		assertThat(ConsumerSession.enrich(offsets, "other")).isSameAs(offsets);
		consumer.close();
		assertThat(ConsumerSession.enrich(offsets, "g")).isSameAs(offsets);
	}

	@Test
	void commitWhenNothingIsCheckedStillCarriesTheLeaderEpoch() {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(5));
		ReliableConsumer<String, String> consumer = wrap(null);
		consumer.subscribe(List.of("t"));
		this.mock.rebalance(List.of(ZERO));
		this.mock.seek(ZERO, 5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
	}

	@Test
	void commitAfterSeekCarriesNoEpochThatItCannotKnow() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		consumer.seek(ZERO, 100);
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(100);
		assertThat(this.mock.stored.get(ZERO).leaderEpoch()).isEmpty();
	}

	@Test
	void commitAfterSeekToEndIsOfWhereTheEndIs() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.updateEndOffsets(Map.of(ZERO, 50L));
		consumer.seekToEnd(List.of(ZERO));
		consumer.commitSync();
		assertThat(this.mock.stored.get(ZERO).offset()).isEqualTo(50);
	}

	@Test
	void commitWhenTheClusterRefusesMetadataCommitsWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.longestMetadata = 0;
		this.mock.addRecord(record(5, 3));
		this.mock.addRecord(record(6, 3));
		this.mock.addRecord(record(7, 3));
		consumer.poll(Duration.ZERO);
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(6)));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
		this.mock.refusals = 0;
		consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(7)), Duration.ofSeconds(1));
		consumer.commitAsync();
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(8, Optional.of(3), ""));
		assertThat(this.mock.refusals).isZero();
		assertThatExceptionOfType(OffsetMetadataTooLarge.class)
			.isThrownBy(() -> consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(8, "mine"))));
	}

	@Test
	void commitAsyncWhenTheClusterRefusesMetadataCommitsWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.longestMetadata = 0;
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		List<Exception> told = new ArrayList<>();
		consumer.commitAsync((offsets, exception) -> told.add(exception));
		assertThat(this.mock.stored.get(ZERO)).isEqualTo(new OffsetAndMetadata(6, Optional.of(3), ""));
		assertThat(told).containsOnlyNulls().hasSize(1);
		consumer.commitAsync(Map.of(ZERO, new OffsetAndMetadata(6, "mine")),
				(offsets, exception) -> told.add(exception));
		assertThat(told).last().isInstanceOf(OffsetMetadataTooLarge.class);
	}

	@Test
	void commitInTransactionAfterTheClusterRefusedMetadataGoesWithoutIt() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.addRecord(record(5, 3));
		consumer.poll(Duration.ZERO);
		Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(ZERO, new OffsetAndMetadata(6));
		ConsumerSession.refused(new KafkaException("Something else"), "g");
		assertThat(ConsumerSession.enrich(offsets, "g").get(ZERO).metadata()).isNotEmpty();
		ConsumerSession.refused(
				new KafkaException("Cannot execute transactional method", new KafkaException(
						"Unexpected error in TxnOffsetCommitResponse: " + Errors.OFFSET_METADATA_TOO_LARGE.message())),
				"g");
		assertThat(ConsumerSession.enrich(offsets, "g"))
			.isEqualTo(Map.of(ZERO, new OffsetAndMetadata(6, Optional.of(3), "")));
	}

	@Test
	void commitWhenPositionsAreUnknownWaitsForThemOnceForAll() {
		ReliableConsumer<String, String> consumer = subscribe(5);
		this.mock.stored.put(ONE, new OffsetAndMetadata(6));
		this.mock.rebalance(List.of(ZERO, ONE));
		consumer.seekToEnd(List.of());
		this.mock.positionsAreLate = true;
		consumer.commitSync();
		assertThat(this.mock.positionWaits).singleElement()
			.satisfies((wait) -> assertThat(wait).isLessThanOrEqualTo(Duration.ofMillis(100)));
	}

}
