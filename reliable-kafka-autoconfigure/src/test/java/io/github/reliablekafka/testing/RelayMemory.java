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

package io.github.reliablekafka.testing;

import java.lang.management.ManagementFactory;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * How much Kafka's client that sends what is in a spool holds, by its own metrics.
 */
public final class RelayMemory {

	private RelayMemory() {
	}

	/**
	 * What records take that have no outcome.
	 * @return in bytes, of that client in this process that has most
	 */
	public static double taken() {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		double most = 0;
		try {
			for (ObjectName name : server
				.queryNames(new ObjectName("kafka.producer:type=producer-metrics,client-id=*-spool"), null)) {
				most = Math.max(most, (double) server.getAttribute(name, "buffer-total-bytes")
						- (double) server.getAttribute(name, "buffer-available-bytes"));
			}
		}
		catch (JMException ex) {
			throw new IllegalStateException(ex);
		}
		return most;
	}

}
