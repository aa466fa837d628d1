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
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures modes in this JVM, turn and turn about, and prints the figures of each turn as
 * one line behind the mode. The compiler, the collector and the machine are then the same
 * for all of them; but code that all share is compiled for all of them, too.
 *
 * @since 0.1.0
 */
public final class TurnsMain {

	private static final String MODE = "mode:";

	private TurnsMain() {
	}

	/**
	 * Run.
	 * @param args how many turns, then each mode with the arguments of its application
	 */
	public static void main(String[] args) {
		Map<Mode, Work> applications = new LinkedHashMap<>();
		try {
			int next = 1;
			while (next < args.length) {
				Mode mode = Mode.of(args[next].substring(MODE.length()));
				int first = ++next;
				while (next < args.length && !args[next].startsWith(MODE)) {
					next++;
				}
				Work application = Work.start(mode, Arrays.copyOfRange(args, first, next));
				applications.put(mode, application);
				application.warmUp();
			}
			measure(applications, Integer.parseInt(args[0]));
		}
		finally {
			applications.values().forEach(Work::close);
		}
	}

	private static void measure(Map<Mode, Work> applications, int turns) {
		List<Map.Entry<Mode, Work>> order = new ArrayList<>(applications.entrySet());
		for (int turn = 1; turn <= turns; turn++) {
			for (Map.Entry<Mode, Work> application : order) {
				System.out.println(application.getKey().label() + ' ' + application.getValue().turn().toLine());
			}
			Collections.rotate(order, -1);
		}
	}

	static List<String> arguments(int turns, Map<Mode, List<String>> modes) {
		List<String> arguments = new ArrayList<>(List.of(Integer.toString(turns)));
		modes.forEach((mode, ofMode) -> {
			arguments.add(MODE + mode.label());
			arguments.addAll(ofMode);
		});
		return arguments;
	}

}
