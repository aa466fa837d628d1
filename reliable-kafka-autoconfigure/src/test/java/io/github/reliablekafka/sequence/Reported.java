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

package io.github.reliablekafka.sequence;

import java.util.HashSet;
import java.util.Set;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import tools.jackson.databind.JsonNode;

/**
 * A report as others read it.
 *
 * @param topic of the records
 * @param group that did not get them
 * @param verdict what became of them, after the second look
 * @param cause why
 * @param numbers which records
 */
record Reported(String topic, String group, Verdict verdict, Cause cause, Set<Numbered> numbers) {

	static Reported of(JsonNode json) {
		Set<Numbered> numbers = new HashSet<>();
		long session = Long.parseUnsignedLong(json.get("session").asString(), 16);
		for (JsonNode range : json.get("numbers")) {
			for (long number = range.get(0).asLong(); number <= range.get(1).asLong(); number++) {
				numbers.add(new Numbered(session, json.get("partition").asInt(), number));
			}
		}
		return new Reported(json.get("topic").asString(), json.get("group").asString(),
				Verdict.valueOf(json.get("verdict").asString()), Cause.valueOf(json.get("cause").asString()), numbers);
	}

}
