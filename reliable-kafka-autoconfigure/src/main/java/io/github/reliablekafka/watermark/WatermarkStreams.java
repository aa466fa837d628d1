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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Watermark;
import org.jspecify.annotations.Nullable;

/**
 * Which watermark is due when: of a stream that rests or has ended at once, of one that
 * keeps changing from time to time, and of every open one once a day, so that a control
 * topic that forgets gets them again. For use by one thread.
 */
final class WatermarkStreams {

	private static final long REPEAT_NANOS = Duration.ofHours(24).toNanos();

	private final long interval;

	private final long idleAfter;

	private final Map<ProducerSession, Map<Lane, Stream>> sessions = new IdentityHashMap<>();

	private final Set<ProducerSession> ended = new HashSet<>();

	WatermarkStreams(Duration interval, Duration idleAfter) {
		this.interval = interval.toNanos();
		this.idleAfter = idleAfter.toNanos();
	}

	/**
	 * Take what has changed.
	 * @param present all sessions there are
	 * @param now the time, by {@link System#nanoTime()}
	 */
	void collect(Collection<ProducerSession> present, long now) {
		this.sessions.keySet().retainAll(present);
		this.ended.retainAll(present);
		for (ProducerSession session : present) {
			// Asked first: what is taken after the end is all there will be.
			boolean closed = session.isClosed();
			Map<Lane, Stream> streams = this.sessions.computeIfAbsent(session, (key) -> new HashMap<>());
			for (Watermark watermark : session.takeWatermarks()) {
				streams.computeIfAbsent(watermark.lane(), (lane) -> new Stream(now)).change(watermark, now);
			}
			if (closed) {
				this.ended.add(session);
			}
		}
	}

	/**
	 * The streams whose watermark should be sent.
	 * @param now the time
	 * @param all whether to wait for none of them any longer
	 * @return a new list; none of them is being sent
	 */
	List<Stream> due(long now, boolean all) {
		List<Stream> due = new ArrayList<>();
		streams((stream) -> {
			if (stream.isDue(now, all)) {
				due.add(stream);
			}
		});
		return due;
	}

	/**
	 * Send everything anew.
	 */
	void repeat() {
		streams((stream) -> stream.acknowledged = null);
	}

	/**
	 * How many watermarks are not acknowledged, whether or not they are due.
	 * @return 0 if everything was said
	 */
	int untold() {
		int[] count = new int[1];
		streams((stream) -> count[0] += stream.isTold() ? 0 : 1);
		return count[0];
	}

	/**
	 * Drop the sessions that have ended and whose every watermark is acknowledged.
	 * @return the sessions
	 */
	List<ProducerSession> dropTold() {
		List<ProducerSession> told = new ArrayList<>();
		for (Iterator<ProducerSession> candidates = this.ended.iterator(); candidates.hasNext();) {
			ProducerSession session = candidates.next();
			if (this.sessions.getOrDefault(session, Map.of()).values().stream().allMatch(Stream::isTold)) {
				candidates.remove();
				this.sessions.remove(session);
				told.add(session);
			}
		}
		return told;
	}

	private void streams(Consumer<Stream> action) {
		this.sessions.values().forEach((streams) -> streams.values().forEach(action));
	}

	/**
	 * The watermarks of one session and lane, each replacing the one before.
	 */
	final class Stream {

		private @Nullable Watermark latest;

		private @Nullable Watermark acknowledged;

		private @Nullable Watermark sending;

		private long changedAt;

		private long sentAt;

		private Stream(long now) {
			this.sentAt = now;
		}

		private void change(Watermark watermark, long now) {
			this.latest = watermark;
			this.changedAt = now;
		}

		private boolean isTold() {
			return this.acknowledged == this.latest;
		}

		private boolean isDue(long now, boolean all) {
			if (this.latest == null || this.sending != null) {
				return false;
			}
			if (isTold()) {
				return now - this.sentAt >= REPEAT_NANOS;
			}
			return all || this.latest.closed() || now - this.changedAt >= WatermarkStreams.this.idleAfter
					|| now - this.sentAt >= WatermarkStreams.this.interval;
		}

		/**
		 * Note that the latest watermark is being sent.
		 * @param now the time
		 * @return the watermark
		 */
		Watermark send(long now) {
			Watermark watermark = Objects.requireNonNull(this.latest);
			this.sending = watermark;
			this.sentAt = now;
			return watermark;
		}

		/**
		 * Note what became of the watermark that was sent.
		 * @param written whether it is in the topic; if not, it is due again
		 */
		void settle(boolean written) {
			if (written) {
				this.acknowledged = this.sending;
			}
			this.sending = null;
		}

	}

}
