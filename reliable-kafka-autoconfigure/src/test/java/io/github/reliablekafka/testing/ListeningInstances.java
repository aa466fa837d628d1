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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

import io.github.reliablekafka.sequence.ChildProcess;

/**
 * Instances of one listening application, each a process that can be killed, stopped,
 * paused and started again. For use by one thread.
 */
public final class ListeningInstances implements AutoCloseable {

	private final Class<?> main;

	private final Map<String, String> properties;

	private final Consumer<List<String>> heard;

	private final Map<String, ChildProcess> running = new TreeMap<>();

	/**
	 * Create instances, none of which runs.
	 * @param main the application
	 * @param properties of all of them
	 * @param heard is given the words of each line that one of them says
	 */
	public ListeningInstances(Class<?> main, Map<String, String> properties, Consumer<List<String>> heard) {
		this.main = main;
		this.properties = properties;
		this.heard = heard;
	}

	public List<String> running() {
		return new ArrayList<>(this.running.keySet());
	}

	/**
	 * Start an instance.
	 * @param instance its name, which its static members of groups have
	 * @param additional properties of this one
	 */
	public void start(String instance, Map<String, String> additional) {
		Map<String, String> all = new HashMap<>(this.properties);
		all.putAll(additional);
		all.put("instance", instance);
		this.running.put(instance, ChildProcess.start(this.main, all, this.heard));
	}

	public void kill(String instance) {
		remove(instance).kill();
	}

	public void stop(String instance) {
		remove(instance).stop();
	}

	public void pause(String instance) {
		get(instance).pause();
	}

	public void resume(String instance) {
		get(instance).resume();
	}

	/**
	 * Have each instance print what its threads are doing.
	 */
	public void dumpThreads() {
		this.running.forEach((instance, process) -> {
			System.out.println("What the threads of instance " + instance + " are doing:");
			process.dumpThreads();
		});
	}

	/**
	 * Say a line to each instance.
	 * @param line what to say
	 */
	public void tell(String line) {
		this.running.values().forEach((process) -> process.tell(line));
	}

	private ChildProcess get(String instance) {
		ChildProcess process = this.running.get(instance);
		if (process == null) {
			throw new IllegalStateException(instance + " does not run");
		}
		return process;
	}

	private ChildProcess remove(String instance) {
		ChildProcess process = get(instance);
		this.running.remove(instance);
		return process;
	}

	@Override
	public void close() {
		this.running.values().forEach(ChildProcess::close);
		this.running.clear();
	}

}
