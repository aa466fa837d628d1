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

import java.time.Instant;

/**
 * A record that was rejected, kept so that a failure nobody looked at can still be found.
 * Holds neither key nor value.
 *
 * @param time when the rejection was posted
 * @param topic the topic the record was meant for
 * @param reason why it was rejected
 * @param message what the client said
 * @since 0.1.0
 */
public record Rejection(Instant time, String topic, RejectionReason reason, String message) {
}
