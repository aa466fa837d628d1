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

package io.github.reliablekafka.ledger;

import java.time.Duration;

/**
 * A record that a listener was given, or is waiting for its turn, and that has no outcome
 * for longer than it should.
 *
 * @param topic its topic
 * @param partition its partition
 * @param offset its offset
 * @param group the consumer group
 * @param age how long it has no outcome, or for a listener that has others to process
 * before it, how long nothing has got one
 * @param holdsUp whether its partition is not read on, because there are too many records
 * behind it
 * @since 0.1.0
 */
public record UnfinishedRecord(String topic, int partition, long offset, String group, Duration age, boolean holdsUp) {

}
