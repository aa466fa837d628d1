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

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A second, slow and obvious implementation of the producer's side: keeps every number
 * and works out each claim from all of them.
 */
final class ModelNumbering implements Numbering {

	private final long session;

	private final int anchorEvery;

	private final Map<Lane, Stream> streams = new LinkedHashMap<>();

	private final Set<Lane> changed = new HashSet<>();

	private final boolean transactional;

	private boolean closed;

	ModelNumbering(long session, int anchorEvery, boolean transactional) {
		this.transactional = transactional;
		this.session = session;
		this.anchorEvery = anchorEvery;
	}

	/** Another producer with the same session, that knows what this one knows. */
	ModelNumbering fork() {
		ModelNumbering fork = new ModelNumbering(this.session, this.anchorEvery, this.transactional);
		this.streams.forEach((lane, stream) -> fork.streams.put(lane, stream.copy()));
		return fork;
	}

	@Override
	public Numbered next(Lane lane, int topicIdHash) {
		Stream stream = this.streams.computeIfAbsent(lane, (key) -> new Stream());
		if (stream.topicIdHash != topicIdHash) {
			stream.topicIdHash = topicIdHash;
			stream.from = stream.number + 1;
			stream.appendFrom = stream.append + 1;
		}
		boolean anchored = stream.append % this.anchorEvery == 0;
		Claim anchor = anchored ? stream.claim(true) : null;
		Item item = new Item(stream, ++stream.number, ++stream.append, this.transactional);
		stream.items.add(item);
		this.changed.add(lane);
		Stamp stamp = new Stamp(this.session, item.number, item.append - item.number, this.transactional, false,
				anchor);
		StampCodec codec = new StampCodec(lane.topic(), lane.partition());
		byte[] header = codec.encode(stamp);
		Stamp written = codec.decode(header);
		if (written == null) {
			throw new IllegalStateException(stamp + " was not read back: " + codec.problem());
		}
		return new Numbered(lane, written, header, item);
	}

	@Override
	public void appended(Numbered numbered) {
	}

	@Override
	public void begin() {
	}

	@Override
	public void committing() {
	}

	@Override
	public void rollBack(Numbered numbered) {
		Item item = (Item) numbered.handle();
		item.stream.items.remove(item);
		item.stream.number--;
		item.stream.append--;
	}

	@Override
	public void acknowledged(Numbered numbered, long offset) {
		Item item = (Item) numbered.handle();
		item.offset = offset;
		item.resolved = true;
		this.changed.add(numbered.lane());
	}

	@Override
	public void failed(Numbered numbered) {
		Item item = (Item) numbered.handle();
		item.failed = true;
		item.resolved = true;
		this.changed.add(numbered.lane());
	}

	@Override
	public void committed() {
		this.streams.values().forEach((stream) -> stream.items.forEach((item) -> item.open = false));
		this.changed.addAll(this.streams.keySet());
	}

	@Override
	public void aborted() {
		for (Stream stream : this.streams.values()) {
			for (Item item : stream.items) {
				if (item.open) {
					item.open = false;
					item.aborted = true;
					stream.number--;
				}
			}
			// Part of them may have been in a topic of the same name that is gone.
			stream.from = Math.min(stream.from, stream.number + 1);
		}
		this.changed.addAll(this.streams.keySet());
	}

	@Override
	public void close() {
		this.closed = true;
		this.changed.addAll(this.streams.keySet());
	}

	@Override
	public List<Watermark> takeWatermarks() {
		List<Watermark> watermarks = new ArrayList<>();
		for (Lane lane : this.streams.keySet()) {
			if (this.changed.contains(lane)) {
				Stream stream = this.streams.get(lane);
				watermarks.add(new Watermark(lane, this.session, new ProducerIdentity("simulation", "", "", 0),
						++stream.sequence, stream.number, stream.append, stream.claim(true), stream.claim(false),
						this.closed));
			}
		}
		this.changed.clear();
		return watermarks;
	}

	private static final class Item {

		final Stream stream;

		final long number;

		final long append;

		boolean open;

		boolean aborted;

		boolean resolved;

		boolean failed;

		long offset = -1;

		Item(Stream stream, long number, long append, boolean open) {
			this.stream = stream;
			this.number = number;
			this.append = append;
			this.open = open;
		}

		Item copy(Stream stream) {
			Item copy = new Item(stream, this.number, this.append, this.open);
			copy.aborted = this.aborted;
			copy.resolved = this.resolved;
			copy.failed = this.failed;
			copy.offset = this.offset;
			return copy;
		}

	}

	private static final class Stream {

		final List<Item> items = new ArrayList<>();

		int topicIdHash;

		long from = 1;

		long appendFrom = 1;

		long number;

		long append;

		long sequence;

		Stream copy() {
			Stream copy = new Stream();
			copy.topicIdHash = this.topicIdHash;
			copy.from = this.from;
			copy.appendFrom = this.appendFrom;
			copy.number = this.number;
			copy.append = this.append;
			copy.sequence = this.sequence;
			this.items.forEach((item) -> copy.items.add(item.copy(copy)));
			return copy;
		}

		Claim claim(boolean visible) {
			long first = visible ? this.from : this.appendFrom;
			long acknowledged = first - 1;
			long offset = -1;
			long inverted = 0;
			long firstOffset = -1;
			NumberRanges failed = NumberRanges.EMPTY;
			boolean prefix = true;
			for (Item item : this.items) {
				long value = visible ? item.number : item.append;
				if (value < first || (visible && item.aborted)) {
					continue;
				}
				prefix &= item.resolved && !item.open;
				if (item.failed && !item.open) {
					failed = failed.add(value, value);
				}
				if (!prefix) {
					continue;
				}
				acknowledged = value;
				if (!item.failed) {
					inverted = (item.offset < offset) ? value : inverted;
					firstOffset = (firstOffset < 0) ? item.offset : Math.min(firstOffset, item.offset);
					offset = Math.max(offset, item.offset);
				}
			}
			return new Claim(first, acknowledged, offset, inverted, firstOffset, failed, this.topicIdHash);
		}

	}

}
