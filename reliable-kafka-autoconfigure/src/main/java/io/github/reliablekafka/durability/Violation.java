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

import org.jspecify.annotations.Nullable;

/**
 * A setting or a bean with which records may be lost.
 *
 * @param risk the name under which {@code reliable.kafka.durability.accept} takes the
 * risk on purpose, for example {@code producer.acks}
 * @param subject whose setting it is, for example {@code producer factory 'orders'}
 * @param setting the name of the setting, as Kafka or Spring Kafka knows it
 * @param actual its value
 * @param required what it must be
 * @param reason why records are lost otherwise; starts with lower case, no full stop
 * @param remedy what to write instead, a full sentence
 * @param origin where the value comes from, a property with file and line if known
 * @since 0.1.0
 */
public record Violation(String risk, String subject, String setting, String actual, String required, String reason,
		String remedy, @Nullable String origin) {

	/**
	 * One sentence that names subject, setting, value, origin, requirement and reason.
	 * @return without a line break
	 */
	public String describe() {
		return "%s: %s is '%s'%s, required %s, because %s".formatted(this.subject, this.setting, this.actual,
				(this.origin != null) ? " (from " + this.origin + ")" : "", this.required, this.reason);
	}

}
