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

package io.github.reliablekafka.test;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * A test's JVM that is killed while its cluster runs, one node of it paused.
 */
public final class KilledTestMain {

	private KilledTestMain() {
	}

	public static void main(String[] args) throws InterruptedException {
		KafkaCluster cluster = KafkaCluster.builder().brokers(1).directory(Path.of(args[0])).build().start();
		cluster.pause(1);
		cluster.pids().forEach(System.out::println);
		System.out.println();
		new CountDownLatch(1).await();
	}

}
