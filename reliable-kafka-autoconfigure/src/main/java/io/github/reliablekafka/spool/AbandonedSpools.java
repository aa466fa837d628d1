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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Looks for what other instances leave while this one runs. An instance that is only
 * started again is to find its own: a directory is opened when nobody has had it for some
 * time. One without records, or that cannot be used, is not opened again until something
 * in it changes. Used by one thread.
 *
 * @since 0.1.0
 */
public final class AbandonedSpools {

	private final Path base;

	private final SpoolOptions options;

	private Map<Path, Seen> seen = new HashMap<>();

	/**
	 * Look in a directory.
	 * @param base the directory of all spools
	 * @param options the limits
	 */
	public AbandonedSpools(Path base, SpoolOptions options) {
		this.base = base;
		this.options = options;
	}

	/**
	 * Open what nobody has had for some time.
	 * @param now the time in nanoseconds, from any point on
	 * @param patience for how long
	 * @param unusable is told of those that cannot be used, and stay as they are
	 * @return those with records in them
	 * @throws IOException if the directory cannot be read
	 */
	public List<SegmentSpool> adopt(long now, Duration patience, BiConsumer<Path, Exception> unusable)
			throws IOException {
		List<SegmentSpool> adopted = new ArrayList<>();
		Map<Path, Seen> present = new HashMap<>();
		for (Path slot : SpoolDirectory.slots(this.base)) {
			try {
				Seen last = look(slot, now);
				if (last != null && !last.done() && now - last.freeSince() >= patience.toNanos()) {
					SegmentSpool spool = SpoolDirectory.adopt(slot, this.options);
					last = (spool != null) ? null : new Seen(contents(slot), now, true);
					if (spool != null) {
						adopted.add(spool);
					}
				}
				if (last != null) {
					present.put(slot, last);
				}
			}
			catch (IOException | SpoolException ex) {
				present.put(slot, new Seen(contents(slot), now, true));
				unusable.accept(slot, ex);
			}
		}
		this.seen = present;
		return adopted;
	}

	private @Nullable Seen look(Path slot, long now) throws IOException {
		if (!SpoolDirectory.isLeft(slot)) {
			return null;
		}
		Seen before = this.seen.get(slot);
		long contents = contents(slot);
		if (before != null && before.done() && before.contents() == contents) {
			return before;
		}
		DirectoryDisk disk = DirectoryDisk.take(slot);
		if (disk == null) {
			return null;
		}
		disk.close();
		return (before != null && !before.done()) ? before : new Seen(contents, now, false);
	}

	// Something that differs after somebody has written.
	private static long contents(Path slot) throws IOException {
		long contents = 0;
		try (Stream<Path> files = Files.list(slot)) {
			for (Path file : files.sorted().toList()) {
				if (String.valueOf(file.getFileName()).endsWith(SegmentFiles.SUFFIX)) {
					contents = 31 * contents + file.getFileName().hashCode();
					contents = 31 * contents + Files.getLastModifiedTime(file).hashCode();
				}
			}
		}
		return contents;
	}

	/**
	 * A directory that nobody has.
	 *
	 * @param contents tells whether it changes
	 * @param freeSince since when, in nanoseconds
	 * @param done whether there is nothing to do with it
	 */
	private record Seen(long contents, long freeSince, boolean done) {

	}

}
