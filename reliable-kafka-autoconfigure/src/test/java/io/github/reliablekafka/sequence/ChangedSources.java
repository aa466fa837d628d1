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

package io.github.reliablekafka.sequence;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The classes of this package with some lines changed, and the simulation run with them.
 */
final class ChangedSources implements AutoCloseable {

	private static final Path SOURCES = Path.of("src/main/java/io/github/reliablekafka/sequence");

	private final Path directory;

	private final Map<String, String> changed = new LinkedHashMap<>();

	private @Nullable URLClassLoader loader;

	/**
	 * Nothing is changed so far.
	 * @param directory an empty one
	 */
	ChangedSources(Path directory) {
		this.directory = directory;
	}

	/**
	 * Change a file.
	 * @param file its name
	 * @param code what it has to contain
	 * @param instead what to put there
	 * @return this
	 * @throws IOException if it cannot be read
	 */
	ChangedSources change(String file, String code, String instead) throws IOException {
		String source = this.changed.containsKey(file) ? this.changed.get(file)
				: Files.readString(SOURCES.resolve(file + ".java"));
		assertThat(source).as("%s has changed: find a new place for this", file).contains(code);
		this.changed.put(file, source.replace(code, instead));
		return this;
	}

	/**
	 * Set a limit, in its file and in all others that it is compiled into.
	 * @param limit the class and the constant, for example {@code Holes.MOST}
	 * @param value instead
	 * @return this
	 * @throws IOException if sources cannot be read
	 */
	ChangedSources limit(String limit, int value) throws IOException {
		int dot = limit.indexOf('.');
		String file = limit.substring(0, dot);
		String source = this.changed.containsKey(file) ? this.changed.get(file)
				: Files.readString(SOURCES.resolve(file + ".java"));
		Matcher declared = Pattern.compile("static final int %s = ([0-9_]+);".formatted(limit.substring(dot + 1)))
			.matcher(source);
		assertThat(declared.find()).as("there is a limit %s", limit).isTrue();
		this.changed.put(file, source.substring(0, declared.start(1)) + value + source.substring(declared.end(1)));
		try (Stream<Path> files = Files.list(SOURCES)) {
			for (Path other : files.toList()) {
				String user = Files.readString(other);
				if (user.contains(limit)) {
					this.changed.putIfAbsent(other.getFileName().toString().replace(".java", ""), user);
				}
			}
		}
		return this;
	}

	private Class<?> simulator() throws IOException, ReflectiveOperationException {
		if (this.loader == null) {
			Path classes = Files.createDirectory(this.directory.resolve("classes"));
			compile(classes);
			List<URL> urls = new ArrayList<>(List.of(classes.toUri().toURL()));
			for (Path location : locations()) {
				urls.add(location.toUri().toURL());
			}
			this.loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
		}
		return this.loader.loadClass(Simulator.class.getName());
	}

	private void compile(Path classes) throws IOException {
		if (this.changed.isEmpty()) {
			return;
		}
		String classPath = String.join(java.io.File.pathSeparator, locations().stream().map(Path::toString).toList());
		List<String> arguments = new ArrayList<>(
				List.of("-proc:none", "-nowarn", "-cp", classPath, "-d", classes.toString()));
		for (Map.Entry<String, String> file : this.changed.entrySet()) {
			arguments
				.add(Files.writeString(this.directory.resolve(file.getKey() + ".java"), file.getValue()).toString());
		}
		int failed = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
		assertThat(failed).as("compiled").isZero();
	}

	private static List<Path> locations() {
		return Stream.of(LaneReader.class, Simulator.class, Nullable.class).map((type) -> {
			try {
				return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
			}
			catch (URISyntaxException ex) {
				throw new IllegalStateException(ex);
			}
		}).toList();
	}

	/**
	 * Run schedules until some go wrong.
	 * @param from the seed of the first
	 * @param count how many at most
	 * @param faults names of faults that may happen in all of them, separated by spaces
	 * @param enough how many are to go wrong
	 * @return the seeds of those that do
	 * @throws Exception if they cannot be run
	 */
	List<Long> wrong(long from, long count, String faults, int enough) throws Exception {
		Method run = simulator().getDeclaredMethod("wrong", long.class, long.class, String.class, int.class);
		run.setAccessible(true);
		List<Long> seeds = new ArrayList<>();
		for (long seed : (long[]) run.invoke(null, from, count, faults, enough)) {
			seeds.add(seed);
		}
		return seeds;
	}

	/**
	 * Run schedules with readers that may forget.
	 * @param from the seed of the first
	 * @param count how many
	 * @param threads by how many threads
	 * @return what went wrong, and last the counts
	 * @throws Exception if they cannot be run
	 */
	List<String> forgetful(long from, long count, int threads) throws Exception {
		Method run = simulator().getDeclaredMethod("forgetful", long.class, long.class, int.class);
		run.setAccessible(true);
		return List.of((String[]) run.invoke(null, from, count, threads));
	}

	/**
	 * Run one schedule with a reader that may forget.
	 * @param seed its seed
	 * @return what happened, a line each
	 * @throws Exception if it cannot be run
	 */
	String story(long seed) throws Exception {
		Method run = simulator().getDeclaredMethod("story", long.class);
		run.setAccessible(true);
		return (String) run.invoke(null, seed);
	}

	@Override
	public void close() throws IOException {
		if (this.loader != null) {
			this.loader.close();
		}
	}

}
