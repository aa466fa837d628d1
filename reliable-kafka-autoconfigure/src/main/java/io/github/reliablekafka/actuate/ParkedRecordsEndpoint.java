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

package io.github.reliablekafka.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolWatch;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * The records that are parked in the spool, and those behind which others wait, without
 * keys, values and headers, and what people may decide about each. It only reads unless
 * {@code management.endpoint.parkedrecords.access} is {@code unrestricted}, or that is
 * not set and {@code management.endpoints.access.default} is.
 */
@Endpoint(id = "parkedrecords", defaultAccess = Access.READ_ONLY)
final class ParkedRecordsEndpoint {

	private static final int MOST = 100;

	private final SpoolWatch spool;

	ParkedRecordsEndpoint(SpoolWatch spool) {
		this.spool = spool;
	}

	@ReadOperation
	Map<String, Object> parked() {
		SpoolBacklog backlog = this.spool.backlog();
		Map<String, Object> parked = new LinkedHashMap<>();
		parked.put("records", this.spool.parked(MOST).stream().map(ParkedRecordsEndpoint::describe).toList());
		parked.put("blocking", (backlog != null) ? RecordsSections.blocked(backlog) : List.of());
		return parked;
	}

	@WriteOperation
	@Nullable Map<String, Object> sendAgain(@Selector String id) {
		try {
			if (this.spool.sendAgain(id)) {
				return Map.of("sentAgain", id);
			}
			return this.spool.park(id) ? Map.of("parked", id) : null;
		}
		catch (IllegalStateException | SpoolException ex) {
			String message = String.valueOf(ex.getMessage());
			throw new InvalidEndpointRequestException(message, message + "; it stays where it is", ex);
		}
	}

	@DeleteOperation
	@Nullable Map<String, Object> discard(@Selector String id) {
		return this.spool.discard(id) ? Map.of("discarded", id) : null;
	}

	private static Map<String, Object> describe(ParkedRecord record) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("id", record.id());
		map.put("topic", record.topic());
		map.put("partition", record.partition());
		map.put("enqueuedAt", record.enqueuedAt().toString());
		map.put("reason", record.reason());
		map.put("keyBytes", length(record.key()));
		map.put("valueBytes", length(record.value()));
		map.put("headers", record.headers().size());
		return map;
	}

	private static int length(byte @Nullable [] bytes) {
		return (bytes != null) ? bytes.length : 0;
	}

}
