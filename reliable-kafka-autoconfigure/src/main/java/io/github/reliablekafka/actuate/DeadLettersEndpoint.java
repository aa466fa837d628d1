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

import java.security.Principal;
import java.time.Instant;
import java.util.List;

import io.github.reliablekafka.deadletter.DeadLetterFilter;
import io.github.reliablekafka.deadletter.DeadLetters;
import io.github.reliablekafka.deadletter.Redrive;
import io.github.reliablekafka.deadletter.RedriveReport;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * The {@link DeadLetters} as an actuator endpoint. It only reads unless
 * {@code management.endpoint.deadletters.access} is {@code unrestricted}.
 */
@Endpoint(id = "deadletters", defaultAccess = Access.READ_ONLY)
final class DeadLettersEndpoint {

	private static final int DEFAULT_PAGE = 50;

	private static final int DEFAULT_LIMIT = 1000;

	private static final int LARGEST_LIMIT = 10_000;

	private final DeadLetters deadLetters;

	DeadLettersEndpoint(DeadLetters deadLetters) {
		this.deadLetters = deadLetters;
	}

	@ReadOperation
	List<DeadLetters.Topic> topics() {
		return this.deadLetters.topics();
	}

	@ReadOperation
	DeadLetters.Page inspect(@Selector String topic, @Nullable String exception, @Nullable Instant from,
			@Nullable Instant until, @Nullable String group, @Nullable Integer originalPartition,
			@Nullable Long firstOriginalOffset, @Nullable Long lastOriginalOffset, @Nullable String key,
			@Nullable Integer limit, @Nullable Integer partition, @Nullable Long offset) {
		DeadLetterFilter filter = DeadLetterFilter.all()
			.exception(exception)
			.written(from, until)
			.group(group)
			.originalPartition(originalPartition)
			.originalOffsets(firstOriginalOffset, lastOriginalOffset)
			.key(key);
		DeadLetters.Place place = null;
		if (partition != null || offset != null) {
			place = new DeadLetters.Place((partition != null) ? partition : 0, (offset != null) ? offset : 0);
		}
		try {
			return this.deadLetters.inspect(topic, filter, (limit != null) ? limit : DEFAULT_PAGE, place);
		}
		catch (IllegalArgumentException ex) {
			throw invalid(ex);
		}
	}

	@WriteOperation
	RedriveReport redrive(SecurityContext securityContext, @Selector String topic, @Nullable Boolean dryRun,
			@Nullable String exception, @Nullable Instant from, @Nullable Instant until, @Nullable String group,
			@Nullable Integer originalPartition, @Nullable Long firstOriginalOffset, @Nullable Long lastOriginalOffset,
			@Nullable String key, @Nullable Integer partition, @Nullable Long offset, @Nullable Integer limit,
			@Nullable Integer recordsPerSecond, @Nullable Integer maxRedrives) {
		if (offset != null && partition == null) {
			throw new InvalidEndpointRequestException("offset needs a partition", "offset without partition");
		}
		if (limit != null && limit > LARGEST_LIMIT) {
			throw new InvalidEndpointRequestException("limit must not be above " + LARGEST_LIMIT, "limit too large");
		}
		DeadLetterFilter filter = DeadLetterFilter.all()
			.exception(exception)
			.written(from, until)
			.group(group)
			.originalPartition(originalPartition)
			.originalOffsets(firstOriginalOffset, lastOriginalOffset)
			.key(key);
		if (partition != null) {
			filter = (offset != null) ? filter.at(partition, offset) : filter.at(partition);
		}
		try {
			return this.deadLetters.redrive(new Redrive(topic, filter, Boolean.TRUE.equals(dryRun),
					(limit != null) ? limit : DEFAULT_LIMIT, (recordsPerSecond != null) ? recordsPerSecond : 0,
					(maxRedrives != null) ? maxRedrives : -1, nameOf(securityContext.getPrincipal())));
		}
		catch (IllegalArgumentException ex) {
			throw invalid(ex);
		}
	}

	private static @Nullable String nameOf(@Nullable Principal principal) {
		return (principal != null) ? principal.getName() : null;
	}

	private static InvalidEndpointRequestException invalid(IllegalArgumentException ex) {
		return new InvalidEndpointRequestException(String.valueOf(ex.getMessage()), "invalid request", ex);
	}

}
