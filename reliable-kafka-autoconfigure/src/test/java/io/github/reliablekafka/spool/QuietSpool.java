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
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * Opens spools in which nothing is on disk before somebody asks for it.
 */
public final class QuietSpool {

	private QuietSpool() {
	}

	/**
	 * Open one.
	 * @param directory its own
	 * @param maxBytes its limit
	 * @return the spool, without threads
	 * @throws IOException if the disk fails
	 */
	public static SegmentSpool open(Path directory, long maxBytes) throws IOException {
		return open(directory, maxBytes, () -> false);
	}

	/**
	 * Open one on a disk that may be full.
	 * @param directory its own
	 * @param maxBytes its limit
	 * @param full whether there is no room for another file now
	 * @return the spool, without threads
	 * @throws IOException if the disk fails
	 */
	public static SegmentSpool open(Path directory, long maxBytes, BooleanSupplier full) throws IOException {
		Disk real = Objects.requireNonNull(DirectoryDisk.take(directory));
		Disk disk = (Disk) Proxy.newProxyInstance(QuietSpool.class.getClassLoader(), new Class<?>[] { Disk.class },
				(proxy, method, arguments) -> (method.getName().equals("usableBytes") && full.getAsBoolean()) ? 0L
						: method.invoke(real, arguments));
		return SegmentSpool.open(disk, SpoolOptions.of("shop", maxBytes, 0, false));
	}

}
