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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.producer.TopicLook.Found;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GoneTopics} with a client that answers when it is told to.
 */
@ExtendWith(OutputCaptureExtension.class)
class GoneTopicsTests extends SpoolingSetup {

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private static final String LETTERS = "orders-dlt";

	private static final String BROKEN = "broken-dlt";

	private static final Found GONE = new Found(0, null);

	private static final Found IN_DOUBT = new Found(Integer.MAX_VALUE, null);

	private static final Found THERE = new Found(3, null);

	private final List<Map<String, String>> asked = new ArrayList<>();

	private final List<Client> clients = new ArrayList<>();

	private final Set<SpooledLane> lanes = new LinkedHashSet<>();

	private CompletableFuture<Map<String, Found>> answer = new CompletableFuture<>();

	private long now;

	private RelayClient client;

	private MissingTopics missing;

	private GoneTopics topics;

	@BeforeEach
	void prepare() {
		this.client = new RelayClient(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1"), () -> null,
				(complete) -> {
					this.clients.add(new Client());
					return this.clients.get(this.clients.size() - 1);
				});
		this.missing = new MissingTopics((topic) -> Integer.MAX_VALUE, (failures) -> SECOND, () -> this.now);
		this.topics = new GoneTopics(this.client, this.missing, (models) -> {
			this.asked.add(models);
			this.answer = new CompletableFuture<>();
			return this.answer;
		}, Creator::new, this.spools.notices(), () -> this.now);
	}

	@AfterEach
	void stop() {
		this.client.close(Duration.ZERO);
		this.relay.stop();
	}

	@Test
	void recordsOfATopicThatIsGoneAreTakenBackWhenOthersHaveTheirOutcome(CapturedOutput output) {
		SpooledLane other = sent("orders", 0);
		SpooledLane gone = sent("gone", 0);
		attendFor(5);
		assertThat(this.asked).isEmpty();
		attendFor(1);
		assertThat(this.asked).containsExactly(Map.of("orders", "", "gone", ""));
		this.answer.complete(Map.of("orders", THERE, "gone", GONE));
		attend();
		assertThat(output).contains("Topic 'gone' is gone: records for it (1) are taken back from the client");
		assertThat(send("orders", 1)).as("sent meanwhile").isFalse();
		attend();
		assertThat(this.clients.get(0).closed()).isFalse();
		assertThat(this.clients.get(0).completeNext()).isTrue();
		attend();
		assertThat(this.clients.get(0).closed()).isTrue();
		assertThat(other.isSticky()).isFalse();
		assertThat(gone.relaying()).isZero();
		assertThat(gone.waiting()).isOne();
		assertThat(this.missing.failure("gone", 0)).hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
		assertThat(this.missing.failure("orders", 0)).isNull();
		assertThat(this.client.hasRoom()).isTrue();
		assertThat(send("orders", 1)).isTrue();
		assertThat(this.clients).hasSize(2);
	}

	@Test
	void othersThatTakeTooLongAreTakenBackAsWell() {
		SpooledLane other = sent("orders", 0);
		sent("gone", 0);
		attendFor(6);
		this.answer.complete(Map.of("orders", IN_DOUBT, "gone", GONE));
		attend();
		this.now += GoneTopics.SETTLE - 1;
		attend();
		assertThat(this.clients.get(0).closed()).isFalse();
		this.now++;
		attend();
		assertThat(this.clients.get(0).closed()).isTrue();
		Item again = other.poll(this.now, 1);
		assertThat(again).isNotNull();
		assertThat(again.replay()).isTrue();
	}

	@Test
	void nothingIsTakenBackInDoubt() {
		sent("gone", 0);
		attendFor(6);
		this.answer.complete(Map.of("gone", IN_DOUBT));
		attendFor(5);
		assertThat(this.asked).hasSize(2);
		this.answer.complete(Map.of());
		attendFor(9);
		assertThat(this.asked).as("after a pause that grows").hasSize(2);
		attendFor(1);
		assertThat(this.asked).hasSize(3);
		this.answer.completeExceptionally(new IllegalStateException("on purpose"));
		attendFor(2);
		assertThat(this.client.isHeldBack()).isFalse();
		assertThat(this.missing.failure("gone", 0)).isNull();
	}

	@Test
	void nobodyAsksAboutLanesThatGetOn() {
		SpooledLane lane = sent("orders", 0);
		for (int i = 0; i < 5; i++) {
			attendFor(4);
			assertThat(this.clients.get(0).completeNext()).isTrue();
			assertThat(lane.isSticky()).isFalse();
			sent("orders", 0);
		}
		assertThat(this.asked).isEmpty();
	}

