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
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A session on a clock and with ids of the test.
 */
abstract class ProducerSessionSetup {

	static final ProducerIdentity IDENTITY = new ProducerIdentity("shop", "node", "p-1", 1);

	static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

	final AtomicLong clock = new AtomicLong(1_000_000);

	final AtomicLong ids = new AtomicLong(100);

	final StampCodec codec = new StampCodec("orders", 0);

	ProducerSession session = session(false);

	ProducerSession session(boolean transactional) {
		this.ids.set(100);
		return new ProducerSession(IDENTITY, this.clock::get, this.ids::incrementAndGet, transactional);
	}

	Ticket take() throws InterruptedException, TimeoutException {
		return take(true);
	}

	Ticket take(boolean appended) throws InterruptedException, TimeoutException {
		Ticket ticket = Objects.requireNonNull(this.session.stamp("orders", 0, 77, PATIENCE));
		if (appended) {
			ticket.appended();
		}
		return ticket;
	}

	Stamp stamp(Ticket ticket) {
		return Objects.requireNonNull(this.codec.decode(ticket.takeHeader()));
	}

	List<Watermark> watermarks() {
		return this.session.takeWatermarks();
	}

	Watermark watermark() {
		List<Watermark> watermarks = watermarks();
		assertThat(watermarks).hasSize(1);
		return watermarks.get(0);
	}

}
