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

package io.github.reliablekafka.producer;

import io.github.reliablekafka.spool.SpoolException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do about a spool that does not open.
 */
final class SpoolFailureAnalyzer extends AbstractFailureAnalyzer<RuntimeException> {

	@Override
	protected @org.jspecify.annotations.Nullable FailureAnalysis analyze(Throwable rootFailure,
			RuntimeException cause) {
		for (Throwable each = cause; each != null; each = each.getCause()) {
			if (each instanceof SpoolException spool) {
				return new FailureAnalysis(String.valueOf(spool.getMessage()), spool.action(), spool);
			}
			if (each instanceof SpoolUnusableException unusable) {
				return new FailureAnalysis(String.valueOf(unusable.getMessage()), unusable.action(), unusable);
			}
		}
		return null;
	}

}
