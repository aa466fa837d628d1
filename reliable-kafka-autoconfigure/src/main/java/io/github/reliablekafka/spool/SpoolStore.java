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

package io.github.reliablekafka.spool;

import java.util.List;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Keeps records on their way to a cluster beyond the death of the process. A record is
 * appended to a lane, and resolved when the cluster has it or it was rejected; until then
 * it is there, also after a crash. Positions within a lane are numbers that grow with
 * each append; the order in a lane is the order of the calls.
 * <p>
 * Safe for use by many threads. Appending does not wait for the disk; it waits for room.
 *
 * @since 0.1.0
 */
public interface SpoolStore extends AutoCloseable {

	/**
	 * The lanes in which records wait.
	 * @return a snapshot; right after opening, what earlier processes left
	 */
	List<SpoolLane> occupied();

	/**
	 * A lane of this spool.
	 * @param destination names the cluster, in the words of the application
	 * @param topic the topic
	 * @param partition the partition; negative for a lane of its own beside the
	 * partitions
	 * @return the same object for the same arguments
	 */
	SpoolLane lane(String destination, String topic, int partition);

	/**
	 * The records of a lane that are not resolved.
	 * @param lane the lane
	 * @return their positions, in order
	 */
	long[] positions(SpoolLane lane);

	/**
	 * Append a record.
	 * @param lane the lane
	 * @param record the record; its arrays are copied
	 * @param patience longest time to wait for room, in nanoseconds
	 * @param confirmation is told when the record is on disk; {@code null} for nobody
	 * @return its position in the lane
	 * @throws SpoolException if it is not taken
	 */
	long append(SpoolLane lane, SpoolRecord record, long patience, @Nullable Confirmation confirmation);

	/**
	 * Append a record and resolve another, both or neither. Does not wait for room. May
	 * exceed the limit by a little, so that a full spool can be put in order. The other
	 * is there until the record is on disk. None is moved out of a lane without a
	 * partition while one in front of it is there whose move was refused: that has to be
	 * moved again first.
	 * @param lane where the record goes
	 * @param record the record
	 * @param from the lane of the other
	 * @param position the other's position
	 * @param confirmation as with {@link #append}
	 * @return the record's position
	 * @throws SpoolException if it is not taken; then the other is still there. Of kind
	 * {@link SpoolException.Kind#BUSY} if another file has to be made first, which is
	 * seen to
	 */
	long move(SpoolLane lane, SpoolRecord record, SpoolLane from, long position, @Nullable Confirmation confirmation);

	/**
	 * A record needs to be kept no longer. That is written with what is appended next, or
	 * a moment later: after a crash in between the record is there again.
	 * @param lane its lane
	 * @param position its position
	 */
	void resolve(SpoolLane lane, long position);

	/**
	 * Whether a record is not resolved.
	 * @param lane its lane
	 * @param position its position
	 * @return {@code true} if it is on disk, or on its way there
	 */
	boolean holds(SpoolLane lane, long position);

	/**
	 * Read a record back from disk.
	 * @param lane its lane
	 * @param position its position
	 * @return {@code null} if it is not on disk yet, or is resolved
	 * @throws SpoolException if the bytes are not those that were written
	 */
	@Nullable SpoolRecord read(SpoolLane lane, long position);

	/**
	 * Look through the records of a partition that are on disk, those among them that are
	 * resolved as long as they are retained. Takes as long as reading all files.
	 * @param topic the topic
	 * @param partition the partition
	 * @param destination says of which destinations
	 * @param visitor is told each, in the order in which they were written, and says
	 * whether to go on; one that was written again may come twice
	 * @throws SpoolException if the disk fails
	 */
	void search(String topic, int partition, Predicate<String> destination, Predicate<SpoolRecord> visitor);

	/**
	 * Wait until all that was appended and resolved before is on disk.
	 * @return {@code false} if it is not, as the disk failed, or the spool is full to the
	 * last byte: then it is not written for now what is resolved
	 */
	boolean flush();

	/**
	 * How full the spool is, and how well.
	 * @return a snapshot
	 */
	SpoolStatus status();

	/**
	 * Write what is to be written and give the directory free.
	 */
	@Override
	void close();

	/**
	 * Is told what became of an append, by the thread that writes, and must not block.
	 */
	interface Confirmation {

		/**
		 * The record is on disk: it survives the death of the process and of the machine.
		 * Not called if the record was resolved before.
		 */
		void durable();

		/**
		 * The record is not on disk.
		 * @param failure why
		 */
		void failed(SpoolException failure);

	}

}
