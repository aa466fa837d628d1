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

import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same judge where a reader and a producer can keep next to nothing. What is beyond a
 * limit may be called undecided. It must not be called lost, and something must be said
 * of it.
 * <p>
 * {@code -Dsimulation.limits=Holes.MOST=1,KnownSessions.MOST=2} sets others, and
 * {@code simulation.schedules}, {@code simulation.from} and {@code simulation.seed} are
 * those of {@link LossDetectionSimulationTests}.
 */
class LimitsSimulationTests {

	/**
	 * Without {@code LaneReader.MOST_POLLED}: what is beyond that counts as processed.
	 */
	private static final String TINY = "KnownSessions.MOST=2,KnownSessions.MOST_REPORTED=1,Holes.MOST=1,"
			+ "LaneStream.MOST_FAILED_RANGES=1,StampCodec.MOST_RANGES=1,LaneStateCodec.MOST_CHARACTERS=140,"
			+ "LaneStateCodec.MOST_INLINE_SESSIONS=2,Findings.KEPT_SESSIONS=1," + "LossLedger.KEPT_FINDINGS=1";

	private static final long SCHEDULES = Long.getLong("simulation.schedules", 1500);

	/** Number 2230 had told a mistake. */
	private static final long FROM = Long.getLong("simulation.from", 2001);

	private static final int THREADS = 2;

	@TempDir
	private Path directory;

	@Test
	void atALimitLessIsCertainAndNothingIsWrong() throws Exception {
		try (ChangedSources limited = limited()) {
			List<String> result = limited.forgetful(FROM, SCHEDULES, THREADS);
			String counts = result.get(result.size() - 1);
			System.out.println(counts);
			assertThat(result.subList(0, result.size() - 1)).isEmpty();
			// The limits have to be reached.
			assertThat(counts).containsPattern("forgotten, and found UNVERIFIED +[1-9]");
			// What is excused must not become the rule.
			assertThat(counts).containsPattern("found no room, nothing found +[\\d,]+ +[0-9]\\.\\d+ %");
		}
	}

	@Test
	@EnabledIfSystemProperty(named = "simulation.seed", matches = "\\d+")
	void show() throws Exception {
		try (ChangedSources limited = limited()) {
			System.out.println(limited.story(Long.getLong("simulation.seed")));
		}
	}

	private ChangedSources limited() throws Exception {
		ChangedSources limited = new ChangedSources(this.directory);
		for (String limit : System.getProperty("simulation.limits", TINY).split(",", -1)) {
			limited.limit(limit.substring(0, limit.indexOf('=')),
					Integer.parseInt(limit.substring(limit.indexOf('=') + 1)));
		}
		return limited;
	}

}
