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

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a spool needs of a directory, so that tests can cut the power between any two
 * calls.
 */
interface Disk extends Closeable {

	List<String> list() throws IOException;

	/**
	 * Open a file for reading and writing; it is created if it does not exist.
	 * @param name its name
	 * @return the file
	 * @throws IOException if that fails
	 */
	DiskFile open(String name) throws IOException;

	void delete(String name) throws IOException;

	/**
	 * Keep a copy of a file where nobody looks for records.
	 * @param name its name
	 * @return where it is
	 * @throws IOException if that fails
	 */
	String quarantine(String name) throws IOException;

	/**
	 * Make the names of the files durable.
	 * @throws IOException if that fails
	 */
	void forceNames() throws IOException;

	long usableBytes() throws IOException;

	/**
	 * Give the directory free.
	 * @throws IOException if that fails
	 */
	@Override
	void close() throws IOException;

	/**
	 * An open file.
	 */
	interface DiskFile extends Closeable {

		long size() throws IOException;

		/**
		 * Read until the buffer is full or the file ends.
		 * @param target the buffer
		 * @param position where in the file
		 * @throws IOException if that fails
		 */
		void read(ByteBuffer target, long position) throws IOException;

		void write(ByteBuffer source, long position) throws IOException;

		/**
		 * Make what was written durable.
		 * @throws IOException if that fails; nobody knows then what is on disk
		 */
		void force() throws IOException;

		/**
		 * Whether the file would be found by its name.
		 * @return {@code false} if somebody has deleted or replaced it
		 * @throws IOException if that cannot be told
		 */
		boolean isThere() throws IOException;

	}

}
