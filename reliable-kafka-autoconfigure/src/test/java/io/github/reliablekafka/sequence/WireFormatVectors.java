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

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One block of the files with bytes that any implementation of the wire format has to
 * write and to read.
 */
record WireFormatVectors(Map<String, String> fields) {

	static List<WireFormatVectors> of(String file) {
		List<WireFormatVectors> vectors = new ArrayList<>();
		for (String block : read(file).split("\n\n", -1)) {
			Map<String, String> fields = new LinkedHashMap<>();
			block.lines().filter((line) -> !line.startsWith("#")).forEach((line) -> {
				int colon = line.indexOf(':');
				fields.put(line.substring(0, colon), line.substring(colon + 1).trim());
			});
			if (!fields.isEmpty()) {
				vectors.add(new WireFormatVectors(fields));
			}
		}
		return vectors;
	}

	boolean has(String field) {
		return this.fields.containsKey(field);
	}

	String text(String field) {
		return Objects.requireNonNull(this.fields.get(field), field);
	}

	long number(String field) {
		return Long.parseLong(text(field));
	}

	byte[] bytes(String field) {
		return HexFormat.of().parseHex(text(field));
	}

	long session() {
		return Long.parseUnsignedLong(text("session"), 16);
	}

	Lane lane() {
		return new Lane(text("topic"), Integer.parseInt(text("partition")));
	}

	Claim claim(String field) {
		String[] parts = text(field).split(" ", -1);
		boolean first = !field.equals("anchor");
		int next = first ? 5 : 4;
		NumberRanges failed = (parts.length > next + 1) ? ranges(parts[next + 1]) : NumberRanges.EMPTY;
		return new Claim(Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]),
				Long.parseLong(parts[3]), first ? Long.parseLong(parts[4]) : -1, failed,
				Integer.parseUnsignedInt(parts[next], 16));
	}

	@Override
	public String toString() {
		return text("name");
	}

	private static NumberRanges ranges(String text) {
		NumberRanges ranges = NumberRanges.EMPTY;
		for (String range : text.split(",", -1)) {
			String[] bounds = range.split("\\.\\.", -1);
			ranges = ranges.add(Long.parseLong(bounds[0]), Long.parseLong(bounds[bounds.length - 1]));
		}
		return ranges;
	}

	private static String read(String file) {
		try (InputStream stream = WireFormatVectors.class.getResourceAsStream("/wire-format/" + file)) {
			return new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
