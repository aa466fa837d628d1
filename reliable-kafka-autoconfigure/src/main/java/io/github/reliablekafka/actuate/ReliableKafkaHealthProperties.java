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

package io.github.reliablekafka.actuate;

import java.time.Duration;
import java.util.List;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * When something is bad enough for health.
 *
 * @param unacknowledgedAfter Age of the oldest record without an acknowledgement from
 * which on health warns of producers, or of the spool.
 * @param idleAfter Time from which on health warns of a listener that is behind and does
 * not get on. Has to be longer than the processing of one record.
 * @param settleAfter Time for which something has to be good again before health says so.
 * @param groups What the groups for the probes of Kubernetes have.
 */
@ConfigurationProperties("reliable.kafka.health")
record ReliableKafkaHealthProperties(@DefaultValue("1m") Duration unacknowledgedAfter,
		@DefaultValue("5m") Duration idleAfter, @DefaultValue("30s") Duration settleAfter,
		@DefaultValue Groups groups) {

	/**
	 * Parts of health in the groups for the probes of Kubernetes, besides what is there.
	 * A group that the application defines itself stays as it is.
	 *
	 * @param liveness Parts whose failure a restart mends.
	 * @param readiness Parts without which the application should get no requests.
	 * @param startup Parts without which the application has not started.
	 */
	record Groups(@DefaultValue List<String> liveness, @DefaultValue List<String> readiness,
			@DefaultValue("listeners") List<String> startup) {

	}

}
