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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whether the simulation would notice: puts each mistake that was once made in the design
 * back into the sources, one at a time, and runs schedules with the classes that come out
 * of it until some go wrong that do not without the mistake. The mistakes with a number
 * are those of the design's list.
 */
class SimulationMutationTests {

	private static final long SCHEDULES = 6000;

	/** How many schedules have to tell the mistake. */
	private static final int ENOUGH = 3;

	@TempDir
	private Path directory;

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					1 what was polled counts as read before it is committed | LaneReader | boolean atPosition = this.polled.size() == 0; | boolean atPosition = true; | TRUNCATE
					2 offsets that were read before are skipped | LaneReader | if (session != 0) { | if (session != 0 && offset >= state.highest()) { | TRUNCATE
					3 a claim begins behind the last failure | Acknowledgements | new Claim(1, this.acknowledged | new Claim(this.failed.isEmpty() ? 1 : Math.min(this.acknowledged, this.failed.last(this.failed.size() - 1)) + 1, this.acknowledged | VOID
					4 claims forget all failures but the lowest | Judge | .remove(claim.failed()) | .remove(claim.failed().isEmpty() ? claim.failed() : NumberRanges.of(claim.failed().first(0), claim.failed().last(0))) | VOID
					5 a number from before the first stays unknown when it comes | SessionState | this.unknown = this.unknown.remove(number, number); | this.unknown = this.unknown.remove(0, 0); | SEEK_BACK
					6 what is claimed is taken as read | Findings | "behind |= isBehind(claim, state, facts);" | "if (session != null && claim.offset() < state.next()) { session.reported(NumberRanges.of(session.last() + 1, claim.acknowledged()), Verdict.UNVERIFIED); }\\n\\t\\t\\tbehind |= isBehind(claim, state, facts);" | SEEK_FORWARD VANISH PRODUCER_CLOSE
					7 aborted records have no numbers of their own | StampReader | return this.readCommitted ? this.codec.number() : | return true ? this.codec.number() : | ABORT
					8 a jump back hides what was written anew in front of it | LaneReader | this.state.passOverAnew(position, cause); | | TRUNCATE EPOCH_LOST NO_EPOCHS
					9 records that overtake each other at the beginning | Judge | boolean ordered = beginningKnown | boolean ordered = true | NOT_IDEMPOTENT SEEK_FORWARD METADATA_LOST
					a gap is forgotten before its report is safe | Publications | if (publication.published().isDone()) { | if (true) { | PUBLISHER_FAILS
					failed reports count | Publications | publication.isRemembered() && !publication.published().isCompletedExceptionally() | publication.isRemembered() | PUBLISHER_FAILS
					everything below the first record is the group's | Judge | return session.baseline() == 0 | return true |
					a claim is believed before its offset is read | Judge | return;\\n\\t\\t}\\n\\t\\tboolean beginningKnown | }\\n\\t\\tboolean beginningKnown |
					a claim is believed before the log is asked | Findings | "if (certain || this.board.logAccess() == null) {" | if (true) { | TRUNCATE
					a claim in a record is forgotten at once | Findings | "boolean decided = (covered || last) && (other || Judge.canJudge(state, evidence, facts));" | boolean decided = true; | VANISH NO_WATERMARKS
					the claim of a report that fails is forgotten | Findings | boolean undecided = isIncomplete(session) | boolean undecided = session.baseline() > 0 && isIncomplete(session) | VANISH PRODUCER_CRASH PUBLISHER_FAILS
					claims of a topic that is gone are believed | Judge | claim.topicIdHash() != facts.topicIdHash() | claim.topicIdHash() == 1 | RECREATE
					a record that somebody copied is taken for the first | Judge | (!beginningKnown && before.number() == session.firstSeen()) | false | COPY OFFSETS_EXPIRE METADATA_LOST
					holes are forgotten | LaneState | this.holes.add(new Hole(Math.max(hole.from(), this.highest), hole.to(), hole.cause(), hole.proven())); | | SEEK_FORWARD
					what was read before the state was lost is taken for missing | Judge | "if (missing.lowest() < state.holes().knownFrom()\\n\\t\\t\\t\\t|| (session != null && session.isPartlyForgotten() && missing.lowest() < session.baseline())) {" | if (false) { | TRUNCATE METADATA_LOST
					""")
	void aMistakeIsNoticed(String name, String file, String code, @Nullable String mistake, @Nullable String faults)
			throws Exception {
		List<Long> telling = new ArrayList<>();
		String always = (faults != null) ? faults : "";
		long seed = 1;
		try (ChangedSources mistaken = new ChangedSources(Files.createDirectory(this.directory.resolve("mistaken")));
				ChangedSources right = new ChangedSources(Files.createDirectory(this.directory.resolve("right")))) {
			mistaken.change(file, lines(code), (mistake != null) ? lines(mistake) : "");
			while (telling.size() < ENOUGH && seed <= SCHEDULES) {
				List<Long> next = mistaken.wrong(seed, SCHEDULES + 1 - seed, always, 1);
				seed = next.isEmpty() ? SCHEDULES + 1 : next.get(0) + 1;
				for (long wrong : next) {
					if (right.wrong(wrong, 1, always, 1).isEmpty()) {
						telling.add(wrong);
					}
				}
			}
		}
		System.out.println(name + ": told by " + telling);
		assertThat(telling).hasSize(ENOUGH);
	}

	private static String lines(String code) {
		return code.replace("\\n", "\n").replace("\\t", "\t");
	}

}
