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

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoard;
import org.apache.kafka.common.TopicPartition;

/**
 * Makes the readers that check the numbers of what one consumer polls.
 *
 * @param group the group; empty for none
 * @param readCommitted whether the consumer is not given records of aborted transactions
 * @param board has the claims of its cluster
 * @param ledger gets findings
 */
record LaneReaders(String group, boolean readCommitted, SequenceBoard board, LossLedger ledger) {

	LaneReader open(TopicPartition partition) {
		return new LaneReader(this.group, new Lane(partition.topic(), partition.partition()), this.readCommitted,
				this.board, this.ledger);
	}

}
