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

import java.time.Duration;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * What a mode is told by the coordinator.
 *
 * @param topic the topic to send to or to consume
 * @param records how many records to measure
 * @param recordSize the size of a value, in bytes
 * @param reuseValues whether the values are made once instead of for each record
 * @param json whether each value is an order, written by the sender and read by the
 * listener
 * @param warmUp how long to do the same work before measuring, at least
 * @param warmUpRecords and how many records, at least
 */
record ModeSettings(String topic, long records, int recordSize, boolean reuseValues, boolean json, Duration warmUp,
		long warmUpRecords) {

	static ModeSettings of(Environment environment) {
		return Binder.get(environment).bindOrCreate("benchmark", ModeSettings.class);
	}

	boolean isWarm(long sinceNanos, long records) {
		return System.nanoTime() - sinceNanos >= this.warmUp.toNanos() && records >= this.warmUpRecords;
	}

}
