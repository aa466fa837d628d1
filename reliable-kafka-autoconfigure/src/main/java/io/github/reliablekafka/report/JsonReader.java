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

package io.github.reliablekafka.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Reads JSON: objects as maps, arrays as lists, texts, whole numbers as {@link Long},
 * others as {@link Double}, truth as {@link Boolean}. Written by hand, as no JSON library
 * need be on the class path, and Spring Boot's {@code BasicJsonParser}, which is, makes a
 * text of {@code null} and takes a quote within a nested text for its end. Strict, but
 * for names that come twice: the last one counts. What is nested deeper than
 * {@value #DEEPEST} is refused, as anybody may write to a topic. For use by one thread.
 */
final class JsonReader {

	static final int DEEPEST = 16;

	private final String json;

	private int at;

	private JsonReader(String json) {
		this.json = json;
	}

	/**
	 * Read an object.
	 * @param json in UTF-8
	 * @return its fields by name
	 * @throws IllegalArgumentException if it is something else
	 */
	static Map<?, ?> object(byte[] json) {
		JsonReader reader = new JsonReader(new String(json, StandardCharsets.UTF_8));
		Object value = reader.value(0);
		reader.skipBlanks();
		if (reader.at != reader.json.length() || !(value instanceof Map<?, ?> object)) {
			throw reader.malformed();
		}
		return object;
	}

	private @Nullable Object value(int depth) {
		if (depth > DEEPEST) {
			throw malformed();
		}
		skipBlanks();
		return switch (peek()) {
			case '{' -> object(depth);
			case '[' -> array(depth);
			case '"' -> text();
			case 't' -> word("true", true);
			case 'f' -> word("false", false);
			case 'n' -> word("null", null);
			default -> number();
		};
	}

	private Map<String, @Nullable Object> object(int depth) {
		Map<String, @Nullable Object> fields = new HashMap<>();
		this.at++;
		if (isNext('}')) {
			return fields;
		}
		do {
			skipBlanks();
			String name = text();
			if (!isNext(':')) {
				throw malformed();
			}
			fields.put(name, value(depth + 1));
		}
		while (isNext(','));
		if (!isNext('}')) {
			throw malformed();
		}
		return fields;
	}

	private List<@Nullable Object> array(int depth) {
		List<@Nullable Object> values = new ArrayList<>();
		this.at++;
		if (isNext(']')) {
			return values;
		}
		do {
			values.add(value(depth + 1));
		}
		while (isNext(','));
		if (!isNext(']')) {
			throw malformed();
		}
		return values;
	}

	private String text() {
		if (peek() != '"') {
			throw malformed();
		}
		this.at++;
		StringBuilder text = new StringBuilder();
		while (peek() != '"') {
			char c = next();
			text.append((c == '\\') ? escaped() : c);
		}
		this.at++;
		return text.toString();
	}

	private char escaped() {
		char c = next();
		return switch (c) {
			case '"', '\\', '/' -> c;
			case 'b' -> '\b';
			case 'f' -> '\f';
			case 'n' -> '\n';
			case 'r' -> '\r';
			case 't' -> '\t';
			case 'u' -> unicode();
			default -> throw malformed();
		};
	}

	private char unicode() {
		int code = 0;
		for (int i = 0; i < 4; i++) {
			int digit = Character.digit(next(), 16);
			if (digit < 0) {
				throw malformed();
			}
			code = 16 * code + digit;
		}
		return (char) code;
	}

	private Object number() {
		int begin = this.at;
		while (this.at < this.json.length() && "+-.eE0123456789".indexOf(this.json.charAt(this.at)) >= 0) {
			this.at++;
		}
		String digits = this.json.substring(begin, this.at);
		try {
			if (digits.matches("-?\\d{1,19}")) {
				return Long.valueOf(digits);
			}
			return Double.valueOf(digits);
		}
		catch (NumberFormatException ex) {
			throw malformed();
		}
	}

	private @Nullable Object word(String word, @Nullable Object value) {
		if (!this.json.startsWith(word, this.at)) {
			throw malformed();
		}
		this.at += word.length();
		return value;
	}

	private boolean isNext(char expected) {
		skipBlanks();
		if (peek() != expected) {
			return false;
		}
		this.at++;
		return true;
	}

	private void skipBlanks() {
		while (this.at < this.json.length() && " \t\r\n".indexOf(this.json.charAt(this.at)) >= 0) {
			this.at++;
		}
	}

	private char next() {
		char c = peek();
		this.at++;
		return c;
	}

	private char peek() {
		if (this.at >= this.json.length()) {
			throw malformed();
		}
		return this.json.charAt(this.at);
	}

	private IllegalArgumentException malformed() {
		return new IllegalArgumentException("No JSON object at character " + this.at);
	}

}
