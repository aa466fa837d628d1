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

package io.github.reliablekafka.spool;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Looks into a spool without changing it, also while it is in use or damaged: <pre>
 * java -cp reliable-kafka-autoconfigure.jar io.github.reliablekafka.spool.SpoolTool verify|describe|export DIRECTORY
 * </pre> The directory is that of an instance, or one around it. {@code verify} ends with
 * status 1 if something is damaged; {@code export} prints each record that is not
 * resolved as a line of JSON, with bytes in Base64.
 *
 * @since 0.1.0
 */
public final class SpoolTool {

	private static final String USAGE = "Usage: SpoolTool verify|describe|export DIRECTORY";

	private final PrintStream out;

	private final Map<Integer, TreeMap<Long, Place>> lanes = new TreeMap<>();

	private final Map<Integer, Long> resolved = new HashMap<>();

	private boolean damaged;

	SpoolTool(PrintStream out) {
		this.out = out;
	}

	/**
	 * Look into a spool.
	 * @param args what to do, and where
	 * @throws IOException if the files cannot be read
	 */
	public static void main(String[] args) throws IOException {
		System.exit(run(System.out, args));
	}

	static int run(PrintStream out, String... args) throws IOException {
		if (args.length != 2 || !List.of("verify", "describe", "export").contains(args[0])
				|| !Files.isDirectory(Path.of(args[1]))) {
			out.println(USAGE);
			return 2;
		}
		List<Path> directories;
		try (Stream<Path> paths = Files.walk(Path.of(args[1]), 3)) {
			directories = paths.filter(Files::isDirectory)
				.filter((path) -> !path.endsWith("quarantine") && !segments(path).isEmpty())
				.sorted()
				.toList();
		}
		boolean damaged = false;
		for (Path directory : directories) {
			SpoolTool tool = new SpoolTool(out);
			tool.read(directory, !args[0].equals("export"));
			if (args[0].equals("describe")) {
				tool.describe();
			}
			else if (args[0].equals("export")) {
				tool.export();
			}
			damaged |= tool.damaged;
		}
		return damaged ? 1 : 0;
	}

	private static List<Path> segments(Path directory) {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter((file) -> file.toString().endsWith(SegmentFiles.SUFFIX)).sorted().toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void read(Path directory, boolean loud) throws IOException {
		List<Opened> files = new ArrayList<>();
		for (Path file : segments(directory)) {
			try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
				ByteBuffer content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
				SegmentLabel label = (content.limit() >= Segment.START) ? SegmentLabel.read(content, file.toString())
						: null;
				if (label != null) {
					files.add(new Opened(file, content, label));
				}
				else if (loud) {
					this.out.printf("%s: not in use%n", file);
				}
			}
			catch (SpoolException ex) {
				this.damaged = true;
				this.out.println(ex.getMessage());
			}
		}
		files.sort(Comparator.comparingLong((file) -> file.label.id()));
		for (int i = 0; i < files.size(); i++) {
			read(files.get(i), i == files.size() - 1, loud);
		}
	}

	private void read(Opened file, boolean last, boolean loud) {
		SegmentScan scan = SegmentScan.read(file.content, new Frame.Checksums(file.label.spool(), file.label.id()),
				last, (offset) -> apply(file.content, offset));
		SegmentScan.Damage damage = scan.damage();
		if (damage != null) {
			this.damaged = true;
			int end = scan.end();
			int skipped = scan.salvage();
			(loud ? this.out : System.err).printf("%s: DAMAGED at %s; good up to %d, %d bytes cannot be read%n",
					file.path, damage, end, skipped);
		}
		else if (loud) {
			this.out.printf("%s: segment %d of application '%s', %d frames, %d bytes%s%n", file.path, file.label.id(),
					file.label.application(), scan.frames(), scan.end(),
					(scan.tornBytes() > 0) ? ", and a group that was being written" : "");
		}
	}

	private void apply(ByteBuffer content, int offset) {
		int id = Frame.lane(content, offset);
		long number = Frame.number(content, offset);
		switch (Frame.type(content, offset)) {
			case Frame.DATA -> {
				if (number > this.resolved.getOrDefault(id, 0L)) {
					this.lanes.computeIfAbsent(id, (key) -> new TreeMap<>()).put(number, new Place(content, offset));
				}
			}
			case Frame.RESOLVE -> resolve(id, 0, number);
			case Frame.REMOVE -> resolve(id, number, number);
			case Frame.CHECKPOINT ->
				Frame.marks(content, offset).forEach((mark) -> resolve(mark.lane(), mark.first(), mark.last()));
			default -> {
			}
		}
	}

	private void resolve(int lane, long first, long last) {
		if (first == 0) {
			this.resolved.merge(lane, last, Math::max);
		}
		TreeMap<Long, Place> records = this.lanes.get(lane);
		if (records != null) {
			records.subMap(first, true, last, true).clear();
		}
	}

	private void describe() {
		this.lanes.values().removeIf(TreeMap::isEmpty);
		this.lanes.values().forEach((records) -> {
			Place first = records.firstEntry().getValue();
			SpoolLane lane = Frame.laneOf(first.content, first.offset, new SpoolLane.Count());
			this.out.printf("%s: %d %s, the oldest of %s%n", lane, records.size(),
					(records.size() == 1) ? "record" : "records",
					Instant.ofEpochMilli(Frame.record(first.content, first.offset).enqueuedAt()));
		});
	}

	private void export() {
		this.lanes.values().forEach((records) -> records.forEach((position, place) -> {
			SpoolLane lane = Frame.laneOf(place.content, place.offset, new SpoolLane.Count());
			SpoolRecord record = Frame.record(place.content, place.offset);
			List<String> headers = record.headers()
				.stream()
				.map((header) -> "{\"name\":%s,\"value\":%s}".formatted(text(header.name()), bytes(header.value())))
				.toList();
			this.out.printf(
					"{\"destination\":%s,\"topic\":%s,\"partition\":%d,\"asked\":%d,\"position\":%d,\"timestamp\":%d,"
							+ "\"key\":%s,\"value\":%s,\"headers\":[%s]}%n",
					text(lane.destination()), text(lane.topic()), lane.partition(), record.partition(), position,
					record.timestamp(), bytes(record.key()), bytes(record.value()), String.join(",", headers));
		}));
	}

	private static String bytes(byte @Nullable [] bytes) {
		return (bytes != null) ? "\"" + Base64.getEncoder().encodeToString(bytes) + "\"" : "null";
	}

	private static String text(String value) {
		StringBuilder text = new StringBuilder("\"");
		value.chars().forEach((letter) -> {
			if (letter == '"' || letter == '\\') {
				text.append('\\').append((char) letter);
			}
			else if (letter < ' ') {
				text.append("\\u%04x".formatted(letter));
			}
			else {
				text.append((char) letter);
			}
		});
		return text.append('"').toString();
	}

	private record Opened(Path path, ByteBuffer content, SegmentLabel label) {

	}

	private record Place(ByteBuffer content, int offset) {

	}

}
