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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Reads what is on disk when a spool is opened.
 */
final class SpoolOpening {

	private final Disk disk;

	private final SpoolOptions options;

	private final List<Found> found = new ArrayList<>();

	private final List<String> findings = new ArrayList<>();

	/**
	 * Damaged, or of a length that is no longer in use.
	 */
	private final List<Segment> outdated = new ArrayList<>();

	private SpoolOpening(Disk disk, SpoolOptions options) {
		this.disk = disk;
		this.options = options;
	}

	/**
	 * Read all files.
	 * @param disk where they are
	 * @param options what to expect
	 * @param lanes are told of the records
	 * @return what was found
	 * @throws IOException if the disk fails
	 * @throws SpoolException if the files are not such that nothing is lost
	 */
	static Opened open(Disk disk, SpoolOptions options, LaneDirectory lanes) throws IOException {
		SpoolOpening opening = new SpoolOpening(disk, options);
		boolean opened = false;
		try {
			UUID spool = opening.labels();
			SegmentFiles files = new SegmentFiles(disk, options, spool);
			opening.scan(files, lanes);
			opened = true;
			return new Opened(files, opening.findings, opening.outdated);
		}
		finally {
			if (!opened) {
				opening.close();
			}
		}
	}

	private void close() throws IOException {
		for (Found each : this.found) {
			each.segment.close();
		}
	}

	private UUID labels() throws IOException {
		UUID spool = null;
		for (String name : this.disk.list()) {
			String path = "'%s' in %s".formatted(name, this.disk);
			if (!name.matches("\\d{1,18}" + SegmentFiles.SUFFIX.replace(".", "\\."))) {
				throw foreign(path + " is not a file of a spool");
			}
			Disk.DiskFile file = this.disk.open(name);
			long size = file.size();
			Segment segment = new Segment(name, file, (int) Math.min(size, Integer.MAX_VALUE));
			Found found = new Found(segment, null);
			this.found.add(found);
			SegmentLabel label = null;
			try {
				label = (size >= Segment.START) ? SegmentLabel.read(segment.headers(), path) : null;
			}
			catch (SpoolException ex) {
				if (ex.kind() != SpoolException.Kind.CORRUPT || !this.options.quarantine()) {
					throw ex;
				}
				this.findings.add("%s; kept as %s".formatted(ex.getMessage(), this.disk.quarantine(name)));
			}
			if (label == null && size != this.options.segmentBytes()) {
				// Its creation was interrupted, or it is of another length.
				this.found.remove(found);
				file.close();
				this.disk.delete(name);
				continue;
			}
			if (label != null && !label.application().equals(this.options.application())) {
				throw foreign("%s has records of the application '%s', and this one is '%s'".formatted(path,
						label.application(), this.options.application()));
			}
			if (label != null && spool != null && !spool.equals(label.spool())) {
				throw foreign(path + " belongs to another spool than the files beside it");
			}
			spool = (label != null) ? label.spool() : spool;
			this.found.set(this.found.size() - 1, new Found(segment, label));
		}
		return (spool != null) ? spool : UUID.randomUUID();
	}

	private void scan(SegmentFiles files, LaneDirectory lanes) throws IOException {
		this.found.sort(Comparator.comparingLong(Found::id));
		for (int i = 0; i < this.found.size(); i++) {
			Found each = this.found.get(i);
			Segment segment = each.segment;
			if (each.label == null) {
				files.add(segment);
				continue;
			}
			segment.use(each.label.spool(), each.label.id(), Segment.START);
			files.add(segment);
			boolean last = i == this.found.size() - 1;
			ByteBuffer content = segment.content();
			SegmentScan scan = SegmentScan.read(content, segment.checksums(), last,
					(offset) -> lanes.restore(content, offset, segment, files));
			if (scan.damage() != null) {
				damaged(segment, scan, scan.damage());
			}
			else if (scan.tornBytes() > 0) {
				this.findings.add("The last group of '%s' was being written when the process ended: %d bytes from "
					.formatted(segment.name(), scan.tornBytes()) + "offset %d are left out".formatted(scan.end()));
			}
			else if (segment.size() != this.options.segmentBytes()) {
				this.outdated.add(segment);
			}
			segment.use(each.label.spool(), each.label.id(), scan.end());
			if (last && scan.damage() == null && !scan.isEnded()) {
				end(segment);
			}
		}
		lanes.restored();
	}

	private void damaged(Segment segment, SegmentScan scan, SegmentScan.Damage damage) throws IOException {
		String what = "'%s' in %s is damaged at %s".formatted(segment.name(), this.disk, damage);
		if (!this.options.quarantine()) {
			throw new SpoolException(SpoolException.Kind.CORRUPT, what,
					"Records that were promised may be in the damaged part. Look at it with the command 'spool describe', "
							+ "check the disk, and set reliable.kafka.spool.on-corruption=quarantine to go on with "
							+ "what can be read; the damaged file is kept.",
					null);
		}
		String copy = this.disk.quarantine(segment.name());
		int skipped = scan.salvage();
		this.findings.add("%s; %d bytes were skipped, and the file is kept as %s".formatted(what, skipped, copy));
		this.outdated.add(segment);
	}

	// So that the segment is complete for whoever opens the spool next.
	private static void end(Segment segment) throws IOException {
		ByteBuffer group = ByteBuffer.allocate(2 * Frame.HEADER);
		for (byte[] frame : List.of(Frame.plain(Frame.END, 0, 0), Frame.plain(Frame.COMMIT, 0, Frame.HEADER))) {
			segment.checksums().seal(frame, segment.end() + group.position());
			group.put(frame);
		}
		segment.write(group.flip());
		segment.force(true);
	}

	private static SpoolException foreign(String message) {
		return new SpoolException(SpoolException.Kind.FOREIGN, message,
				"Choose another reliable.kafka.spool.directory, or move the file away.", null);
	}

	/**
	 * A file.
	 *
	 * @param segment the file
	 * @param label what its header says; {@code null} if it was never used
	 */
	private record Found(Segment segment, @Nullable SegmentLabel label) {

		long id() {
			return (this.label != null) ? this.label.id() : 0;
		}

	}

	/**
	 * What was found.
	 *
	 * @param files the files
	 * @param findings sentences for people
	 * @param outdated segments whose records have to be written elsewhere
	 */
	record Opened(SegmentFiles files, List<String> findings, List<Segment> outdated) {

	}

}
