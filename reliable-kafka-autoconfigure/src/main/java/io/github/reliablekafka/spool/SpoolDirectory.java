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
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * The directory of the spools of an application. Each instance that runs has one of the
 * directories in it, which its successor finds again. Safe for use by many threads and
 * processes.
 *
 * @since 0.1.0
 */
public final class SpoolDirectory {

	private SpoolDirectory() {
	}

	/**
	 * Open a spool in a directory that nobody else has open.
	 * @param base the directory of all spools; each open one takes a directory of its own
	 * in it, which its successor finds again
	 * @param options the limits
	 * @return the spool
	 * @throws SpoolException if what is in the directory cannot be used
	 * @throws IOException if the disk fails
	 */
	public static SegmentSpool open(Path base, SpoolOptions options) throws IOException {
		for (int slot = 0;; slot++) {
			SegmentSpool spool = openSlot(base.resolve(String.valueOf(slot)), options);
			if (spool != null) {
				return spool;
			}
		}
	}

	/**
	 * Open the spools that others have left, as far as nobody else has them open.
	 * @param base the directory of all spools
	 * @param options the limits
	 * @param unusable is told of those that cannot be used, and stay as they are
	 * @return those with records in them
	 * @throws IOException if the directory cannot be read
	 */
	public static List<SegmentSpool> adopt(Path base, SpoolOptions options, BiConsumer<Path, Exception> unusable)
			throws IOException {
		List<SegmentSpool> adopted = new ArrayList<>();
		for (Path slot : slots(base)) {
			try {
				SegmentSpool spool = isLeft(slot) ? adopt(slot, options) : null;
				if (spool != null) {
					adopted.add(spool);
				}
			}
			catch (IOException | RuntimeException ex) {
				unusable.accept(slot, ex);
			}
		}
		return adopted;
	}

	// Returns null if it has no records, or somebody else has it.
	private static @Nullable SegmentSpool adopt(Path slot, SpoolOptions options) throws IOException {
		SegmentSpool spool = openSlot(slot, options);
		if (spool != null && spool.occupied().isEmpty()) {
			spool.close();
			return null;
		}
		return spool;
	}

	static List<Path> slots(Path base) throws IOException {
		try (Stream<Path> directories = Files.list(base)) {
			return directories.filter((path) -> String.valueOf(path.getFileName()).matches("\\d{1,6}"))
				.sorted()
				.toList();
		}
	}

	static boolean isLeft(Path slot) throws IOException {
		if (!Files.isDirectory(slot)) {
			return false;
		}
		try (Stream<Path> files = Files.list(slot)) {
			return files.anyMatch((file) -> String.valueOf(file.getFileName()).endsWith(SegmentFiles.SUFFIX));
		}
	}

	static @Nullable SegmentSpool openSlot(Path directory, SpoolOptions options) throws IOException {
		DirectoryDisk disk = DirectoryDisk.take(directory);
		if (disk == null) {
			return null;
		}
		boolean opened = false;
		try {
			SegmentSpool spool = SegmentSpool.open(disk, options);
			spool.start();
			opened = true;
			return spool;
		}
		finally {
			if (!opened) {
				disk.close();
			}
		}
	}

}
