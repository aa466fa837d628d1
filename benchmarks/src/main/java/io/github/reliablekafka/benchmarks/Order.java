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

package io.github.reliablekafka.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an application sends and consumes as JSON: its size in bytes is that of the
 * benchmark's values, or a little more.
 *
 * @param id names it
 * @param customer who ordered
 * @param lines what was ordered
 */
record Order(String id, String customer, List<Line> lines) {

	private static final JsonMapper MAPPER = new JsonMapper();

	private static final ObjectReader READER = MAPPER.readerFor(Order.class);

	private static final ObjectWriter WRITER = MAPPER.writerFor(Order.class);

	static Order random(SplittableRandom random, int size) {
		List<Line> lines = new ArrayList<>();
		Order order = new Order(Long.toHexString(random.nextLong()), "customer-" + random.nextInt(10_000), lines);
		while (order.json().length < size) {
			lines.add(new Line("sku-" + random.nextInt(100_000), Long.toHexString(random.nextLong()),
					1 + random.nextInt(9), random.nextInt(100_000)));
		}
		return order;
	}

	static Order of(byte[] json) {
		return READER.readValue(json);
	}

	byte[] json() {
		return WRITER.writeValueAsBytes(this);
	}

	/**
	 * A line of an order.
	 *
	 * @param article what
	 * @param name its name
	 * @param quantity how many
	 * @param cents the price of one
	 */
	record Line(String article, String name, int quantity, long cents) {

	}

}
