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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What a redrive has done, or in a dry run would do. Published as an application event
 * after each redrive that is no dry run, also after one that failed. <pre class="code">
 * &#064;EventListener
 * void onRedrive(RedriveReport report) { ... }
 * </pre>
 *
 * @param topic the dead letter topic
 * @param originalTopic where records were redriven to
 * @param dryRun whether nothing was written
 * @param requestedBy who wanted it; {@code null} if nobody said so
 * @param startedAt when it began
 * @param took how long it took
 * @param redriven records that are in the original topic again, acknowledged
 * @param parked records that were redriven too often and are in the parking topic,
 * acknowledged
 * @param skipped records that did not match the filter
 * @param refused records that stay where they are, by reason
 * @param complete whether everything was looked at that was in the topic at the start;
 * {@code false} if the limit was reached first or it failed: call again to go on
 * @param failure why it ended early; {@code null} if it did not fail. What is counted
 * above is done and marked as such, unless this says otherwise
 * @since 0.1.0
 */
public record RedriveReport(String topic, String originalTopic, boolean dryRun, @Nullable String requestedBy,
		Instant startedAt, Duration took, long redriven, long parked, long skipped, Map<String, Long> refused,
		boolean complete, @Nullable String failure) {

	public RedriveReport {
		refused = Map.copyOf(refused);
	}

}