	@Test
	void partitionsThatATopicStillHasAreLeftAlone() {
		SpooledLane kept = sent("shrunk", 2);
		SpooledLane gone = sent("shrunk", 3);
		attendFor(6);
		this.answer.complete(Map.of("shrunk", THERE));
		attend();
		assertThat(this.clients.get(0).completeNext()).isTrue();
		attend();
		assertThat(this.clients.get(0).closed()).isTrue();
		assertThat(kept.isSticky()).isFalse();
		assertThat(gone.waiting()).isOne();
		assertThat(this.missing.failure("shrunk", 3)).hasMessageContaining("has 3 partitions");
		assertThat(this.missing.failure("shrunk", 2)).isNull();
	}

	@Test
	void recordsThatGetTheirOutcomeMeanwhileAreNotTakenBack() {
		sent("gone", 0);
		attendFor(6);
		this.answer.complete(Map.of("gone", GONE));
		attend();
		assertThat(this.clients.get(0).completeNext()).isTrue();
		assertThat(this.client.hasRoom()).isTrue();
		assertThat(send("orders", 0)).isTrue();
		attendFor(3);
		assertThat(this.clients.get(1).closed()).isFalse();
	}

	private void replaceTwice() {
		for (int i = 0; i < 2; i++) {
			this.lanes.clear();
			sent("gone", i);
			attendFor(6);
			this.answer.complete(Map.of("gone", GONE));
			attend();
			attend();
			assertThat(this.client.hasRoom()).isTrue();
		}
	}

	@Test
	void clientIsNotReplacedAllTheTime() {
		replaceTwice();
		assertThat(this.asked).hasSize(2);
		this.lanes.clear();
		sent("gone", 2);
		attendFor(9);
		assertThat(this.asked).hasSize(2);
		attendFor(1);
		assertThat(this.asked).hasSize(3);
	}

