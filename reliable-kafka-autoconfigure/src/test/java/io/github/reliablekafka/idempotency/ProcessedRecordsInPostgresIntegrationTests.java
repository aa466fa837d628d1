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

import javax.sql.DataSource;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Tests for {@link ProcessedRecordsInDatabase} with a real PostgreSQL.
 */
class ProcessedRecordsInPostgresIntegrationTests extends ProcessedRecordsDatabaseContract {

	private static EmbeddedPostgres postgres;

	private final DataSource dataSource = postgres.getPostgresDatabase();

	@BeforeAll
	static void start() throws Exception {
		postgres = EmbeddedPostgres.start();
	}

	@AfterAll
	static void stop() throws Exception {
		postgres.close();
	}

	@Override
	DataSource dataSource() {
		return this.dataSource;
	}

}
