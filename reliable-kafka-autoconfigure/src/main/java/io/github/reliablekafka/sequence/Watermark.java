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

package io.github.reliablekafka.sequence;

/**
 * What a producer session says about one partition outside of the partition, complete and
 * repeated whenever it has changed: each one replaces the one before.
 *
 * @param lane the partition
 * @param session the producer session
 * @param producer who has the session
 * @param sequence grows with each watermark of this session and lane, so that an older
 * one is recognised
 * @param number the highest number that was given to a record
 * @param appendNumber the same, counting records of aborted transactions
 * @param claim what was acknowledged, in numbers; its failures are complete
 * @param appendClaim the same in {@link Stamp#appendNumber() append numbers}, for readers
 * of uncommitted records
 * @param closed whether no further number will be given: whatever is neither claimed nor
 * failed is undecided for good
 * @since 0.1.0
 */
public record Watermark(Lane lane, long session, ProducerIdentity producer, long sequence, long number,
		long appendNumber, Claim claim, Claim appendClaim, boolean closed) {

	/**
	 * What was acknowledged, in the numbers of a reader.
	 * @param readCommitted whether it reads committed records only
	 * @return one of the two claims
	 */
	Claim claim(boolean readCommitted) {
		return readCommitted ? this.claim : this.appendClaim;
	}

}
