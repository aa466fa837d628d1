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

package io.github.reliablekafka.watermark;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Says once what does not work and what to do about it, and once when it works again.
 * Safe for use by many threads.
 */
final class Complaints {

	private static final Log logger = LogFactory.getLog(Complaints.class);

	private final Set<String> open = ConcurrentHashMap.newKeySet();

	/**
	 * Log a warning unless it was before.
	 * @param subject what does not work
	 * @param advice what follows and what to do
	 * @param cause why, or {@code null}
	 */
	void complain(String subject, String advice, @Nullable Throwable cause) {
		if (this.open.add(subject)) {
			// The stack would be of a background thread and says nothing.
			logger.warn("%s: %s%s".formatted(subject, advice, (cause != null) ? " (" + cause + ")" : ""));
		}
	}

	/**
	 * Log something that is to be expected, unless it was before.
	 * @param subject what is the case
	 * @param advice what follows
	 */
	void remark(String subject, String advice) {
		if (this.open.add(subject)) {
			logger.info(subject + ": " + advice);
		}
	}

	/**
	 * Note that something works.
	 * @param subject what was perhaps complained about
	 */
	void settle(String subject) {
		if (this.open.remove(subject)) {
			logger.info("No longer true: " + subject);
		}
	}

}
