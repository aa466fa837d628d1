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
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link AbandonedSpools}.
 */
class AbandonedSpoolsTests {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 32 << 20, 0, false);

	@TempDir
	Path base;

	private SegmentSpool own;

	private AbandonedSpools abandoned;

	private final List<Path> unusable = new ArrayList<>();

	@BeforeEach
	void open() throws IOException {
		this.own = SpoolDirectory.open(this.base, OPTIONS);
		this.abandoned = new AbandonedSpools(this.base, OPTIONS);
	}

	@AfterEach
	void close() {
		this.own.close();
	}

	@Test
	void whatSomebodyHasIsLeftAlone() throws IOException {
		SegmentSpool other = occupied();
		assertThat(adopt(0)).isEmpty();
		assertThat(adopt(100)).isEmpty();
		other.close();
		assertThat(adopt(101)).as("its instance may come back").isEmpty();
		SegmentSpool back = SpoolDirectory.open(this.base, OPTIONS);
		assertThat(back.location()).isEqualTo(other.location());
		assertThat(adopt(200)).isEmpty();
		back.close();
		assertThat(adopt(201)).as("it was back meanwhile").isEmpty();
		assertThat(adopt(210)).isEmpty();
		List<SegmentSpool> adopted = adopt(211);
		assertThat(adopted).singleElement().extracting(SegmentSpool::location).isEqualTo(other.location());
		assertThat(adopted.get(0).occupied()).isNotEmpty();
		assertThat(adopt(300)).as("it is open").isEmpty();
		adopted.get(0).close();
	}

	@Test
	void whatIsEmptyIsOpenedOnce() throws IOException {
		SegmentSpool other = occupied();
		other.close();
		adopt(0);
		SegmentSpool adopted = adopt(10).get(0);
		SpoolLane lane = adopted.occupied().get(0);
		adopted.resolve(lane, 1);
		adopted.close();
		assertThat(Path.of(other.location())).isDirectoryNotContaining("glob:**.segment");
		// One that keeps its files, as it is retained.
		SegmentSpool retained = SpoolDirectory.open(this.base, OPTIONS.retaining(Duration.ofHours(1)));
		SpoolLane kept = retained.lane("main", "orders", 0);
		retained.append(kept, record(), 0, null);
		assertThat(retained.flush()).isTrue();
		retained.resolve(kept, 1);
		retained.close();
		Path segment = Path.of(retained.location(), "00000001.segment");
		this.abandoned = new AbandonedSpools(this.base, OPTIONS.retaining(Duration.ofHours(1)));
		adopt(20);
		assertThat(adopt(30)).isEmpty();
		FileTime opened = Files.getLastModifiedTime(segment);
		assertThat(adopt(100)).isEmpty();
		assertThat(adopt(200)).isEmpty();
		assertThat(Files.getLastModifiedTime(segment)).isEqualTo(opened);
	}

	@Test
	void whatCannotBeUsedIsToldOnce() throws IOException {
		SegmentSpool other = occupied();
		other.close();
		Files.writeString(Path.of(other.location(), "notes.txt"), "mine");
		adopt(0);
		for (int i = 10; i < 100; i += 10) {
			assertThat(adopt(i)).isEmpty();
		}
		assertThat(this.unusable).containsExactly(Path.of(other.location()));
	}

	@Test
	void whatCouldNotBeUsedIsTriedAgain() throws IOException {
		SegmentSpool other = occupied();
		other.close();
		Path notes = Files.writeString(Path.of(other.location(), "notes.txt"), "mine");
		adopt(0);
		assertThat(adopt(10)).isEmpty();
		assertThat(this.unusable).hasSize(1);
		Files.delete(notes);
		assertThat(adopt(15)).isEmpty();
		List<SegmentSpool> adopted = adopt(20);
		assertThat(adopted).hasSize(1);
		adopted.get(0).close();
	}

	@Test
	void instanceThatIsDownAtEachLookKeepsItsOwn() throws IOException {
		occupied().close();
		assertThat(adopt(0)).isEmpty();
		for (int second = 9; second < 40; second += 9) {
			occupied().close();
			assertThat(adopt(second)).isEmpty();
		}
		List<SegmentSpool> adopted = adopt(46);
		assertThat(adopted).hasSize(1);
		adopted.get(0).close();
	}

	@Test
	void whatAnotherClassLoaderHasIsNotOpenedAgainAndAgain() throws IOException {
		Path descriptors = Path.of("/proc/self/fd");
		assumeTrue(Files.isDirectory(descriptors));
		SegmentSpool other = occupied();
		other.close();
		Path lock = Path.of(other.location(), "lock");
		// Taken past the directories that this class loader knows of.
		try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
			assertThat(channel.tryLock()).isNotNull();
			for (int i = 0; i < 20; i++) {
				assertThat(adopt(10L * i)).isEmpty();
			}
			assertThat(opened(descriptors, lock)).as("with that of the other").isLessThanOrEqualTo(2);
		}
		assertThat(adopt(200)).isEmpty();
		List<SegmentSpool> adopted = adopt(210);
		assertThat(adopted).as("the other has ended").hasSize(1);
		assertThat(DirectoryDisk.take(Path.of(other.location()))).isNull();
		adopted.get(0).close();
	}

	private static long opened(Path descriptors, Path file) throws IOException {
		Path real = file.toRealPath();
		try (Stream<Path> all = Files.list(descriptors)) {
			return all.filter((descriptor) -> {
				try {
					return Files.readSymbolicLink(descriptor).equals(real);
				}
				catch (IOException ex) {
					// Closed meanwhile.
					return false;
				}
			}).count();
		}
	}

	private List<SegmentSpool> adopt(long second) throws IOException {
		List<SegmentSpool> adopted = new ArrayList<>();
		this.abandoned.adopt(Duration.ofSeconds(second).toNanos(), Duration.ofSeconds(10), adopted::add,
				(slot, ex) -> this.unusable.add(slot));
		return adopted;
	}

	private SegmentSpool occupied() throws IOException {
		SegmentSpool spool = SpoolDirectory.open(this.base, OPTIONS);
		spool.append(spool.lane("main", "orders", 0), record(), 0, null);
		assertThat(spool.flush()).isTrue();
		return spool;
	}

	private static SpoolRecord record() {
		return new SpoolRecord(-1, 1, System.currentTimeMillis(), null, new byte[10], List.of());
	}

}
