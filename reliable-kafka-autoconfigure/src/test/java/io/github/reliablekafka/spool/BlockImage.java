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
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Assumptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A disk in a file, with an ext4 file system that is mounted. What the file system has
 * not written yet is not in the file: a copy of it is what a machine finds after a power
 * cut. The tests that need one are skipped where nobody may mount it.
 */
final class BlockImage implements AutoCloseable {

	private final Path file;

	private final Path mountPoint;

	private BlockImage(Path file, Path mountPoint) {
		this.file = file;
		this.mountPoint = mountPoint;
	}

	static BlockImage create(Path directory, int mebibytes) throws IOException {
		Path file = directory.resolve("disk.image");
		try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
			content.setLength((long) mebibytes << 20);
		}
		Assumptions.assumeTrue(run("mkfs.ext4", "-q", "-F", file.toString()), "There is no mkfs.ext4");
		BlockImage image = new BlockImage(file, Files.createDirectory(directory.resolve("disk")));
		Assumptions.assumeTrue(image.mount(), "Only root can mount a file system");
		return image;
	}

	/**
	 * What the disk has at this moment, in another one whose file system was repaired by
	 * its journal.
	 * @param directory where to put it
	 * @param name of the copy
	 * @return a disk
	 */
	BlockImage copy(Path directory, String name) throws IOException {
		Path copy = directory.resolve(name + ".image");
		assertThat(run("cp", "--sparse=always", this.file.toString(), copy.toString())).isTrue();
		BlockImage image = new BlockImage(copy, Files.createDirectory(directory.resolve(name)));
		assertThat(image.mount()).isTrue();
		return image;
	}

	Path mountPoint() {
		return this.mountPoint;
	}

	/**
	 * Start the machine again, with a look at a file system that was not left in order.
	 */
	void remount() {
		await().until(() -> run("umount", this.mountPoint.toString()));
		assertThat(run("sh", "-c", "e2fsck -f -p '%s'; test $? -le 1".formatted(this.file))).isTrue();
		assertThat(mount()).isTrue();
	}

	private boolean mount() {
		return run("mount", "-o", "loop", this.file.toString(), this.mountPoint.toString());
	}

	/**
	 * Run a command.
	 * @param command its words
	 * @return whether there is such a command, and it was successful
	 */
	static boolean run(String... command) {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor() == 0;
		}
		catch (IOException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		// Of a test that failed, files may be open.
		String place = this.mountPoint.toString();
		assertThat(run("umount", place) || run("umount", "-l", place)).isTrue();
	}

}
