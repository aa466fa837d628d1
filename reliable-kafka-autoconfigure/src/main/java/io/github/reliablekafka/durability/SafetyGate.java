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

package io.github.reliablekafka.durability;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Gathers violations while the application is put together and lets it start only if
 * there are none, or each was accepted by name. After that a violation is thrown at
 * whoever causes it, for example by creating an unsafe client at run time. Safe for use
 * by many threads.
 *
 * @since 0.1.0
 */
public final class SafetyGate {

	private static final Log logger = LogFactory.getLog(SafetyGate.class);

	private final Set<String> acceptedRisks;

	private final Set<Violation> pending = new LinkedHashSet<>();

	private final Set<Violation> accepted = new LinkedHashSet<>();

	private final Set<OpenClient> clients = ConcurrentHashMap.newKeySet();

	private boolean open;

	/**
	 * Create a closed gate.
	 * @param acceptedRisks the names of the risks that are taken on purpose
	 */
	public SafetyGate(Set<String> acceptedRisks) {
		this.acceptedRisks = Set.copyOf(acceptedRisks);
	}

	/**
	 * Whether a risk is taken on purpose.
	 * @param risk its name
	 * @return {@code true} if it must not stop the application
	 */
	public boolean accepts(String risk) {
		return this.acceptedRisks.contains(risk);
	}

	/**
	 * Report violations. An accepted one is logged once and kept.
	 * @param violations what was found
	 * @throws UnsafeSettingsException if the application has started and any of them is
	 * not accepted
	 */
	public void report(List<Violation> violations) {
		List<Violation> refused = new ArrayList<>();
		synchronized (this) {
			for (Violation violation : violations) {
				if (!accepts(violation.risk())) {
					refused.add(violation);
				}
				else if (this.accepted.add(violation)) {
					logger.warn("Accepted risk '%s': %s".formatted(violation.risk(), violation.describe()));
				}
			}
			if (!this.open) {
				this.pending.addAll(refused);
				return;
			}
		}
		if (!refused.isEmpty()) {
			throw new UnsafeSettingsException(refused);
		}
	}

	/**
	 * Report violations that must not wait for the others, because an unsafe client would
	 * exist in the meantime. Thrown together with those reported so far.
	 * @param violations what was found
	 * @throws UnsafeSettingsException if any of them is not accepted
	 */
	public void refuse(List<Violation> violations) {
		report(violations);
		List<Violation> refused = violations.stream().filter((violation) -> !accepts(violation.risk())).toList();
		if (!refused.isEmpty()) {
			Set<Violation> all = new LinkedHashSet<>(refused);
			synchronized (this) {
				all.addAll(this.pending);
			}
			throw new UnsafeSettingsException(List.copyOf(all));
		}
	}

	/**
	 * Let the application start.
	 * @throws UnsafeSettingsException with every violation reported so far that is not
	 * accepted
	 */
	public synchronized void open() {
		if (!this.pending.isEmpty()) {
			throw new UnsafeSettingsException(List.copyOf(this.pending));
		}
		this.open = true;
	}

	/**
	 * Note that a client is let through.
	 * @param kind {@code producer} or {@code consumer}
	 * @param subject whose client it is
	 * @param settings all of its settings
	 * @param own the names of those that the starter has written
	 * @return to be told when it is closed
	 */
	public OpenClient pass(String kind, String subject, Map<String, ?> settings, Set<String> own) {
		OpenClient client = new OpenClient(kind, subject, settings, own, this.clients);
		this.clients.add(client);
		return client;
	}

	/**
	 * The clients that were let through and are not closed.
	 * @return a snapshot, in no order
	 */
	public List<OpenClient> clients() {
		return List.copyOf(this.clients);
	}

	/**
	 * The violations that were found and accepted by name.
	 * @return an unmodifiable snapshot
	 */
	public synchronized List<Violation> acceptedViolations() {
		return List.copyOf(this.accepted);
	}

}
