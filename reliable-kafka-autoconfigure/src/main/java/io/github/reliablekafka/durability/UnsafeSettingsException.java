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

package io.github.reliablekafka.durability;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Thrown where the application starts, or where it creates a client later, if records
 * could be lost in silence. Carries every violation that was found, not only the first.
 *
 * @since 0.1.0
 */
public final class UnsafeSettingsException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final transient List<Violation> violations;

	/**
	 * Create an exception.
	 * @param violations what was found, at least one
	 */
	public UnsafeSettingsException(List<Violation> violations) {
		super(violations.stream()
			.map(Violation::describe)
			.collect(Collectors.joining("; ", "Records could be lost: ", "")));
		this.violations = List.copyOf(violations);
	}

	/**
	 * The violations.
	 * @return at least one
	 */
	public List<Violation> violations() {
		return this.violations;
	}

}
