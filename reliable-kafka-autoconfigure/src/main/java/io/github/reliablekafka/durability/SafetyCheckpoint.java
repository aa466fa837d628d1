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

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;

/**
 * The moment at which all clients and listener containers are known and none is started:
 * the first phase of the application's start.
 */
final class SafetyCheckpoint implements SmartLifecycle {

	private final SafetyGate gate;

	private final ObjectProvider<ClientCheck> checks;

	private volatile boolean running;

	SafetyCheckpoint(SafetyGate gate, ObjectProvider<ClientCheck> checks) {
		this.gate = gate;
		this.checks = checks;
	}

	@Override
	public void start() {
		this.checks.orderedStream().forEach((check) -> check.check(this.gate));
		this.gate.open();
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

}
