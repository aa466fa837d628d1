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

import java.util.Locale;

/**
 * Which failure of the cluster an acknowledged record survives, from nothing to a zone.
 * Each level includes those before it. A machine is taken to run one broker.
 *
 * @since 0.1.0
 */
public enum DurabilityLevel {

	/**
	 * Not even the death of a broker's process: another replica that lacks acknowledged
	 * records may become leader.
	 */
	NONE,

	/**
	 * The process of any one broker dies and is started again with its disk.
	 */
	PROCESS,

	/**
	 * Any one machine dies with its disk.
	 */
	SERVER,

	/**
	 * All machines of any one rack or zone die with their disks.
	 */
	ZONE;

	private final String label;

	DurabilityLevel() {
		this.label = name().toLowerCase(Locale.ROOT);
	}

	/**
	 * The name in lower case, as properties, meters and logs show it.
	 * @return for example {@code server}
	 */
	public String label() {
		return this.label;
	}

}
