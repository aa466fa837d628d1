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

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Says once what does not work and what to do about it, and once when it works again.
 * Safe for use by many threads.
 */
final class Complaints {

	private static final Log logger = LogFactory.getLog(Complaints.class);

	private final Set<String> open = ConcurrentHashMap.newKeySet();

	private final Set<String> denied = new HashSet<>();

	private final String permissions;

	private @Nullable String warnedOfDenied;

	/**
	 * Create complaints about one cluster.
	 * @param permissions what to allow the application there, as an advice for people
	 */
	Complaints(String permissions) {
		this.permissions = permissions;
	}

	/**
	 * Log a warning about a topic of our own unless it was before. Of several things that
	 * are not permitted only one gets a warning, which names all permissions; the next
	 * gets one when that works and the next does not.
	 * @param subject what does not work
	 * @param advice what follows and what to do, unless it is a matter of permissions
	 * @param cause why
	 */
	void complainOfTopic(String subject, String advice, Throwable cause) {
		if (!(cause instanceof AuthorizationException)) {
			complain(subject, advice, cause);
			return;
		}
		boolean fresh;
		boolean warn;
		synchronized (this.denied) {
			fresh = this.denied.add(subject);
			warn = this.warnedOfDenied == null;
			if (warn) {
				this.warnedOfDenied = subject;
			}
		}
		if (warn) {
			logger.warn("%s: %s (%s)".formatted(subject, this.permissions, cause));
		}
		else if (fresh && logger.isDebugEnabled()) {
			logger.debug("%s: not permitted either (%s)".formatted(subject, cause));
		}
	}

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
		boolean permitted;
		synchronized (this.denied) {
			permitted = this.denied.remove(subject);
			if (subject.equals(this.warnedOfDenied)) {
				this.warnedOfDenied = null;
			}
		}
		if (this.open.remove(subject) || permitted) {
			logger.info("No longer true: " + subject);
		}
	}

}
