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

import java.sql.SQLException;

import javax.sql.DataSource;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.mariadb.jdbc.MariaDbPoolDataSource;

/**
 * Tests for {@link ProcessedRecordsInDatabase} with a MariaDB that somebody has started:
 * {@code -Dmariadb.url=jdbc:mariadb://host:port/database?user=...&password=...}, in whose
 * database the tests make and drop two tables.
 */
@EnabledIfSystemProperty(named = ProcessedRecordsInMariaDbIntegrationTests.URL, matches = "jdbc:.+",
		disabledReason = "There is no MariaDB: -Dmariadb.url names none")
class ProcessedRecordsInMariaDbIntegrationTests extends ProcessedRecordsDatabaseContract {

	static final String URL = "mariadb.url";

	private static MariaDbPoolDataSource dataSource;

	@BeforeAll
	static void connect() throws SQLException {
		dataSource = new MariaDbPoolDataSource(System.getProperty(URL));
	}

	@AfterAll
	static void disconnect() {
		dataSource.close();
	}

	@Override
	DataSource dataSource() {
		return dataSource;
	}

}
