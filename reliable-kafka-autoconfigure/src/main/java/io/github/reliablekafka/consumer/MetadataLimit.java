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

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.protocol.Errors;

/**
 * Whether a cluster takes what is committed beside offsets. Once a broker has refused it
 * for its length ({@code offset.metadata.max.bytes}), nothing is committed beside the
 * offsets until the application starts again: an offset that is not committed is worse
 * than a state that is not remembered.
 *
 * @param refused whether that was seen
 */
record MetadataLimit(AtomicBoolean refused) {

	private static final Log logger = LogFactory.getLog(MetadataLimit.class);

	/**
	 * Whether a commit failed because of metadata.
	 * @param failure of the commit; the failure of a transaction has no type of its own
	 * @return {@code false} for any other failure
	 */
	static boolean isTooLarge(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String message = cause.getMessage();
			if (cause instanceof OffsetMetadataTooLarge
					|| (message != null && message.contains(Errors.OFFSET_METADATA_TOO_LARGE.message()))) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Take away what is not to be committed.
	 * @param offsets what would be committed
	 * @return the same if nothing was refused
	 */
	Map<TopicPartition, OffsetAndMetadata> apply(Map<TopicPartition, OffsetAndMetadata> offsets) {
		return this.refused.get() ? without(offsets) : offsets;
	}

	/**
	 * Take away what is not of the application.
	 * @param offsets what would be committed
	 * @return an equal map if nothing of it is ours
	 */
	static Map<TopicPartition, OffsetAndMetadata> without(Map<TopicPartition, OffsetAndMetadata> offsets) {
		Map<TopicPartition, OffsetAndMetadata> without = new HashMap<>(offsets);
		without.replaceAll((partition, offset) -> (offset != null && CommitNote.isOurs(offset.metadata()))
				? new OffsetAndMetadata(offset.offset(), offset.leaderEpoch(), "") : offset);
		return without;
	}

	/**
	 * Commit nothing beside offsets from now on.
	 */
	void refuse() {
		if (this.refused.compareAndSet(false, true)) {
			logger.warn("The cluster refuses the metadata of a committed offset as too large: what the check of "
					+ "numbers remembers is not committed any more, so that after a restart or a rebalance losses "
					+ "from before are not found. Set offset.metadata.max.bytes of the brokers to 4096, its default, "
					+ "and restart");
		}
	}

}
