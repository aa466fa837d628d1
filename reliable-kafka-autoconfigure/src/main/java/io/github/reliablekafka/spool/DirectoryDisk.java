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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A directory that this process alone has, by a lock that ends with the process.
 */
final class DirectoryDisk implements Disk {

	private static final String LOCK = "lock";

	private static final String QUARANTINE = "quarantine";

	private final Path directory;

	private final FileChannel lockFile;

	private DirectoryDisk(Path directory, FileChannel lockFile) {
		this.directory = directory;
		this.lockFile = lockFile;
	}

	/**
	 * Take a directory.
	 * @param directory created if it does not exist
	 * @return {@code null} if somebody has it
	 * @throws IOException if it cannot be used
	 */
	@SuppressWarnings("resource") // the lock lasts as long as its channel
	static @Nullable DirectoryDisk take(Path directory) throws IOException {
		Files.createDirectories(directory);
		while (true) {
			Path path = directory.resolve(LOCK);
			FileChannel lockFile = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
			boolean taken = false;
			try {
				FileLock lock = lockFile.tryLock();
				if (lock == null) {
					return null;
				}
				// Whoever had it may have deleted the file in the meantime.
				taken = Files.exists(path) && lock.isValid() && isSame(path, lockFile);
				if (taken) {
					forceNames(directory);
					Path parent = directory.toAbsolutePath().getParent();
					if (parent != null) {
						forceNames(parent);
					}
					return new DirectoryDisk(directory, lockFile);
				}
			}
			catch (OverlappingFileLockException ex) {
				return null;
			}
			finally {
				if (!taken) {
					lockFile.close();
				}
			}
			Files.createDirectories(directory);
		}
	}

	private static boolean isSame(Path path, FileChannel lockFile) throws IOException {
		long mark = System.nanoTime();
		lockFile.write(ByteBuffer.allocate(Long.BYTES).putLong(0, mark), 0);
		try {
			byte[] seen = Files.readAllBytes(path);
			return seen.length >= Long.BYTES && ByteBuffer.wrap(seen).getLong() == mark;
		}
		catch (NoSuchFileException ex) {
			return false;
		}
	}

	@Override
	public List<String> list() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.map((file) -> String.valueOf(file.getFileName()))
				.filter((name) -> !name.equals(LOCK) && !name.equals(QUARANTINE))
				.sorted()
				.toList();
		}
	}

	@Override
	public DiskFile open(String name) throws IOException {
		return new ChannelFile(FileChannel.open(this.directory.resolve(name), StandardOpenOption.CREATE,
				StandardOpenOption.READ, StandardOpenOption.WRITE));
	}

	@Override
	public void delete(String name) throws IOException {
		Files.deleteIfExists(this.directory.resolve(name));
	}

	@Override
	public String quarantine(String name) throws IOException {
		Path room = this.directory.resolve(QUARANTINE);
		Files.createDirectories(room);
		Path copy = room.resolve(name + "-" + System.currentTimeMillis());
		Files.copy(this.directory.resolve(name), copy);
		try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
			channel.force(true);
		}
		forceNames(room);
		return copy.toString();
	}

	@Override
	public void forceNames() throws IOException {
		forceNames(this.directory);
	}

	private static void forceNames(Path directory) throws IOException {
		FileChannel channel;
		try {
			channel = FileChannel.open(directory, StandardOpenOption.READ);
		}
		catch (IOException ex) {
			// Windows opens no directories, and needs not.
			return;
		}
		try (channel) {
			channel.force(true);
		}
	}

	@Override
	public long usableBytes() throws IOException {
		return Files.getFileStore(this.directory).getUsableSpace();
	}

	@Override
	public void close(boolean delete) throws IOException {
		try (this.lockFile) {
			if (delete) {
				try {
					Files.deleteIfExists(this.directory.resolve(LOCK));
					Files.deleteIfExists(this.directory);
				}
				catch (DirectoryNotEmptyException ex) {
					// Somebody takes it at this moment, or there is a quarantine.
				}
			}
		}
	}

	@Override
	public String toString() {
		return this.directory.toString();
	}

	/**
	 * A file through its channel.
	 */
	private record ChannelFile(FileChannel channel) implements DiskFile {

		@Override
		public long size() throws IOException {
			return this.channel.size();
		}

		@Override
		public void read(ByteBuffer target, long position) throws IOException {
			long at = position;
			while (target.hasRemaining()) {
				int count = this.channel.read(target, at);
				if (count < 0) {
					return;
				}
				at += count;
			}
		}

		@Override
		public void write(ByteBuffer source, long position) throws IOException {
			long at = position;
			while (source.hasRemaining()) {
				at += this.channel.write(source, at);
			}
		}

		@Override
		public void force() throws IOException {
			this.channel.force(false);
		}

		@Override
		public void close() throws IOException {
			this.channel.close();
		}

	}

}
