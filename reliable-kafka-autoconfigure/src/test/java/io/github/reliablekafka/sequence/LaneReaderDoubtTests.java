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

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a {@link LaneReader} says that has found its checkpoint, but not what was read
 * behind it.
 */
class LaneReaderDoubtTests extends LaneReaderSetup {

	@Test
	void whatWasMissingInTheCheckpointMayHaveComeSince() {
		saveACheckpointWithAGap();
		Stamp again = new Stamp(400, 2, 0, false, true, null);
		read(606, 0, again);
		this.log.entries.put(606L, this.codec.encode(again));
		String metadata = readBehindTheCheckpoint();
		this.log.entries.remove(607L);
		restart(metadata);
		assertThat(words()).containsExactly("UNVERIFIED STATE_LOST 2");
	}

	@Test
	void checkpointIsOfUseIfTheLogBehindItCannotBeRead() {
		saveACheckpointWithAGap();
		String metadata = readBehindTheCheckpoint();
		this.log.readable = false;
		restart(metadata);
		assertThat(findings()).isEmpty();
		this.now += ELEVEN_MINUTES;
		check();
		check();
		assertThat(words()).containsExactly("UNVERIFIED STATE_LOST 2");
	}

	@Test
	void whatComesBehindACheckpointThatIsDoubtedIsLostAsEver() {
		saveACheckpointWithAGap();
		String metadata = readBehindTheCheckpoint();
		this.log.readable = false;
		restart(metadata);
		this.now += ELEVEN_MINUTES;
		check();
		read(608, 402, 1);
		read(609, 402, 3);
		commit(610);
		this.log.readable = true;
		this.board.post(watermark(402, 3, 609, 608, false));
		check();
		assertThat(verdicts()).contains("LOST_ACKED 2", "UNVERIFIED 2").hasSize(2);
	}

	private void saveACheckpointWithAGap() {
		this.board.connect(this.log);
		begin(0);
		check();
		readSessions(0, 300, 2);
		append(600, 400, 1);
		append(605, 400, 3);
		commit(606);
		this.now += 6_000_000_000L;
		check();
	}

	private String readBehindTheCheckpoint() {
		byte[] saved = this.log.saved.get(LANE);
		append(607, 401, 1);
		String metadata = this.reader.commit(608).metadata();
		assertThat(metadata).startsWith("rk1p.");
		assertThat(findings()).isEmpty();
		this.log.saved.put(LANE, saved);
		return metadata;
	}

	private void restart(String metadata) {
		this.reader = reader();
		this.reader.begin(608, true, metadata);
		check();
		this.board.post(watermark(400, 3, 605, 600, false));
		check();
		check();
	}

	private List<String> words() {
		return findings().stream()
			.map((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.toList();
	}

}
