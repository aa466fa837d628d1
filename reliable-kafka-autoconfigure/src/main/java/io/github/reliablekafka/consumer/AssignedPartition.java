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

package io.github.reliablekafka.consumer;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * One partition that a consumer is assigned: where it reads, and the check of the numbers
 * that it reads. A check that fails must not disturb whoever polls and commits: it ends,
 * for this partition and assignment, and says so once. For use by the polling thread.
 */
final class AssignedPartition {

	private static final Log logger = LogFactory.getLog(AssignedPartition.class);

	private final TopicPartition partition;

	private final OpenRecords open = new OpenRecords();

	private final LeaderEpochs epochs = new LeaderEpochs();

	private @Nullable LaneReader reader;

	private boolean begun;

	private boolean unsettled;

	private boolean pausedForGivenBack;

	private boolean truncated;

	private long position = -1;

	private Cause movedBy = Cause.SEEK;

	/**
	 * What was sought before this has begun; {@code null} if nothing.
	 */
	private @Nullable Integer soughtLeaderEpoch;

	private long committed = -1;

	private boolean commitWanted;

	private long undeserializable = -1;

	private int partitionsAtStart;

	/**
	 * Create a partition of which nothing is known.
	 * @param partition its name
	 * @param reader checks its numbers; {@code null} for no check
	 */
	AssignedPartition(TopicPartition partition, @Nullable LaneReader reader) {
		this.partition = partition;
		this.reader = reader;
	}

	TopicPartition partition() {
		return this.partition;
	}

	OpenRecords open() {
		return this.open;
	}

	/**
	 * Whether it is known where reading began.
	 * @return {@code false} until the group's offset, or where to begin without one, is
	 * known
	 */
	boolean hasBegun() {
		return this.begun;
	}

	/**
	 * Whether the position is somewhere that only Kafka knows.
	 * @return {@code true} if the position was set to the beginning or the end, and no
	 * record has come since
	 */
	boolean isUnsettled() {
		return this.unsettled;
	}

	/**
	 * Where the next record is polled from.
	 * @return -1 if unknown
	 */
	long position() {
		return this.unsettled ? -1 : this.position;
	}

	/**
	 * Begin where the group left off.
	 * @param offset what the group committed
	 */
	void begin(OffsetAndMetadata offset) {
		this.committed = offset.offset();
		offset.leaderEpoch().ifPresent((epoch) -> this.epochs.note(offset.offset() - 1, epoch));
		CommitNote note = CommitNote.of(offset.metadata());
		this.partitionsAtStart = note.partitions();
		guard((check) -> {
			check.begin(offset.offset(), true, note.state());
			check.advance(offset.offset(), offset.leaderEpoch().orElse(-1));
		});
		begun(offset.offset());
	}

	/**
	 * Begin where the group has no offset.
	 * @param offset where else
	 */
	void beginWithoutOffset(long offset) {
		guard((check) -> check.begin(offset, false, null));
		begun(offset);
	}

	/**
	 * Remember with the group how many partitions the topic had.
	 * @param partitions when the group began with the topic; 0 if unknown
	 */
	void startedWith(int partitions) {
		this.partitionsAtStart = partitions;
	}

	private void begun(long offset) {
		this.begun = true;
		long moved = this.position;
		this.position = offset;
		if (moved >= 0 && !this.unsettled) {
			move(moved, this.movedBy);
			if (this.soughtLeaderEpoch != null) {
				leaderEpoch(this.soughtLeaderEpoch);
			}
		}
	}

	/**
	 * The position was set.
	 * @param offset to where
	 * @param cause by whom
	 */
	void move(long offset, Cause cause) {
		this.open.dropFrom(offset);
		boolean moved = this.unsettled || offset != this.position;
		boolean passed = this.undeserializable >= 0 && offset == this.undeserializable + 1;
		this.undeserializable = -1;
		this.unsettled = false;
		this.position = offset;
		this.movedBy = passed ? Cause.DESERIALIZATION_SKIP : cause;
		if (this.begun && moved) {
			this.epochs.forgetFrom(offset);
			guard((check) -> check.move(offset, this.movedBy));
		}
	}

