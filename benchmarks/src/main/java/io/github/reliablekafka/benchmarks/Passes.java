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

import org.jspecify.annotations.Nullable;

/**
 * What the listeners report to.
 */
final class Passes {

	private final boolean json;

	private volatile @Nullable Pass current;

	/**
	 * Create passes.
	 * @param json whether the listener reads the values
	 */
	Passes(boolean json) {
		this.json = json;
	}

	Pass begin(long expected) {
		Pass pass = new Pass(expected);
		this.current = pass;
		CommitWatch.watch(pass::committed);
		return pass;
	}

	void processed(byte[] value) {
		Pass pass = this.current;
		if (pass != null) {
			pass.processed(this.json ? Order.of(value).lines().size() : value.length);
		}
	}

}
