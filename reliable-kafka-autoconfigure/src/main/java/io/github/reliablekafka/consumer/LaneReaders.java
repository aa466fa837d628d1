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
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Makes the readers that check the numbers of what one consumer polls.
 *
 * @param group the group; empty for none
 * @param readCommitted whether the consumer is not given records of aborted transactions
 * @param board has the claims of its cluster
 * @param ledger gets findings
 */
record LaneReaders(String group, boolean readCommitted, SequenceBoard board, LossLedger ledger) {

	private static final Log logger = LogFactory.getLog(LaneReaders.class);

	/**
	 * Make what reports records that were committed without being processed.
	 * @return a new one for one consumer
	 */
	ProcessingLosses losses() {
		return new ProcessingLosses(this.group, this.readCommitted, this.ledger);
	}

	/**
	 * Make the reader of one partition.
	 * @param partition the partition
	 * @return {@code null} if that fails, which is logged
	 */
	@Nullable LaneReader open(TopicPartition partition) {
		try {
			return new LaneReader(this.group, new Lane(partition.topic(), partition.partition()), this.readCommitted,
					this.board, this.ledger);
		}
		catch (RuntimeException | Error ex) {
			logger.error("%s cannot be checked; records are delivered as before".formatted(partition), ex);
			return null;
		}
	}

}
