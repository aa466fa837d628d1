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

package io.github.reliablekafka.test.broker;

import java.io.IOException;

import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * Main class of a node's process: formats the node's storage when that has not been done,
 * then runs the node. Formatting here rather than with the command line tool saves one
 * start of a Java process a node.
 * <p>
 * The process ends with its parent, however the parent ends: standard input is a pipe
 * that only the parent holds open, and its end halts the process.
 *
 * @since 0.1.0
 */
public final class BrokerMain {

	private BrokerMain() {
	}

	/**
	 * Run one node until the process is stopped.
	 * @param args the cluster id, and the path of the node's properties
	 */
	public static void main(String[] args) {
		Thread watch = new Thread(BrokerMain::haltWithParent, "parent-watch");
		watch.setDaemon(true);
		watch.start();
		int formatted = StorageTool.execute(
				new String[] { "format", "--ignore-formatted", "--cluster-id", args[0], "--config", args[1] },
				System.out);
		if (formatted != 0) {
			Runtime.getRuntime().halt(formatted);
		}
		Kafka.main(new String[] { args[1] });
	}

	private static void haltWithParent() {
		try {
			while (System.in.read() >= 0) {
				// Only the end of the stream says something.
			}
		}
		catch (IOException ex) {
			// A broken pipe is an end as well.
		}
		// Not exit: a clean shutdown may wait for a controller that is gone too.
		Runtime.getRuntime().halt(143);
	}

}