	/**
	 * The leader epoch in front of the position was set with it, also if it is where it
	 * was. Kafka looks for a log that was cut off only if it has one.
	 * @param leaderEpoch -1 for none
	 */
	void leaderEpoch(int leaderEpoch) {
		this.soughtLeaderEpoch = this.begun ? null : leaderEpoch;
		if (this.begun) {
			guard((check) -> {
				check.move(this.position, this.movedBy);
				check.advance(this.position, leaderEpoch);
			});
		}
	}

	/**
	 * The position was set to the beginning or the end, wherever that is.
	 */
	void unsettle() {
		this.open.dropFrom(0);
		this.unsettled = true;
		this.movedBy = Cause.SEEK;
	}

	/**
	 * A record could not be deserialized by whom the application chose. Whoever sets the
	 * position behind it passes it over.
	 * @param offset its offset
	 */
	void undeserializable(long offset) {
		this.undeserializable = offset;
	}

	/**
	 * The log was cut off, and the position was set to where it differs from what was
	 * polled.
	 * @param offset the first offset that differs
	 */
	void truncate(long offset) {
		this.open.dropFrom(offset);
		this.truncated = true;
		this.unsettled = false;
		this.epochs.forgetFrom(offset);
		if (this.begun) {
			this.position = offset;
			guard((check) -> check.truncate(offset));
		}
		else {
			move(offset, Cause.TRUNCATED);
		}
	}

	/**
	 * The container has paused the partition for a time because records were given back,
	 * or has resumed it.
	 * @param paused whether it has paused it
	 */
	void pausedForGivenBack(boolean paused) {
		this.pausedForGivenBack = paused;
	}

	boolean isPausedForGivenBack() {
		return this.pausedForGivenBack;
	}

	/**
	 * Records were polled.
	 * @param records in the order of their offsets
	 * @param limit the first offset that will be polled again
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void read(List<ConsumerRecord<K, V>> records, long limit) {
		long first = records.get(0).offset();
		if (this.unsettled) {
			move(first, Cause.SEEK);
		}
		else if (first < this.position) {
			// Somebody else set the position, such as Kafka by a policy of its own.
			move(first, Cause.OUT_OF_RANGE);
		}
		int count = follow(records, limit);
		LaneReader check = this.reader;
		if (check != null) {
			try {
				check(records.subList(0, count), check);
			}
			catch (RuntimeException | Error ex) {
				drop(ex);
			}
		}
	}

	// In a loop of its own: it is so short that the processor waits for the memory of
	// several records at once, as they are mostly no longer in its nearest cache. That
	// halves the time of the check.
	private <K, V> int follow(List<ConsumerRecord<K, V>> records, long limit) {
		int count = 0;
		while (count < records.size()) {
			ConsumerRecord<K, V> record = records.get(count);
			long offset = record.offset();
			if (offset >= limit) {
				break;
			}
			this.epochs.note(offset, record.leaderEpoch().orElse(-1));
			this.position = offset + 1;
			count++;
		}
		return count;
	}

	private static <K, V> void check(List<ConsumerRecord<K, V>> records, LaneReader check) {
		for (ConsumerRecord<K, V> record : records) {
			Header header = record.headers().lastHeader(Stamp.HEADER);
			check.read(record.offset(), record.leaderEpoch().orElse(-1), record.timestamp(),
					(header != null) ? header.value() : null);
		}
	}

	/**
	 * Everything in front of an offset was polled.
	 * @param offset the next offset to be polled
	 * @param epoch the leader epoch in front of it; -1 if unknown
	 */
	void advance(long offset, int epoch) {
		if (this.unsettled) {
			move(offset, Cause.SEEK);
		}
		if (epoch >= 0 && this.epochs.before(offset) != epoch) {
			this.epochs.note(offset - 1, epoch);
		}
		this.position = offset;
		LaneReader check = this.reader;
		if (check != null) {
			try {
				check.advance(offset, epoch);
			}
			catch (RuntimeException | Error ex) {
				drop(ex);
			}
		}
	}

