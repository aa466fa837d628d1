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

package io.github.reliablekafka.idempotency;

import java.util.List;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.ClientCheck;
import io.github.reliablekafka.durability.SafetyGate;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

/**
 * Looks at every listener container once all of them are known, before others put their
 * interceptors around those that are there.
 */
final class IdempotencyCheck implements ClientCheck, Ordered {

	private final ListableBeanFactory beanFactory;

	private final IdempotencyCoverage coverage;

	IdempotencyCheck(ListableBeanFactory beanFactory, IdempotencyCoverage coverage) {
		this.beanFactory = beanFactory;
		this.coverage = coverage;
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@SuppressWarnings("removal")
	private void checkTransactions(AbstractMessageListenerContainer<?, ?> container, SafetyGate gate) {
		if (!this.beanFactory.getBean(ProcessedRecords.class)
			.isReachedBy(container.getContainerProperties().getTransactionManager())) {
			gate.report(List.of(IdempotencyRules.otherDatabase(container)));
		}
	}

	@Override
	public void check(SafetyGate gate) {
		IdempotencyRules rules = this.coverage.rules();
		new ListenerContainers(this.beanFactory).ofGroups().stream().filter(rules::isWanted).forEach((container) -> {
			this.coverage.install(container);
			gate.report(rules.violationsOf(container));
			checkTransactions(container, gate);
		});
	}

}
