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

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The classes of a node as JVMs share them, with which a node needs half of the processor
 * time to start. Only where the system property {@value #PROPERTY} names a file: to make
 * it takes as long as three starts, so that it pays where nodes are started again and
 * again. A JVM that cannot use the file starts without it.
 * <p>
 * Thread-safe, and safe for several JVMs with the same file: while one makes it, the
 * others start their nodes without.
 */
final class ClassArchive {

	static final String PROPERTY = "reliable.kafka.test.class-archive";

	private static boolean tried;

	private ClassArchive() {
	}

	/**
	 * Make the archive if it is not there, or older than a jar.
	 * @param settings of the cluster that is to start
	 * @param classPath of its nodes
	 * @return what the JVMs of the nodes are started with
	 */
	static synchronized List<String> options(ClusterSettings settings, String classPath) {
		String file = System.getProperty(PROPERTY, "");
		if (file.isBlank() || !settings.brokerClassPath().isEmpty()) {
			return List.of();
		}
		Path archive = Path.of(file).toAbsolutePath();
		try {
			if (!tried && !isRecent(archive, classPath)) {
				make(archive, settings);
			}
			return isRecent(archive, classPath) ? List.of("-XX:SharedArchiveFile=" + archive) : List.of();
		}
		catch (IOException ex) {
			throw new KafkaClusterException("Cannot make " + archive, ex);
		}
	}

	private static boolean isRecent(Path archive, String classPath) throws IOException {
		if (!Files.exists(archive)) {
			return false;
		}
		FileTime made = Files.getLastModifiedTime(archive);
		List<String> entries = Pattern.compile(File.pathSeparator, Pattern.LITERAL).splitAsStream(classPath).toList();
		for (String entry : entries) {
			if (Files.getLastModifiedTime(Path.of(entry)).compareTo(made) > 0) {
				return false;
			}
		}
		return true;
	}

	private static void make(Path archive, ClusterSettings settings) throws IOException {
		Files.createDirectories(archive.getParent());
		try (FileChannel channel = FileChannel.open(archive.resolveSibling(archive.getFileName() + ".lock"),
				StandardOpenOption.CREATE, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
			if (lock != null) {
				// Not again and again on a JVM that cannot.
				tried = true;
				Path recorded = archive.resolveSibling(archive.getFileName() + ".new");
				record(recorded, settings);
				if (Files.exists(recorded)) {
					Files.move(recorded, archive, StandardCopyOption.ATOMIC_MOVE);
				}
			}
		}
	}

	// A JVM writes what it has loaded when it ends.
	private static void record(Path archive, ClusterSettings settings) {
		ClusterSettings one = new ClusterSettings(1, true, Map.of(), null, settings.heap(), List.of(), List.of(), false,
				settings.startTimeout());
		try (ClusterProcesses processes = new ClusterProcesses(one, List.of("-XX:ArchiveClassesAtExit=" + archive))) {
			processes.start();
			processes.stop(1);
		}
	}

}
