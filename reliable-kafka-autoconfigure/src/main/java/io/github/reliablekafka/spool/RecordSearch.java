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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Looks for records in all files, resolved ones as well, while others are appended.
 * Frames that are not right are passed over: their file is used for others meanwhile, or
 * damaged, which is for whoever opens it to say. Memory: 256 KiB, or the largest record.
 * Safe for use by many threads; none of them may have the lock.
 */
final class RecordSearch {

	private final ReentrantLock lock;

	private final SegmentFiles files;

	private final Disk disk;

	RecordSearch(ReentrantLock lock, SegmentFiles files, Disk disk) {
		this.lock = lock;
		this.files = files;
		this.disk = disk;
	}

	void search(String topic, int partition, Predicate<String> destination, Predicate<SpoolRecord> visitor) {
		byte[] name = topic.getBytes(StandardCharsets.UTF_8);
		boolean[] over = new boolean[1];
		for (Part part : parts()) {
			Frame.Checksums checksums = new Frame.Checksums(this.files.spool(), part.id);
			try {
				part.segment.visit(part.end, (content, index, offset) -> {
					if (!over[0] && Frame.isOf(content, index, name, partition)
							&& checksums.isRight(content, index, offset)
							&& destination.test(Frame.destination(content, index))) {
						over[0] = !visitor.test(Frame.record(content, index));
					}
				});
			}
			catch (IOException ex) {
				throw new SpoolException(SpoolException.Kind.FAILED,
						"'%s' in %s cannot be read".formatted(part.segment.name(), this.disk), "", ex);
			}
			if (over[0]) {
				return;
			}
		}
	}

	private List<Part> parts() {
		this.lock.lock();
		try {
			return this.files.written()
				.stream()
				.map((segment) -> new Part(segment, segment.id(), segment.end()))
				.toList();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * What there is of a file when the search begins.
	 *
	 * @param segment the file
	 * @param id its id at that time
	 * @param end where its frames end
	 */
	private record Part(Segment segment, long id, int end) {

	}

}
