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

import java.util.Arrays;

import org.springframework.util.ClassUtils;

/**
 * Measures one mode in this JVM and prints its figures as one line.
 *
 * @since 0.1.0
 */
public final class ModeMain {

	private ModeMain() {
	}

	/**
	 * Run.
	 * @param args the mode, then arguments of the application
	 */
	public static void main(String[] args) {
		Mode mode = Mode.of(args[0]);
		boolean present = ClassUtils.isPresent("io.github.reliablekafka.ledger.DeliveryLedger", null);
		if (present != mode.isCovered()) {
			throw new IllegalStateException(
					"Starter on the class path: expected=%s, actual=%s".formatted(mode.isCovered(), present));
		}
		System.out.println(measure(mode, Arrays.copyOfRange(args, 1, args.length)).toLine());
	}

	private static Figures measure(Mode mode, String[] args) {
		if (mode.workload() == Workload.START) {
			return new Starting().measure(args);
		}
		try (Work work = Work.start(mode, args)) {
			work.warmUp();
			return work.turn();
		}
	}

}
