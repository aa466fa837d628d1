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

package io.github.reliablekafka.sample.orders;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The load run's own book of what it placed and what it was told. Compared with what the
 * listeners wrote it tells what was lost, whatever the library under load counts.
 */
@Repository
class LoadBook {

	private final JdbcClient jdbc;

	LoadBook(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	void accepted(UUID id) {
		this.jdbc.sql("insert into load_orders (id) values (?)").param(id).update();
	}

	void settled(UUID id, @Nullable Throwable failure) {
		this.jdbc.sql("update load_orders set outcome = ? where id = ?")
			.params((failure != null) ? "REJECTED" : "DELIVERED", id)
			.update();
	}

	Totals totals() {
		return this.jdbc.sql("""
				select count(*) as accepted,
					count(*) filter (where l.outcome = 'DELIVERED') as delivered,
					count(*) filter (where l.outcome = 'REJECTED') as rejected,
					count(*) filter (where l.outcome is null) as pending,
					count(o.id) as processed,
					coalesce(sum(o.deliveries - 1), 0) as duplicates,
					count(d.id) as dead_lettered,
					count(*) filter (where l.outcome is distinct from 'REJECTED'
						and o.id is null and d.id is null) as lost
				from load_orders l
					left join orders o on o.id = l.id
					left join dead_orders d on d.id = l.id
				""").query(Totals.class).single();
	}

	/**
	 * The sums. An order without a receipt that nobody processed counts as lost.
	 */
	record Totals(long accepted, long delivered, long rejected, long pending, long processed, long duplicates,
			long deadLettered, long lost) {

		boolean isComplete() {
			return this.pending == 0 && this.lost == 0;
		}

		String progress() {
			return "accepted=%d delivered=%d processed=%d dead-lettered=%d so far".formatted(this.accepted,
					this.delivered, this.processed, this.deadLettered);
		}

		@Override
		public String toString() {
			return "accepted=%d delivered=%d processed=%d duplicates=%d dead-lettered=%d lost=%d".formatted(
					this.accepted, this.delivered, this.processed, this.duplicates, this.deadLettered, this.lost);
		}

	}

}
