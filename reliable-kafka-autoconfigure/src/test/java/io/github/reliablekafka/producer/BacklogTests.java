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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.SpooledLane.Item;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Backlog}, against a plain queue.
 */
class BacklogTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	@Test
	void isAQueueWhoseRecordsCanBeLetGo() {
		for (int seed = 0; seed < 200; seed++) {
			Random random = new Random(seed);
			Backlog backlog = new Backlog();
			Deque<Item> model = new ArrayDeque<>();
			long order = 1;
			// Fills, and then empties.
			for (int step = 0; step < 400; step++) {
				int choice = random.nextInt(10);
				if (choice < ((step < 200) ? 6 : 2)) {
					Item item = new Item(order++, random.nextInt(1000), random.nextBoolean() ? delivery() : null,
							random.nextInt(4) == 0);
					add(backlog, item);
					model.add(item);
				}
				else if (choice < 8) {
					assertThat(backlog.poll()).isEqualTo(model.poll());
				}
				else if (!model.isEmpty()) {
					letGo(backlog, model, random.nextInt(model.size()));
				}
				// Those that go directly have an order as well.
				order += model.isEmpty() ? random.nextInt(3) : 0;
				assertThat(backlog.size()).isEqualTo(model.size());
				assertThat(backlog.isEmpty()).isEqualTo(model.isEmpty());
				assertThat(backlog.hasUpTo(order)).isEqualTo(!model.isEmpty());
			}
			List<@Nullable SpooledDelivery> followed = new ArrayList<>();
			backlog.forEachFollowed(followed::add);
			assertThat(followed)
				.isEqualTo(model.stream().map(Item::delivery).filter((delivery) -> delivery != null).toList());
		}
	}

	@Test
	void nothingGetsInOutOfOrder() {
		Backlog backlog = new Backlog();
		backlog.add(5, 1, null, false);
		assertThatIllegalArgumentException().isThrownBy(() -> backlog.add(7, 2, null, false));
		assertThatIllegalArgumentException().isThrownBy(() -> backlog.add(5, 2, null, false));
	}

	private static void add(Backlog backlog, Item item) {
		backlog.reserve();
		backlog.add(item.order(), item.position(), item.delivery(), item.replay());
	}

	private void letGo(Backlog backlog, Deque<Item> model, int index) {
		List<Item> items = new ArrayList<>(model);
		Item item = items.get(index);
		SpooledDelivery delivery = item.delivery();
		SpooledDelivery other = delivery();
		assertThat(backlog.letGo(item.order(), other)).isFalse();
		assertThat(backlog.letGo(items.get(items.size() - 1).order() + 1, other)).isFalse();
		if (delivery != null) {
			assertThat(backlog.letGo(item.order(), delivery)).isTrue();
			items.set(index, new Item(item.order(), item.position(), null, item.replay()));
		}
		model.clear();
		model.addAll(items);
	}

	private SpooledDelivery delivery() {
		return new SpooledDelivery(this.ledger, "orders", null, null, null) {

			@Override
			void complete(@Nullable RecordMetadata metadata) {
			}

			@Override
			void reject(Exception exception) {
			}

			@Override
			void forgetSender() {
			}

			@Override
			void abandon(Exception exception) {
			}

		};
	}

}
