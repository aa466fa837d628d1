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

/**
 * An application that does the same again and again.
 */
interface Work extends AutoCloseable {

	/**
	 * Start an application that sends or consumes.
	 * @param mode what it does, and with how much of the starter
	 * @param args its arguments
	 * @return the application, to be closed
	 */
	static Work start(Mode mode, String[] args) {
		return mode.workload().isSending() ? new Sending(mode, args) : new Consuming(mode, args);
	}

	/**
	 * Work as long as the settings want it, before anything is measured.
	 */
	void warmUp();

	/**
	 * Work on as many records as the settings say, and make sure that the starter was in
	 * play if it should be.
	 * @return what it took
	 */
	Figures turn();

	@Override
	void close();

}
