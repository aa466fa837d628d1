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

package io.github.reliablekafka.spool;

import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A record that was promised to be delivered and that the cluster did not take. It stays
 * in the spool until somebody decides.
 *
 * @param id finds it again, as long as the application runs
 * @param topic the topic
 * @param partition the partition; negative if it had none yet
 * @param enqueuedAt when it came into the spool
 * @param reason why the cluster did not take it
 * @param key its key; {@code null} for none
 * @param value its value; {@code null} for a tombstone
 * @param headers its headers, in their order, and without the reason
 * @since 0.1.0
 */
@SuppressWarnings("ArrayRecordComponent")
public record ParkedRecord(String id, String topic, int partition, Instant enqueuedAt, String reason,
		byte @Nullable [] key, byte @Nullable [] value, List<SpoolRecord.Field> headers) {

}
