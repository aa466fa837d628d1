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

package io.github.reliablekafka.idempotency;

import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;

/**
 * Records that come again and are not processed again.
 *
 * @param store Where it is remembered which records were processed.
 * @param listeners Ids of the listeners whose records are remembered. Empty for all.
 * @param memory What is remembered in memory.
 * @param jdbc What is remembered in a database.
 */
@ConfigurationProperties("reliable.kafka.idempotency")
record IdempotencyProperties(@DefaultValue("none") Store store, @DefaultValue Set<String> listeners,
		@DefaultValue Memory memory, @DefaultValue Jdbc jdbc) {

	/**
	 * Where it is remembered.
	 */
	enum Store {

		/**
		 * Nowhere.
		 */
		NONE,

		/**
		 * In this process.
		 */
		MEMORY,

		/**
		 * In a database.
		 */
		JDBC

	}

	/**
	 * When to create the table.
	 */
	enum InitializeSchema {

		/**
		 * At each start, unless it is there.
		 */
		ALWAYS,

		/**
		 * At each start with an embedded database.
		 */
		EMBEDDED,

		/**
		 * Never.
		 */
		NEVER

	}

	/**
	 * What is remembered in memory.
	 *
	 * @param window How many records are remembered, the newest ones.
	 */
	record Memory(@DefaultValue("100000") int window) {

		Memory {
			Assert.isTrue(window > 0, "reliable.kafka.idempotency.memory.window must be positive");
		}

	}

	/**
	 * What is remembered in a database.
	 *
	 * @param dataSource Name of the DataSource bean that has the table: the one that
	 * listeners write to. Needed if there are several and none is primary.
	 * @param tableName Name of the table, with its schema if need be.
	 * @param initializeSchema When to create the table.
	 * @param schema Path of the script that creates it.
	 * @param platform Platform to use in the path of the script. Auto-detected by
	 * default.
	 * @param retention How long a record is remembered.
	 * @param cleanupInterval How often forgotten records are deleted.
	 * @param claimTimeout How long a record stays reserved for an instance that has died
	 * while processing it.
	 */
	record Jdbc(@Nullable String dataSource, @DefaultValue("RELIABLE_KAFKA_RECORD") String tableName,
			@DefaultValue("embedded") InitializeSchema initializeSchema,
			@DefaultValue("classpath:io/github/reliablekafka/idempotency/schema-@@platform@@.sql") String schema,
			@Nullable String platform, @DefaultValue("7d") Duration retention,
			@DefaultValue("1h") Duration cleanupInterval, @DefaultValue("1m") Duration claimTimeout) {

		private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)?");

		Jdbc {
			Assert.isTrue(NAME.matcher(tableName).matches(),
					"reliable.kafka.idempotency.jdbc.table-name must be a plain name");
			Assert.isTrue(retention.toMillis() > 0, "reliable.kafka.idempotency.jdbc.retention must be positive");
			Assert.isTrue(cleanupInterval.toMillis() > 0,
					"reliable.kafka.idempotency.jdbc.cleanup-interval must be positive");
			Assert.isTrue(claimTimeout.toMillis() > 0,
					"reliable.kafka.idempotency.jdbc.claim-timeout must be positive");
		}

	}

}
