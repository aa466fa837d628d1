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
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Looks for what other instances leave while this one runs. An instance that is only
 * started again is to find its own: a directory is opened when nobody has had it for some
 * time. One without records, or with damaged ones, is not opened again until something in
 * it changes; one that cannot be used for another reason is tried again after that time.
 * Used by one thread.
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
	 * @param found is given those with records in them, each as it is opened
	 * @param unusable is told of those that cannot be used, and stay as they are: once,
	 * until something in them changes
	 * @throws IOException if the directory of all spools cannot be read
	 */
	public void adopt(long now, Duration patience, Consumer<SegmentSpool> found, BiConsumer<Path, Throwable> unusable)
			throws IOException {
		Map<Path, Seen> present = new HashMap<>();
		for (Path slot : SpoolDirectory.slots(this.base)) {
			Seen last;
			try {
				last = look(slot, now);
				if (last != null && !last.done() && now - last.freeSince() >= patience.toNanos()) {
					last = open(slot, now, found);
				}
			}
			catch (Throwable ex) {
				// One must not keep the others from being found.
				last = failed(slot, now, ex);
				Seen before = this.seen.get(slot);
				if (before == null || !before.told() || before.contents() != last.contents()) {
					unusable.accept(slot, ex);
				}
			}
			if (last != null) {
				present.put(slot, last);
			}
		}
		this.seen = present;
	}

	private @Nullable Seen look(Path slot, long now) throws IOException {
		if (!SpoolDirectory.isLeft(slot)) {
			return null;
		}
		Seen before = this.seen.get(slot);
		long contents = contents(slot);
		boolean changed = before == null || before.contents() != contents;
		if (before != null && before.done() && !changed) {
			return before;
		}
		DirectoryDisk disk = DirectoryDisk.take(slot);
		if (disk == null) {
			return null;
		}
		disk.close();
		// Somebody who writes, and is down whenever this one looks, is not gone.
		return (before == null || changed) ? new Seen(contents, now, false, false) : before;
	}

	private @Nullable Seen open(Path slot, long now, Consumer<SegmentSpool> found) throws IOException {
		SegmentSpool spool = SpoolDirectory.openSlot(slot, this.options);
		if (spool == null) {
			return null;
		}
		if (spool.occupied().isEmpty()) {
			spool.close();
			return new Seen(contents(slot), now, true, false);
		}
		found.accept(spool);
		return null;
	}

	// What may pass is tried again, after as long a time as at first.
	private static Seen failed(Path slot, long now, Throwable failure) {
		long contents;
		try {
			contents = contents(slot);
		}
		catch (IOException | RuntimeException ex) {
			contents = 0;
		}
		boolean done = failure instanceof SpoolException spool && spool.kind() == SpoolException.Kind.CORRUPT;
		return new Seen(contents, now, done, true);
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
	 * @param told whether somebody was told that it cannot be used
	 */
	private record Seen(long contents, long freeSince, boolean done, boolean told) {

	}

}
