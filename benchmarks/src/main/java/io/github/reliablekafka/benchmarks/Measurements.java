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
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The figures of all JVMs, in the order in which they were measured. The n-th measurement
 * of a mode and the n-th of the mode it is compared to were made one after the other.
 */
final class Measurements {

	private final Map<Mode, List<Figures>> byMode = new EnumMap<>(Mode.class);

	void add(Mode mode, Figures figures) {
		this.byMode.computeIfAbsent(mode, (key) -> new ArrayList<>()).add(figures);
	}

	List<Figures> of(Mode mode) {
		return Collections.unmodifiableList(this.byMode.getOrDefault(mode, List.of()));
	}

	Spread spread(Mode mode, String figure) {
		return Spread.of(of(mode).stream().mapToDouble((figures) -> figures.get(figure)).toArray());
	}

	/**
	 * A mode compared to plain Spring Kafka, pair by pair.
	 * @param mode the mode
	 * @param figure what to compare
	 * @return the ratios; above 1 is more than plain
	 */
	Spread ratio(Mode mode, String figure) {
		return ratio(mode, mode.plain(), figure);
	}

	/**
	 * A mode compared to another, pair by pair.
	 * @param mode the mode
	 * @param baseline the other
	 * @param figure what to compare
	 * @return the ratios; above 1 is more than the other
	 */
	Spread ratio(Mode mode, Mode baseline, String figure) {
		List<Figures> before = of(baseline);
		List<Figures> after = of(mode);
		return Spread.of(IntStream.range(0, Math.min(before.size(), after.size()))
			.mapToDouble((i) -> after.get(i).get(figure) / before.get(i).get(figure))
			.toArray());
	}

}
