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

package io.github.reliablekafka.test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Consecutive ports that belong to one cluster for its whole life, also while a broker is
 * down. They lie below the ephemeral range, because a client's socket could otherwise
 * take the port of a killed broker. Clusters of this user, in this JVM and others, keep
 * clear of each other by a lock on a file a block, which the operating system releases
 * with the process; other programs are kept clear of by probing each port.
 */
final class PortBlock implements AutoCloseable {

	static final int SIZE = 60;

	private static final int DEFAULT_EPHEMERAL_START = 32768;

	private static final int LOWEST = 10240;

	private static final int ATTEMPTS = 300;

	private final int first;

	private final FileChannel channel;

	private PortBlock(int first, FileChannel channel) {
		this.first = first;
		this.channel = channel;
	}

	static PortBlock reserve() {
		int blocks = (Math.max(ephemeralStart(), LOWEST + 100 * SIZE) - LOWEST) / SIZE;
		for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
			PortBlock block = tryReserve(LOWEST + ThreadLocalRandom.current().nextInt(blocks) * SIZE);
			if (block != null) {
				return block;
			}
		}
		throw new KafkaClusterException("No free block of " + SIZE + " ports found in " + ATTEMPTS
				+ " attempts between " + LOWEST + " and " + (LOWEST + blocks * SIZE));
	}

	private static @Nullable PortBlock tryReserve(int first) {
		FileChannel channel = null;
		try {
			Path locks = Files.createDirectories(
					Path.of(System.getProperty("java.io.tmpdir"), "kafka-ports-" + System.getProperty("user.name")));
			channel = FileChannel.open(locks.resolve(first + ".lock"), StandardOpenOption.CREATE,
					StandardOpenOption.WRITE);
			if (lock(channel) != null && allFree(first)) {
				return new PortBlock(first, channel);
			}
			channel.close();
			return null;
		}
		catch (IOException ex) {
			closeQuietly(channel);
			throw new KafkaClusterException("No lock for the ports from " + first, ex);
		}
	}

	private static @Nullable FileLock lock(FileChannel channel) throws IOException {
		try {
			return channel.tryLock();
		}
		catch (OverlappingFileLockException ex) {
			return null;
		}
	}

	private static boolean allFree(int first) {
		for (int port = first; port < first + SIZE; port++) {
			try (ServerSocket socket = new ServerSocket()) {
				socket.setReuseAddress(true);
				// The wildcard address, so that a listener on any address counts.
				socket.bind(new InetSocketAddress((InetAddress) null, port), 1);
			}
			catch (IOException ex) {
				return false;
			}
		}
		return true;
	}

	private static int ephemeralStart() {
		try {
			String range = Files.readString(Path.of("/proc/sys/net/ipv4/ip_local_port_range"));
			List<String> bounds = Pattern.compile("\\s+").splitAsStream(range.trim()).toList();
			return Math.min(Integer.parseInt(bounds.get(0)), DEFAULT_EPHEMERAL_START);
		}
		catch (IOException | NumberFormatException ex) {
			return DEFAULT_EPHEMERAL_START;
		}
	}

	/**
	 * A port of the block.
	 * @param index from 0
	 * @return the port
	 */
	int port(int index) {
		if (index < 0 || index >= SIZE) {
			throw new IllegalArgumentException("index=" + index + ", expected=0.." + (SIZE - 1));
		}
		return this.first + index;
	}

	@Override
	public void close() {
		closeQuietly(this.channel);
	}

	private static void closeQuietly(@Nullable FileChannel channel) {
		if (channel != null) {
			try {
				channel.close();
			}
			catch (IOException ex) {
				// Nothing was written; the lock goes with the process at the latest.
			}
		}
	}

}
