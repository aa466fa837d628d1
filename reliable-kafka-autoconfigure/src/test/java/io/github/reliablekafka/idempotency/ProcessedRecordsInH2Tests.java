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

import java.time.Clock;
import java.time.Duration;

import javax.sql.DataSource;

import io.github.reliablekafka.idempotency.ProcessedRecords.Answer;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.DatabasePopulatorUtils;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProcessedRecordsInDatabase} with H2.
 */
class ProcessedRecordsInH2Tests extends ProcessedRecordsDatabaseContract {

	private final JdbcConnectionPool pool = JdbcConnectionPool.create("jdbc:h2:mem:processed;DB_CLOSE_DELAY=-1", "sa",
			"");

	@Override
	DataSource dataSource() {
		return this.pool;
	}

	@Test
	void scriptForMySqlIsUnderstoodByWhatH2TakesForIt() {
		JdbcConnectionPool mySql = JdbcConnectionPool.create("jdbc:h2:mem:mysql;MODE=MySQL", "sa", "");
		try {
			ResourceDatabasePopulator script = new ResourceDatabasePopulator(
					new ClassPathResource("io/github/reliablekafka/idempotency/schema-mysql.sql"));
			DatabasePopulatorUtils.execute(script, mySql);
			ProcessedRecordsInDatabase store = new ProcessedRecordsInDatabase(mySql, "RELIABLE_KAFKA_RECORD",
					Duration.ofMinutes(1), Clock.systemUTC());
			assertThat(store.claim(new RecordClaim("g", "a"))).isEqualTo(Answer.GRANTED);
			assertThat(store.claim(new RecordClaim("g", "a"))).isEqualTo(Answer.BUSY);
		}
		finally {
			mySql.dispose();
		}
	}

	@AfterEach
	void close() {
		this.pool.dispose();
	}

}