	/**
	 * An offset is about to be committed.
	 * @param given by the application
	 * @return what to commit instead
	 */
	OffsetAndMetadata commit(OffsetAndMetadata given) {
		long offset = (this.truncated && this.position >= 0) ? Math.min(given.offset(), this.position) : given.offset();
		LaneReader.Commit state = state(offset);
		// That of the state is of the last record, which may be older than a marker
		// behind it.
		int epoch = this.epochs.before(state.offset());
		Optional<Integer> known = (epoch >= 0) ? Optional.of(epoch) : Optional.empty();
		Optional<Integer> givenEpoch = (state.offset() == given.offset()) ? given.leaderEpoch() : Optional.empty();
		this.committed = state.offset();
		this.commitWanted = false;
		return given.metadata().isEmpty()
				? new OffsetAndMetadata(state.offset(), known.or(() -> givenEpoch),
						new CommitNote(state.metadata(), this.partitionsAtStart).metadata())
				: new OffsetAndMetadata(state.offset(), givenEpoch.or(() -> known), given.metadata());
	}

	/**
	 * Whether nothing else was committed since.
	 * @param offset what was committed
	 * @return {@code false} if a later commit decides
	 */
	boolean isLastCommitted(OffsetAndMetadata offset) {
		return this.committed == offset.offset();
	}

	private LaneReader.Commit state(long offset) {
		LaneReader check = this.reader;
		if (check != null && this.begun) {
			try {
				return check.commit(offset);
			}
			catch (RuntimeException | Error ex) {
				drop(ex);
			}
		}
		return new LaneReader.Commit(offset, -1, "");
	}

	/**
	 * For a consumer without a group: what was polled before counts as processed.
	 */
	void passWithoutGroup() {
		if (this.begun && this.position >= 0 && !this.unsettled && this.position != this.committed) {
			this.committed = this.position;
			state(this.position);
		}
	}

	/**
	 * Let the check find what has become known.
	 * @param mayCommit whether an offset may be committed that the application did not
	 * ask for
	 * @return what to commit again, because something was found at the last poll that the
	 * group should remember, and the application has committed nothing since;
	 * {@code null} for nothing
	 */
	@Nullable OffsetAndMetadata check(boolean mayCommit) {
		// Not above the position: the group would not come back to what is in between.
		OffsetAndMetadata again = (mayCommit && this.commitWanted && this.committed >= 0
				&& this.committed <= position()) ? commit(new OffsetAndMetadata(this.committed)) : null;
		LaneReader check = this.reader;
		if (check != null && this.begun) {
			try {
				if (check.check()) {
					this.commitWanted = true;
				}
			}
			catch (RuntimeException | Error ex) {
				drop(ex);
			}
		}
		return again;
	}

	/**
	 * Have an offset committed at one of the next polls.
	 * @param offset where the group began, or what could not be committed
	 */
	void wantCommit(long offset) {
		this.committed = offset;
		this.commitWanted = true;
	}

	/**
	 * The partition is no longer assigned.
	 */
	void end() {
		guard(LaneReader::end);
		this.reader = null;
	}

	private void guard(Consumer<LaneReader> call) {
		LaneReader check = this.reader;
		if (check != null) {
			try {
				call.accept(check);
			}
			catch (RuntimeException | Error ex) {
				drop(ex);
			}
		}
	}

	private void drop(Throwable failure) {
		LaneReader check = this.reader;
		this.reader = null;
		logger.error("The check of %s failed and ends; records are delivered as before".formatted(this.partition),
				failure);
		if (check != null) {
			try {
				check.end();
			}
			catch (RuntimeException | Error ex) {
				logger.debug("And it cannot even end", ex);
			}
		}
	}

	@Override
	public String toString() {
		return this.partition + "@" + this.position;
	}

}
