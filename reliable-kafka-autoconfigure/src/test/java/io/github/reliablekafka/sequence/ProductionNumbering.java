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

import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** The production classes behind the seam. */
final class ProductionNumbering implements Numbering {

	private final ProducerSession session;

	ProductionNumbering(LongSupplier sessionIds, LongSupplier nanoClock, boolean transactional) {
		this.session = new ProducerSession(new ProducerIdentity("simulation", "", "", 0), nanoClock, sessionIds,
				transactional);
	}

	@Override
	public Numbered next(Lane lane, int topicIdHash) {
		try {
			Ticket ticket = this.session.stamp(lane.topic(), lane.partition(), topicIdHash, 1);
			if (ticket == null) {
				throw new IllegalStateException("The record gets no number");
			}
			byte[] header = ticket.takeHeader();
			return new Numbered(lane, new StampCodec(lane.topic(), lane.partition()).decode(header), header, ticket);
		}
		catch (InterruptedException | TimeoutException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void appended(Numbered numbered) {
		((Ticket) numbered.handle()).appended();
	}

	@Override
	public void rollBack(Numbered numbered) {
		((Ticket) numbered.handle()).rollBack();
	}

	@Override
	public void acknowledged(Numbered numbered, long offset) {
		((Ticket) numbered.handle()).acknowledged(offset);
	}

	@Override
	public void failed(Numbered numbered) {
		((Ticket) numbered.handle()).failed();
	}

	@Override
	public void begin() {
		this.session.beginTransaction();
	}

	@Override
	public void committing() {
		this.session.committing();
	}

	@Override
	public void committed() {
		this.session.commitTransaction();
	}

	@Override
	public void aborted() {
		this.session.abortTransaction();
	}

	@Override
	public void close() {
		this.session.close();
	}

	@Override
	public List<Watermark> takeWatermarks() {
		return this.session.takeWatermarks();
	}

}
