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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A directory that this process alone has, by a lock that ends with the process.
 */
final class DirectoryDisk implements Disk {

	private static final String LOCK = "lock";

	private static final String QUARANTINE = "quarantine";

	/**
	 * The directories that are open in this process.
	 */
	private static final Set<Path> held = ConcurrentHashMap.newKeySet();

	/**
	 * Lock files of directories that another class loader of this process has. Not closed
	 * while it does, and not opened again: by what tells the files apart.
	 */
	private static final Map<Object, FileChannel> foreign = new ConcurrentHashMap<>();

	private final Path directory;

	private final Path real;

	private final FileChannel lockFile;

	private DirectoryDisk(Path directory, Path real, FileChannel lockFile) {
		this.directory = directory;
		this.real = real;
		this.lockFile = lockFile;
	}

	/**
	 * Take a directory.
	 * @param directory created if it does not exist
	 * @return {@code null} if somebody has it
	 * @throws IOException if it cannot be used
	 */
	static @Nullable DirectoryDisk take(Path directory) throws IOException {
		Files.createDirectories(directory);
		Path real = directory.toRealPath();
		// Before the file is opened: where locks belong to processes, one ends as soon as
		// its process closes the file, through whatever channel.
		if (!held.add(real)) {
			return null;
		}
		DirectoryDisk taken = null;
		try {
			taken = lock(directory, real);
			return taken;
		}
		finally {
			if (taken == null) {
				held.remove(real);
			}
		}
	}

	@SuppressWarnings("resource") // the lock lasts as long as its channel
	private static @Nullable DirectoryDisk lock(Path directory, Path real) throws IOException {
		Path file = real.resolve(LOCK);
		FileChannel known = Files.exists(file) ? foreign.remove(keyOf(file)) : null;
		FileChannel lockFile = (known != null) ? known
				: FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
		boolean close = true;
		try {
			if (lockFile.tryLock() == null) {
				return null;
			}
			closeToOthers(real);
			forceNames(directory);
			Path parent = real.getParent();
			if (parent != null) {
				forceNames(parent);
			}
			close = false;
			return new DirectoryDisk(directory, real, lockFile);
		}
		catch (OverlappingFileLockException ex) {
			// Another class loader of this process has it, and would lose it by a close.
			close = false;
			foreign.put(keyOf(file), lockFile);
			return null;
		}
		finally {
			if (close) {
				lockFile.close();
			}
		}
	}

	private static Object keyOf(Path file) throws IOException {
		Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
		return (key != null) ? key : file;
	}

	// Records have what the cluster may protect by its own permissions.
	private static void closeToOthers(Path directory) throws IOException {
		PosixFileAttributeView view = Files.getFileAttributeView(directory, PosixFileAttributeView.class);
		if (view == null) {
			return;
		}
		try {
			view.setPermissions(PosixFilePermissions.fromString("rwx------"));
		}
		catch (FileSystemException ex) {
			// It is somebody else's, who lets this user in.
		}
	}

	@Override
	public List<String> list() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.map((file) -> String.valueOf(file.getFileName()))
				.filter((name) -> !name.equals(LOCK) && !name.equals(QUARANTINE) && !name.startsWith("."))
				.sorted()
				.toList();
		}
	}

	@Override
	public DiskFile open(String name) throws IOException {
		return new ChannelFile(this.directory.resolve(name));
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

	// The file with the lock stays: whoever deleted it could not know who has just opened
	// it.
	@Override
	public void close() throws IOException {
		try {
			this.lockFile.close();
		}
		finally {
			held.remove(this.real);
		}
	}

	@Override
	public String toString() {
		return this.directory.toString();
	}

	/**
	 * A file. Read not through its channel, because a thread that is interrupted while it
	 * reads would close that for the one that writes.
	 */
	private static final class ChannelFile implements DiskFile {

		private static final int CHUNK = 64 << 10;

		private final Path path;

		private final FileChannel channel;

		private final RandomAccessFile reader;

		/**
		 * {@code null} where files have none.
		 */
		private final @Nullable Object key;

		ChannelFile(Path path) throws IOException {
			this.path = path;
			this.channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
			boolean opened = false;
			try {
				this.reader = new RandomAccessFile(path.toFile(), "r");
				this.key = key(path);
				opened = true;
			}
			finally {
				if (!opened) {
					this.channel.close();
				}
			}
		}

		@Override
		public long size() throws IOException {
			return this.channel.size();
		}

		@Override
		public void read(ByteBuffer target, long position) throws IOException {
			byte[] chunk = new byte[Math.min(CHUNK, target.remaining())];
			synchronized (this.reader) {
				this.reader.seek(position);
				while (target.hasRemaining()) {
					int count = this.reader.read(chunk, 0, Math.min(chunk.length, target.remaining()));
					if (count < 0) {
						return;
					}
					target.put(chunk, 0, count);
				}
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
		public boolean isThere() throws IOException {
			try {
				return Objects.equals(this.key, key(this.path));
			}
			catch (NoSuchFileException ex) {
				return false;
			}
		}

		private static @Nullable Object key(Path path) throws IOException {
			return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
		}

		@Override
		public void close() throws IOException {
			try {
				this.reader.close();
			}
			finally {
				this.channel.close();
			}
		}

	}

}
