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

package io.github.reliablekafka.producer;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says the same thing at most once a minute. Safe for use by many threads.
 */
final class Slowly {

	private static final long INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final int MOST = 1000;

	private final Map<String, Long> said = new ConcurrentHashMap<>();

	private final LongSupplier nanoClock;

	Slowly(LongSupplier nanoClock) {
		this.nanoClock = nanoClock;
	}

	boolean isDue(String what) {
		long now = this.nanoClock.getAsLong();
		if (this.said.size() > MOST) {
			this.said.clear();
		}
		boolean[] due = new boolean[1];
		this.said.compute(what, (key, last) -> {
			due[0] = (last == null || now - last >= INTERVAL);
			return (last == null || due[0]) ? Long.valueOf(now) : last;
		});
		return due[0];
	}

}
