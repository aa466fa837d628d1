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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Watermark;
import org.jspecify.annotations.Nullable;

/**
 * What has to be told: the last watermark of each stream until it is acknowledged, and
 * that of every open stream again once a day, so that a control topic that forgets gets
 * it again. A session that is closed is kept for a while, because its last outcomes may
 * come late. For use by one thread.
 */
final class WatermarkStreams {

	private static final long REPEAT_NANOS = Duration.ofHours(24).toNanos();

	private final Duration interval;

	private final Duration idleAfter;

	private final Map<ProducerSession, Session> sessions = new HashMap<>();

	/**
	 * Create an empty set.
	 * @param interval longest time between watermarks of a stream that keeps changing,
	 * and how long a closed session is kept
	 * @param idleAfter time without a change after which a watermark is taken
	 */
	WatermarkStreams(Duration interval, Duration idleAfter) {
		this.interval = interval;
		this.idleAfter = idleAfter;
	}

	/**
	 * Take what has changed.
	 * @param present all sessions there are
	 * @param now the time, by {@link System#nanoTime()}
	 * @param all whether to take it even if it may change again soon
	 */
	void collect(Collection<ProducerSession> present, long now, boolean all) {
		this.sessions.keySet().retainAll(present);
		for (ProducerSession source : present) {
			Session session = this.sessions.computeIfAbsent(source, (key) -> new Session());
			// Asked first: what is taken after the end says that it is the end.
			if (source.isClosed() && session.closedSince == null) {
				session.closedSince = now;
			}
			for (Watermark watermark : all ? source.takeWatermarks()
					: source.takeWatermarks(this.idleAfter, this.interval)) {
				session.streams.computeIfAbsent(new Key(watermark.lane(), watermark.session()), (key) -> new Stream())
					.change(watermark);
			}
		}
	}

	/**
	 * The streams whose watermark should be sent.
	 * @param now the time
	 * @return a new list; none of them is being sent
	 */
	List<Stream> due(long now) {
		List<Stream> due = new ArrayList<>();
		forEach((stream) -> {
			if (stream.isDue(now)) {
				due.add(stream);
			}
		});
		return due;
	}

	/**
	 * Send everything anew.
	 */
	void repeat() {
		forEach((stream) -> stream.told = false);
	}

	/**
	 * How many watermarks were taken and are not acknowledged.
	 * @return 0 if everything was said
	 */
	int untold() {
		int[] count = new int[1];
		forEach((stream) -> count[0] += stream.isTold() ? 0 : 1);
		return count[0];
	}

	/**
	 * Drop what has ended and was told.
	 * @param now the time
	 * @param all whether to wait no longer for late outcomes of closed sessions
	 * @return the sessions that have no more to say
	 */
	List<ProducerSession> dropTold(long now, boolean all) {
		List<ProducerSession> told = new ArrayList<>();
		this.sessions.forEach((source, session) -> {
			session.streams.values().removeIf(Stream::isOver);
			boolean late = session.closedSince != null && (all || now - session.closedSince >= this.interval.toNanos());
			if (late && session.streams.values().stream().allMatch(Stream::isTold) && !source.hasChanges()) {
				told.add(source);
			}
		});
		told.forEach(this.sessions::remove);
		return told;
	}

	private void forEach(Consumer<Stream> action) {
		this.sessions.values().forEach((session) -> session.streams.values().forEach(action));
	}

	/**
	 * Where a watermark belongs. A producer may change its session id on the way.
	 */
	private record Key(Lane lane, long session) {

	}

	/**
	 * The streams of one producer.
	 */
	private static final class Session {

		private final Map<Key, Stream> streams = new HashMap<>();

		private @Nullable Long closedSince;

	}

	/**
	 * The watermarks of one session id and lane, each replacing the one before.
	 */
	static final class Stream {

		private @Nullable Watermark latest;

		private @Nullable Watermark sending;

		private boolean told;

		private long sentAt;

		private void change(Watermark watermark) {
			this.latest = watermark;
			this.told = false;
		}

		private boolean isTold() {
			return this.told;
		}

		private boolean isOver() {
			return this.told && this.latest != null && this.latest.closed();
		}

		private boolean isDue(long now) {
			return this.sending == null && (!this.told || now - this.sentAt >= REPEAT_NANOS);
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
			this.told = written && Objects.equals(this.latest, this.sending);
			this.sending = null;
		}

	}

}
