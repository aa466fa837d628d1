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

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.zip.CRC32C;

import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The spool beside the bare loop of {@link SpoolBenchmark}, RocksDB and SQLite, in turns.
 * Each of the two gets what is best for it: one writer that takes all that waits into one
 * batch or transaction, which is forced once, and deletes what is 2,000 records behind.
 * As neither tells a flipped bit for sure, each value has a CRC in front of it.
 *
 * @since 0.1.0
 */
public final class PeersBenchmark {

	private static final int RECORD = 1024;

	private PeersBenchmark() {
	}

	/**
	 * Measure.
	 * @param args a directory on the disk to measure, and the count of rounds
	 * @throws Exception if that fails
	 */
	public static void main(String[] args) throws Exception {
		Path directory = Files.createTempDirectory(Path.of(args[0]), "peers");
		int rounds = Integer.parseInt(args[1]);
		byte[] value = new byte[RECORD];
		new Random(1).nextBytes(value);
		for (int[] load : new int[][] { { 1, 1 }, { 8, 1 }, { 64, 1 } }) {
			SegmentSpool spool = SpoolBenchmark.open(directory);
			Peer ours = new Peer("spool", () -> SpoolBenchmark.spool(spool, value, load[0], load[1]),
					new double[rounds]);
			measure(load[0], rounds, ours,
					List.of(new Peer(
							"loop", () -> SpoolBenchmark.loop(directory, value, load[0], load[1]), new double[rounds]),
							ours,
							new Peer("rocksdb", () -> rocks(directory.resolve("rocksdb"), value, load[0], load[1]),
									new double[rounds]),
							new Peer("sqlite", () -> sqlite(directory.resolve("sqlite"), value, load[0], load[1]),
									new double[rounds])));
			SpoolBenchmark.close(spool);
		}
	}

	private static void measure(int threads, int rounds, Peer ours, List<Peer> peers) throws Exception {
		for (int round = -1; round < rounds; round++) {
			for (int i = 0; i < peers.size(); i++) {
				Peer peer = peers.get((round % 2 == 0) ? i : peers.size() - 1 - i);
				double rate = peer.measurement.run();
				if (round >= 0) {
					peer.rates[round] = rate;
				}
			}
		}
		for (Peer peer : peers) {
			double[] ratios = new double[rounds];
			Arrays.setAll(ratios, (round) -> ours.rates[round] / peer.rates[round]);
			double[] sorted = peer.rates.clone();
			Arrays.sort(sorted);
			Arrays.sort(ratios);
			System.out.printf(Locale.ROOT, "%d threads: %s %.0f/s, spool to it %.2f (%.2f to %.2f)%n", threads,
					peer.name, sorted[rounds / 2], ratios[rounds / 2], ratios[0], ratios[rounds - 1]);
		}
	}

	private static double rocks(Path directory, byte[] value, int threads, int window) throws Exception {
		try (Options options = new Options().setCreateIfMissing(true);
				RocksDB store = RocksDB.open(options, directory.toString());
				WriteOptions sync = new WriteOptions().setSync(true)) {
			long[] next = new long[1];
			return SpoolBenchmark.grouped(threads, window, (count) -> {
				try (WriteBatch batch = new WriteBatch()) {
					for (int i = 0; i < count; i++) {
						batch.put(key(next[0]++), sealed(value));
					}
					if (next[0] > SpoolBenchmark.KEPT) {
						batch.deleteRange(key(Math.max(0, next[0] - count - SpoolBenchmark.KEPT)),
								key(next[0] - SpoolBenchmark.KEPT));
					}
					store.write(sync, batch);
				}
				catch (RocksDBException ex) {
					throw new IllegalStateException(ex);
				}
			});
		}
	}

	private static byte[] key(long number) {
		return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
	}

	private static double sqlite(Path file, byte[] value, int threads, int window) throws Exception {
		try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
			try (Statement statement = connection.createStatement()) {
				statement.execute("PRAGMA journal_mode=WAL");
				statement.execute("PRAGMA synchronous=FULL");
				statement.execute("CREATE TABLE IF NOT EXISTS spool (number INTEGER PRIMARY KEY, value BLOB)");
				statement.execute("DELETE FROM spool");
			}
			connection.setAutoCommit(false);
			long[] next = new long[1];
			try (PreparedStatement insert = connection.prepareStatement("INSERT INTO spool VALUES (?, ?)");
					PreparedStatement delete = connection.prepareStatement("DELETE FROM spool WHERE number < ?")) {
				return SpoolBenchmark.grouped(threads, window, (count) -> {
					try {
						for (int i = 0; i < count; i++) {
							insert.setLong(1, next[0]++);
							insert.setBytes(2, sealed(value));
							insert.addBatch();
						}
						insert.executeBatch();
						delete.setLong(1, next[0] - SpoolBenchmark.KEPT);
						delete.executeUpdate();
						connection.commit();
					}
					catch (SQLException ex) {
						throw new IllegalStateException(ex);
					}
				});
			}
		}
	}

	private static byte[] sealed(byte[] value) {
		CRC32C crc = new CRC32C();
		crc.update(value);
		return ByteBuffer.allocate(Integer.BYTES + value.length).putInt((int) crc.getValue()).put(value).array();
	}

	/**
	 * What is measured.
	 *
	 * @param name for people
	 * @param measurement measures it for a second
	 * @param rates what came out, by rounds
	 */
	@SuppressWarnings("ArrayRecordComponent")
	private record Peer(String name, Measurement measurement, double[] rates) {

	}

	@FunctionalInterface
	private interface Measurement {

		double run() throws Exception;

	}

}
