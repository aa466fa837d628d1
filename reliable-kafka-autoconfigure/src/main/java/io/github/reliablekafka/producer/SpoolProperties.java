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

import java.nio.file.Path;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Whether and where records are kept on this machine's disk on their way to the cluster.
 *
 * @param mode When records are written to disk.
 * @param directory Where the spools are. Each application has a directory in it, and each
 * instance one in that. By default .reliable-kafka/spool in the working directory.
 * @param maxSize Largest size of all files of an instance together.
 * @param minFreeDisk Space that stays free on the disk.
 * @param blockWhenFull Longest time that a sending thread waits for room in a full spool
 * before its record is rejected.
 * @param retain How long records stay on disk when they are acknowledged, as far as there
 * is room, to be sent again if the cluster loses them.
 * @param giveUpAfter How long the cluster may answer that a topic is not there, or not
 * permitted, before records that wait for it are rejected or parked.
 * @param onRefusal What happens to a record that was promised and that the cluster does
 * not take.
 * @param maxAge How long records may wait in the spool. What was promised is parked then,
 * and the rest is rejected. Zero for any time.
 * @param onCorruption What happens at the start if bytes in the spool are not what they
 * were.
 * @param onEphemeral What happens at the start if the spool is on a file system that ends
 * with the container or the machine.
 */
@ConfigurationProperties("reliable.kafka.spool")
record SpoolProperties(@DefaultValue("write-ahead") Mode mode, @Nullable Path directory,
		@DefaultValue("1GB") DataSize maxSize, @DefaultValue("512MB") DataSize minFreeDisk,
		@DefaultValue("5s") Duration blockWhenFull, @DefaultValue("0s") Duration retain,
		@DefaultValue("2m") Duration giveUpAfter, @DefaultValue("park") OnRefusal onRefusal,
		@DefaultValue("0s") Duration maxAge, @DefaultValue("fail") OnCorruption onCorruption,
		@DefaultValue("warn") OnEphemeral onEphemeral) {

	SpoolProperties {
		if (maxSize.compareTo(DataSize.ofMegabytes(1)) < 0) {
			throw new IllegalArgumentException(
					"reliable.kafka.spool.max-size must be at least 1MB, but is %s".formatted(maxSize));
		}
		if (minFreeDisk.isNegative() || blockWhenFull.isNegative() || retain.isNegative() || giveUpAfter.isNegative()
				|| maxAge.isNegative()) {
			throw new IllegalArgumentException("reliable.kafka.spool.min-free-disk, block-when-full, retain, "
					+ "give-up-after and max-age must not be negative");
		}
	}

	/**
	 * When records are written to disk.
	 */
	enum Mode {

		/**
		 * Each record, while it is handed to the client.
		 */
		WRITE_AHEAD,

		/**
		 * Records that the cluster does not take now.
		 */
		ON_FAILURE,

		/**
		 * Never.
		 */
		OFF

	}

	/**
	 * What happens to a record that was promised and that the cluster does not take.
	 */
	enum OnRefusal {

		/**
		 * It is kept apart, and later ones go on.
		 */
		PARK,

		/**
		 * Later ones of its partition wait behind it.
		 */
		BLOCK

	}

	/**
	 * What happens if the files may not outlive the process.
	 */
	enum OnEphemeral {

		/**
		 * A warning in the log.
		 */
		WARN,

		/**
		 * The application does not start.
		 */
		FAIL

	}

	/**
	 * What happens if bytes in the spool are not what they were.
	 */
	enum OnCorruption {

		/**
		 * The application does not start.
		 */
		FAIL,

		/**
		 * A copy of the file is kept, and what can be read of it is sent.
		 */
		QUARANTINE

	}

}
