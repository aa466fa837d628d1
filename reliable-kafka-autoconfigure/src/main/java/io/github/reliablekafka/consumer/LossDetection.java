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

import java.util.Locale;
import java.util.Map;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;

/**
 * What consumers need to find out which records are missing, or that nobody wants to
 * know.
 *
 * @param enabled whether to check anything
 * @param boards have the claims of each cluster
 * @param ledger gets findings
 */
record LossDetection(boolean enabled, SequenceBoards boards, LossLedger ledger) {

	/**
	 * The checks of one consumer.
	 * @param group its group; empty for none
	 * @param settings its settings
	 * @return {@code null} for none
	 */
	@Nullable LaneReaders of(String group, Map<String, Object> settings) {
		if (!this.enabled) {
			return null;
		}
		String isolation = String.valueOf(settings.get(ConsumerConfig.ISOLATION_LEVEL_CONFIG));
		return new LaneReaders(group, isolation.toLowerCase(Locale.ROOT).equals("read_committed"),
				this.boards.board(ConnectionSettings.identity(settings), ConnectionSettings.of(settings)), this.ledger);
	}

}
