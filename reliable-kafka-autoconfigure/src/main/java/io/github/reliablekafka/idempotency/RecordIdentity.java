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

package io.github.reliablekafka.idempotency;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Tells which records are the same one. A bean of this type takes the place of the number
 * that producers with this starter give to each record, for example to go by an id of the
 * business. <pre class="code">
 * &#064;Bean
 * RecordIdentity paymentIdentity() {
 *     return (record) -&gt; (record.value() instanceof Payment payment) ? payment.id() : null;
 * }
 * </pre> Must be safe for use by many threads. What it throws is a failure of the record.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RecordIdentity {

	/**
	 * Identify a record.
	 * @param record as the listener gets it
	 * @return the same text for the same record, whenever it comes, and for no other
	 * record that the group reads, in whatever topic; {@code null} to process it each
	 * time
	 */
	@Nullable String identify(ConsumerRecord<?, ?> record);

}
