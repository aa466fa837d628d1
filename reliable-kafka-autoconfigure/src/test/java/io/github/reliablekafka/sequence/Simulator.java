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

package io.github.reliablekafka.sequence;

/** Runs schedules. */
final class Simulator {

	private Simulator() {
	}

	public static void main(String[] arguments) {
		Checker.Factory factory = arguments[0].equals("ref") ? ReferenceReader::new : Checker.Production::create;
		long from = Long.parseLong(arguments[1]);
		long count = Long.parseLong(arguments[2]);
		if (count == 1) {
			Schedule schedule = new Schedule(from, factory, true);
			schedule.run();
			System.out.println(schedule.story());
			return;
		}
		Tally tally = new Tally();
		int shown = 0;
		java.util.Map<String,Integer> kinds = new java.util.TreeMap<>();
		for (long seed = from; seed < from + count; seed++) {
			Schedule schedule = new Schedule(seed, factory, false);
			try { tally.add(schedule.run()); } catch (RuntimeException ex) { schedule.violation("EXCEPTION " + ex); if (shown<3) ex.printStackTrace(System.out); }
			if (!schedule.violations().isEmpty()) {
				String k = schedule.violations().get(0).replaceAll("^seed \\d+: ", "").replaceAll("[0-9a-f]{4}:\\d+/\\d+.*? (was|is|baseline)", "# $1").replaceAll("\\d+", "N").replaceAll("watermark.*", "");
				kinds.merge(k, 1, Integer::sum);
				if (shown++ < 400) System.out.println(schedule.violations().get(0) + "  " + schedule.faults);
			}
		}
		System.out.println(tally.table());
		kinds.forEach((k,v) -> System.out.println(v + "  " + k));
	}

}
