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
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoards;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;

/**
 * Opens a session for each producer of the application whose records can be numbered.
 * Safe for use by many threads.
 */
final class ProducerSessions {

	private static final Log logger = LogFactory.getLog(ProducerSessions.class);

	private final SequenceBoards boards;

	private final String application;

	private final String host;

	private final boolean enabled;

	private final boolean spooled;

	private final LongSupplier sessionIds = ProducerSession.randomIds();

	ProducerSessions(SequenceBoards boards, String application, String host, boolean enabled, boolean spooled) {
		this.boards = boards;
		this.application = application;
		this.host = host;
		this.enabled = enabled;
		this.spooled = spooled;
	}

	/**
	 * Whether records are looked at when their partition is known.
	 * @return {@code false} if they get no numbers and do not go through the spool
	 */
	boolean isEnabled() {
		return this.enabled || this.spooled;
	}

	/**
	 * Begin to number the records of a producer.
	 * @param settings all of its settings
	 * @return {@code null} if they are not numbered
	 */
	@Nullable Numbering open(Map<String, Object> settings) {
		if (!isEnabled()) {
			return null;
		}
		String clientId = String.valueOf(settings.getOrDefault(ProducerConfig.CLIENT_ID_CONFIG, ""));
		if (!isStamping(settings.get(ProducerConfig.PARTITIONER_CLASS_CONFIG)) || !isLookedAtLast(settings)) {
			logger
				.warn(("Records of producer '%s' get no numbers, so that nobody finds out if they are lost: its %s or "
						+ "%s were changed after it was covered")
					.formatted(clientId, ProducerConfig.PARTITIONER_CLASS_CONFIG,
							ProducerConfig.INTERCEPTOR_CLASSES_CONFIG));
			return null;
		}
		return this.enabled ? openPlain(settings, clientId) : new Numbering(null, clientId, maxBlock(settings));
	}

	/**
	 * Begin to number records that come through no partitioner.
	 * @param settings all of a producer's settings
	 * @param clientId the client id of the producer that sends them
	 * @return {@code null} if they are not numbered
	 */
	@Nullable Numbering openPlain(Map<String, Object> settings, String clientId) {
		if (!this.enabled) {
			return null;
		}
		ProducerIdentity identity = new ProducerIdentity(this.application, this.host, clientId,
				System.currentTimeMillis());
		ProducerSession session = new ProducerSession(identity, System::nanoTime, this.sessionIds,
				settings.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null);
		this.boards.board(ConnectionSettings.identity(settings), ConnectionSettings.of(settings)).open(session);
		return new Numbering(session, clientId, maxBlock(settings));
	}

	/**
	 * Whether a setting names the partitioner that numbers.
	 * @param partitioner the value of {@code partitioner.class}
	 * @return {@code true} for the class or its name
	 */
	static boolean isStamping(@Nullable Object partitioner) {
		return partitioner == StampingPartitioner.class || StampingPartitioner.class.getName().equals(partitioner);
	}

	private static boolean isLookedAtLast(Map<String, Object> settings) {
		// One behind ours could send another record than the one that got the number.
		List<?> interceptors = ProducerCover.interceptors(settings.get(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG));
		return !interceptors.isEmpty() && ProducerCover.isVeto(interceptors.get(interceptors.size() - 1));
	}

	private static Duration maxBlock(Map<String, Object> settings) {
		return Duration.ofMillis((long) ProducerRules.effective(settings, ProducerConfig.MAX_BLOCK_MS_CONFIG));
	}

}
