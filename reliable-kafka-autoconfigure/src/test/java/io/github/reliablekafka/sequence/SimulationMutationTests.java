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

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whether the simulation would notice: puts each mistake that was once made in the design
 * back into the sources, one at a time, and runs schedules with the classes that come out
 * of it. The mistakes with a number are those of the design's list. The eighth, a jump
 * back that hides what was written anew, is not among them: the schedules do not tell it
 * apart clearly, and {@link LaneReaderTests} has it.
 */
class SimulationMutationTests {

	private static final Path SOURCES = Path.of("src/main/java/io/github/reliablekafka/sequence");

	private static final long SCHEDULES = 2000;

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
					6 what is claimed is taken as read | Findings | if (claim.offset() >= state.next() && | if (session != null && claim.offset() < state.next()) { session.reported(NumberRanges.of(session.last() + 1, claim.acknowledged()), Verdict.UNVERIFIED); }\\n\\t\\t\\tif (claim.offset() >= state.next() && | SEEK_FORWARD VANISH PRODUCER_CLOSE
					7 aborted records have no numbers of their own | LaneReader | return this.readCommitted ? this.codec.number() : | return true ? this.codec.number() : | ABORT
					9 records that overtake each other at the beginning | Judge | boolean ordered = beginningKnown | boolean ordered = true | NOT_IDEMPOTENT SEEK_FORWARD METADATA_LOST
					a gap is forgotten before its report is safe | Findings | if (publication.published().isDone()) { | if (true) { | PUBLISHER_FAILS
					failed reports count | Findings | publication.isRemembered() && !publication.published().isCompletedExceptionally() | publication.isRemembered() | PUBLISHER_FAILS
					everything below the first record is the group's | Judge | boolean beginningKnown = state.baseline() == 0 | boolean beginningKnown = true |
					a claim is believed before its offset is read | Judge | return;\\n\\t\\t}\\n\\t\\tboolean beginningKnown | }\\n\\t\\tboolean beginningKnown |
					claims of a topic that is gone are believed | Judge | claim.topicIdHash() != facts.topicIdHash() | claim.topicIdHash() == 1 | RECREATE
					holes are forgotten | LaneState | this.holes.add(new Hole(Math.max(hole.from(), this.highest), hole.to(), hole.cause(), hole.proven())); | | SEEK_FORWARD
					what was read before the state was lost is taken for missing | LaneState | this.holes = new Holes(offset); | this.holes = new Holes(0); | TRUNCATE METADATA_LOST
					""")
	void aMistakeIsNoticed(String name, String file, String code, @Nullable String mistake, @Nullable String faults)
			throws Exception {
		String source = Files.readString(SOURCES.resolve(file + ".java"));
		String written = lines(code);
		assertThat(source).as("The source has changed: find a new place for this mistake").contains(written);
		Path changed = Files.writeString(this.directory.resolve(file + ".java"),
				source.replace(written, (mistake != null) ? lines(mistake) : ""));
		Path classes = Files.createDirectory(this.directory.resolve("classes"));
		int failed = ToolProvider.getSystemJavaCompiler()
			.run(null, null, null, "-proc:none", "-nowarn", "-cp", classPath(), "-d", classes.toString(),
					changed.toString());
		assertThat(failed).as("compiled").isZero();
		long noticed = violations(classes, (faults != null) ? faults : "");
		System.out.println(name + ": noticed " + noticed + " times in " + SCHEDULES + " schedules");
		long always = violations(Files.createDirectory(this.directory.resolve("none")), (faults != null) ? faults : "");
		assertThat(noticed).as("%d without the mistake", always).isGreaterThan(2 * always + 4);
	}

	@Test
	void nothingIsNoticedWithoutAMistake() throws Exception {
		assertThat(violations(Files.createDirectory(this.directory.resolve("classes")), "")).isZero();
	}

	private static String lines(String code) {
		return code.replace("\\n", "\n").replace("\\t", "\t");
	}

	private static List<Path> locations() {
		return Stream.of(LaneReader.class, Simulator.class, Nullable.class).map((type) -> {
			try {
				return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
			}
			catch (URISyntaxException ex) {
				throw new IllegalStateException(ex);
			}
		}).toList();
	}

	private static String classPath() {
		return String.join(java.io.File.pathSeparator, locations().stream().map(Path::toString).toList());
	}

	private long violations(Path classes, String faults) throws IOException, ReflectiveOperationException {
		List<Path> path = locations();
		URL[] urls = { classes.toUri().toURL(), path.get(0).toUri().toURL(), path.get(1).toUri().toURL(),
				path.get(2).toUri().toURL() };
		try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
			Method run = loader.loadClass(Simulator.class.getName())
				.getDeclaredMethod("violationsOf", long.class, long.class, String.class);
			run.setAccessible(true);
			return (long) run.invoke(null, 1L, SCHEDULES, faults);
		}
	}

}
