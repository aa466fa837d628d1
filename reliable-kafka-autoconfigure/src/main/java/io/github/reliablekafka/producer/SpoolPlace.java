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

package io.github.reliablekafka.producer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Set;

import io.github.reliablekafka.spool.SpoolOptions;
import org.jspecify.annotations.Nullable;

/**
 * Where the spools of an application are, and how large they may get.
 */
final class SpoolPlace {

	private static final Path DEFAULT_DIRECTORY = Path.of(".reliable-kafka", "spool");

	private static final Set<String> EPHEMERAL = Set.of("tmpfs", "ramfs", "overlay", "overlayfs");

	private final SpoolProperties properties;

	private final String application;

	private final InstantSource clock;

	SpoolPlace(SpoolProperties properties, String application, InstantSource clock) {
		this.properties = properties;
		this.application = application;
		this.clock = clock;
	}

	/**
	 * The directory of the spools of all instances.
	 * @return it may not exist
	 */
	Path base() {
		Path directory = this.properties.directory();
		String name = this.application.isEmpty() ? "application" : this.application.replaceAll("[^A-Za-z0-9._-]", "_");
		return ((directory != null) ? directory : DEFAULT_DIRECTORY).resolve(name.startsWith(".") ? "_" + name : name);
	}

	/**
	 * Whether somebody has said where the spools are to be.
	 * @return {@code false} if there is no spool in case that place cannot be used
	 */
	boolean isChosen() {
		return this.properties.directory() != null;
	}

	/**
	 * What is expected of files and records there.
	 * @return options
	 */
	SpoolOptions options() {
		return SpoolOptions
			.of(this.application, this.properties.maxSize().toBytes(), this.properties.minFreeDisk().toBytes(),
					this.properties.onCorruption() == SpoolProperties.OnCorruption.QUARANTINE)
			.retaining(this.properties.retain())
			.timedBy(this.clock);
	}

	/**
	 * Refuse a place that may be gone with what is in it, if that is wanted.
	 * @throws SpoolUnusableException if it is such a place
	 */
	void requireLasting() {
		String type = (this.properties.onEphemeral() == SpoolProperties.OnEphemeral.FAIL) ? ephemeral() : null;
		if (type != null) {
			throw new SpoolUnusableException(base(), type);
		}
	}

	/**
	 * The type of the file system, if it ends with the container or the machine.
	 * @return {@code null} if it outlives them, as far as can be seen
	 */
	@Nullable String ephemeral() {
		Path existing = base().toAbsolutePath();
		while (existing != null && !Files.exists(existing)) {
			existing = existing.getParent();
		}
		try {
			String type = (existing != null) ? Files.getFileStore(existing).type() : "";
			return EPHEMERAL.contains(type) ? type : null;
		}
		catch (IOException ex) {
			// Whoever opens the spool will see.
			return null;
		}
	}

}
