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

package io.github.reliablekafka.report;

import java.util.Collection;
import java.util.List;

import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Has records that were sent, so that those which Kafka lost can be sent again. A bean of
 * this type is asked about each report of {@code LOST_ACKED}; what it returns is written
 * to the same partition with the same number, so that readers know the records for what
 * they are: the group that missed them reports them as {@code RECOVERED}, and one that
 * had read them before the loss sees a duplicate. Without such a bean nothing is sent
 * again.
 * <p>
 * Only applications that read can find a loss, so the bean belongs into one that reads
 * the topic, or the outbox has to be shared. If several groups find the same loss and
 * have the bean, each of them sends the records again. A record comes at least once, and
 * behind records that were sent after it.
 * <p>
 * An application with an outbox keeps the stamp of each record beside its content, and
 * looks it up here: <pre class="code">
 * this.template.send(record).thenAccept((sent) -&gt; {
 *     Lane lane = new Lane(record.topic(), sent.getRecordMetadata().partition());
 *     Header header = sent.getProducerRecord().headers().lastHeader(Stamp.HEADER);
 *     Stamp stamp = Stamp.decode(lane, header.value());
 *     this.outbox.delivered(id, lane.partition(), stamp.session(), stamp.number());
 * });
 *
 * &#064;Bean
 * LostRecordSource outboxSource(Outbox outbox) {
 *     return (report) -&gt; {
 *         Finding finding = report.finding();
 *         return outbox.find(finding.lane().topic(), finding.lane().partition(), finding.session())
 *             .filter((row) -&gt; finding.numbers().contains(row.number()))
 *             .map((row) -&gt; new LostRecord(row.number(), row.key(), row.value(), List.of(), row.sentAt()))
 *             .toList();
 *     };
 * }
 * </pre> If its producers have transactions it keeps
 * {@link io.github.reliablekafka.sequence.Stamp#appendNumber()} as well: that is the
 * number for groups that do not read committed records only, see
 * {@link io.github.reliablekafka.sequence.Finding#readCommitted()}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface LostRecordSource {

	/**
	 * Find the records that a report is about. Called in a background thread, and again
	 * if it throws. Should return within seconds, as other reports wait for it.
	 * @param report a loss; its finding has the partition, the session and the numbers
	 * @return those that are still to be had, in any order; empty if none is
	 */
	Collection<LostRecord> find(LossReport report);

	/**
	 * A record as it was sent.
	 *
	 * @param number its number, as the finding counts
	 * @param key its key in bytes
	 * @param value its value in bytes
	 * @param headers its headers; the one with the number is left out
	 * @param timestamp its timestamp in milliseconds since 1970; negative for the time at
	 * which it is sent again
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record LostRecord(long number, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers,
			long timestamp) {

	}

}
