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

package io.github.reliablekafka.spool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.reliablekafka.sequence.ChildProcess;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SpoolDirectory}: who has which directory.
 */
class SpoolDirectoryTests {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 32 << 20, 0, false);

	@TempDir
	Path base;

	@Test
	void anotherProcessNeverGetsADirectoryThatIsOpen() throws IOException {
		SegmentSpool first = SpoolDirectory.open(this.base, OPTIONS);
		// Both look at the directory of the first, and let go of it.
		SegmentSpool second = SpoolDirectory.open(this.base, OPTIONS);
		assertThat(adopt()).isEmpty();
		second.close();
		List<String> opened = new CopyOnWriteArrayList<>();
		try (ChildProcess other = ChildProcess.start(SpoolHolder.class, Map.of("base", this.base.toString()),
				(words) -> opened.add(words.get(1)))) {
			await().atMost(Duration.ofSeconds(30)).until(() -> !opened.isEmpty());
			assertThat(opened).containsExactly("1");
			first.close();
			SegmentSpool again = SpoolDirectory.open(this.base, OPTIONS);
			assertThat(again.location()).endsWith("0");
			SegmentSpool third = SpoolDirectory.open(this.base, OPTIONS);
			assertThat(third.location()).endsWith("2");
			third.close();
			other.kill();
			third = SpoolDirectory.open(this.base, OPTIONS);
			assertThat(third.location()).as("of a process that was killed").endsWith("1");
			third.close();
			again.close();
		}
	}

	@Test
	void whatCannotBeUsedOfOthersKeepsNobodyFromTheRest() throws IOException {
		SegmentSpool own = SpoolDirectory.open(this.base, OPTIONS);
		SegmentSpool bad = SpoolDirectory.open(this.base, OPTIONS);
		SegmentSpool good = SpoolDirectory.open(this.base, OPTIONS);
		for (SegmentSpool left : List.of(bad, good)) {
			left.append(left.lane("main", "orders", 0), new SpoolRecord(-1, 1, 1, null, new byte[10], List.of()), 0,
					null);
			left.close();
		}
		Files.writeString(Path.of(bad.location(), "notes.txt"), "mine");
		Files.writeString(Path.of(good.location(), ".nfs0001"), "the file system's");
		List<Path> unusable = new CopyOnWriteArrayList<>();
		List<SegmentSpool> adopted = SpoolDirectory.adopt(this.base, OPTIONS, (slot, ex) -> {
			assertThat(ex).hasMessageContaining("notes.txt");
			unusable.add(slot);
		});
		assertThat(unusable).containsExactly(Path.of(bad.location()));
		assertThat(adopted).singleElement().extracting(SegmentSpool::location).isEqualTo(good.location());
		adopted.forEach(SegmentSpool::close);
		own.close();
	}

	@Test
	void recordsAreForTheEyesOfTheOwner() throws IOException {
		Assumptions.assumeTrue(this.base.getFileSystem().supportedFileAttributeViews().contains("posix"));
		SegmentSpool spool = SpoolDirectory.open(this.base, OPTIONS);
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(spool.location()))))
			.isEqualTo("rwx------");
		spool.close();
	}

	private List<SegmentSpool> adopt() throws IOException {
		return SpoolDirectory.adopt(this.base, OPTIONS, (slot, ex) -> {
			throw new AssertionError(slot.toString(), ex);
		});
	}

}