	@Test
	void topicOfADeadLetterIsCreatedAgainInsteadOfTakingTheLetterBack() {
		SpooledLane lane = sent(LETTERS, 0);
		attendFor(6);
		assertThat(this.asked).containsExactly(Map.of(LETTERS, "orders"));
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.THERE)));
		attend();
		assertThat(this.client.isHeldBack()).isFalse();
		assertThat(lane.relaying()).isOne();
	}

	@Test
	void deadLetterWhoseTopicCannotBeCreatedIsTakenBack() {
		SpooledLane lane = sent(LETTERS, 0);
		attendFor(6);
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.NOT_NOW)));
		attend();
		attend();
		assertThat(lane.relaying()).isZero();
		assertThat(lane.waiting()).isOne();
	}

	@Test
	void nothingIsDecidedAboutADeadLetterBeforeItIsKnownThatItsTopicCannotBeCreated() {
		SpooledLane lane = waiting(LETTERS, 0);
		Item item = lane.poll(this.now, 1);
		assertThat(item).isNotNull();
		lane.putBack(item, false);
		SpooledLane ordinary = waiting("gone", 0);
		Item other = ordinary.poll(this.now, 1);
		assertThat(other).isNotNull();
		ordinary.putBack(other, false);
		TimeoutException failure = failure();
		assertThat(this.topics.isAwaited(lane, item, failure)).as("not said to be gone").isFalse();
		this.missing.add(LETTERS, 0, failure);
		this.missing.add("gone", 0, failure);
		assertThat(this.topics.isAwaited(lane, item, new KafkaException("other"))).isFalse();
		assertThat(this.topics.isAwaited(ordinary, other, failure)).isFalse();
		assertThat(this.topics.isAwaited(lane, item, failure)).isTrue();
		attendFor(1);
		assertThat(this.asked).containsExactly(Map.of(LETTERS, "orders"));
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.NOT_NOW)));
		attend();
		assertThat(this.topics.isAwaited(lane, item, failure)).isTrue();
		attendFor(5);
		assertThat(this.asked).hasSize(2);
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.REFUSED)));
		attend();
		assertThat(this.topics.isAwaited(lane, item, failure)).isFalse();
		attendFor(10);
		assertThat(this.asked).as("though it was refused").hasSize(3);
		this.answer.complete(Map.of(LETTERS, IN_DOUBT));
		attend();
		assertThat(this.topics.isAwaited(lane, item, failure)).as("nothing new is known").isFalse();
		askedAgain();
		lane.delay(this.now, (failures) -> 100 * SECOND);
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.THERE)));
		attend();
		assertThat(this.missing.failure(LETTERS, 0)).isNull();
		item = lane.poll(this.now, 1);
		assertThat(item).as("waits no longer").isNotNull();
		lane.putBack(item, false);
		attendFor(60);
		assertThat(this.asked).hasSize(4);
	}

	@Test
	void clientIsNotReplacedMoreOftenForDeadLetters() {
		replaceTwice();
		this.lanes.clear();
		long replaced = this.now;
		SpooledLane lane = sent(LETTERS, 0);
		Item item = lane.oldestRelaying();
		assertThat(item).isNotNull();
		this.missing.add(LETTERS, 0, failure());
		assertThat(this.topics.isAwaited(lane, item, failure())).isTrue();
		for (int i = 0; i < 2; i++) {
			askedAgain();
			this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.NOT_NOW)));
			attend();
			assertThat(this.now - replaced).isLessThan(10 * SECOND);
			assertThat(this.client.isHeldBack()).isFalse();
		}
		askedAgain();
		this.answer.complete(Map.of(LETTERS, new Found(0, SpoolTopics.Answer.NOT_NOW)));
		attend();
		assertThat(this.client.isHeldBack()).isTrue();
	}

	@Test
	void answerThatDoesNotComeIsWaitedForNoLonger() {
		sent("gone", 0);
		attendFor(6);
		CompletableFuture<Map<String, Found>> never = this.answer;
		attendFor(29);
		assertThat(never.isCancelled()).isFalse();
		attendFor(1);
		assertThat(never.isCancelled()).isTrue();
		askedAgain();
		this.answer.complete(Map.of("gone", GONE));
		attend();
		assertThat(this.client.isHeldBack()).isTrue();
	}

	@Test
	void recordThatCannotBeReadIsNotAwaited() {
		SpooledLane lane = waiting(LETTERS, 0);
		Item item = lane.poll(this.now, 1);
		assertThat(item).isNotNull();
		this.missing.add(LETTERS, 0, failure());
		this.beforeRead = (position) -> {
			throw new OutOfMemoryError("on purpose");
		};
		assertThat(this.topics.isAwaited(lane, item, failure())).isFalse();
		lane.putBack(item, false);
	}

	@Test
	void creatorThatFailsCreatesNothing() {
		SpooledLane lane = sent(BROKEN, 0);
		Item item = lane.oldestRelaying();
		assertThat(item).isNotNull();
		this.missing.add(BROKEN, 0, failure());
		assertThat(this.topics.isAwaited(lane, item, failure())).isFalse();
		attendFor(6);
		assertThat(this.asked).containsExactly(Map.of(BROKEN, ""));
	}

	private static TimeoutException failure() {
		return new TimeoutException("gone", new UnknownTopicOrPartitionException("on purpose"));
	}

	private void askedAgain() {
		int before = this.asked.size();
		for (int i = 0; i < 30 && this.asked.size() == before; i++) {
			attendFor(1);
		}
		assertThat(this.asked).hasSize(before + 1);
	}

	private void attend() {
		this.topics.attend(this.lanes);
	}

	private void attendFor(int seconds) {
		for (int i = 0; i < seconds; i++) {
			this.now += SECOND;
			attend();
		}
	}

	private SpooledLane sent(String topic, int partition) {
		assertThat(send(topic, partition)).isTrue();
		return this.relay.lanes().lane(topic, partition);
	}

	private boolean send(String topic, int partition) {
		SpooledLane lane = waiting(topic, partition);
		Item item = lane.poll(this.now, 1);
		assertThat(item).isNotNull();
		boolean sent = this.client.send(record(10), lane, item.replay(), (metadata, failure, replay) -> {
			if (failure == null) {
				lane.relayed(item);
			}
			else {
				lane.putBack(item, replay);
			}
		});
		if (!sent) {
			lane.putBack(item, false);
		}
		return sent;
	}

	private SpooledLane waiting(String topic, int partition) {
		SpooledLane lane = this.relay.lanes().lane(topic, partition);
		lane.admit(new Followed(null), record(10), true, true, false);
		assertThat(this.spool.flush()).isTrue();
		this.lanes.add(lane);
		return lane;
	}

	private static final class Client extends MockProducer<byte[], byte[]> {

		Client() {
			super(false, null, new ByteArraySerializer(), new ByteArraySerializer());
		}

		@Override
		public void close(Duration timeout) {
			super.close(timeout);
			boolean more = true;
			while (more) {
				more = errorNext(new KafkaException("Producer is closed forcefully."));
			}
		}

	}

	private static final class Creator implements SpoolTopics {

		@Override
		public @Nullable String modelOf(String topic, SpoolRecord record) {
			if (topic.equals(BROKEN)) {
				throw new IllegalStateException("on purpose");
			}
			return topic.equals(LETTERS) ? "orders" : null;
		}

		@Override
		public Answer provide(Map<String, Object> connection, String topic, String model, Duration timeout) {
			throw new AssertionError("Only the look creates topics");
		}

	}

}
