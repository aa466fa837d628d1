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

package io.github.reliablekafka.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * An application that sends as fast as the client's memory takes it, and waits for the
 * acknowledgements at the end.
 */
final class Sending implements Work {

	private static final int KEYS = 10_000;

	private static final int VALUES = 64;

	/**
	 * That of a number, as the table of the single steps has it.
	 */
	private static final int HEADER_BYTES = 16;

	private static final long WARM_UP_STEP = 20_000;

	private final Mode mode;

	private final int threads;

	private final byte[][] keys = new byte[KEYS][];

	private final byte[][] values = new byte[VALUES][];

	private final Order[] orders = new Order[VALUES];

	private boolean reuseValues;

	private boolean json;

	private final ConfigurableApplicationContext context;

	private final ModeSettings settings;

	private final ExecutorService executor;

	private final Sender sender;

	private long sent;

	Sending(Mode mode, String[] args) {
		this.mode = mode;
		this.threads = mode.workload().sendingThreads();
		this.context = SpringApplication.run(Application.class, args);
		this.settings = ModeSettings.of(this.context.getEnvironment());
		prepare(this.settings);
		this.sender = sender(this.context);
		this.executor = Executors.newFixedThreadPool(this.threads);
	}

	@Override
	public void warmUp() {
		long start = System.nanoTime();
		while (!this.settings.isWarm(start, this.sent)) {
			send(Math.min(WARM_UP_STEP, this.settings.records()));
		}
	}

	@Override
	public Figures turn() {
		System.gc();
		JvmUsage before = JvmUsage.now();
		long records = send(this.settings.records());
		JvmUsage usage = JvmUsage.now().minus(before);
		if (this.mode.isSpooled()) {
			// A receipt may come before the acknowledgement.
			this.context.getBean(KafkaTemplate.class).flush();
		}
		if (this.mode.isCovered()) {
			Starter.requireSent(this.context, this.sent, this.mode.isNumbered());
		}
		return Figures.of(records, usage).with(Figures.SENT, (double) this.sent);
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
		this.context.close();
	}

	private Sender sender(ConfigurableApplicationContext context) {
		@SuppressWarnings("unchecked")
		KafkaTemplate<byte[], byte[]> template = context.getBean(KafkaTemplate.class);
		if (this.mode.isWithHeader()) {
			List<Header> headers = List.of(new RecordHeader("no", new byte[HEADER_BYTES]));
			return (topic, key, value) -> template.send(new ProducerRecord<>(topic, null, key, value, headers));
		}
		return this.mode.isDelivering() ? Starter.deliver(template) : template::send;
	}

	private void prepare(ModeSettings settings) {
		this.reuseValues = settings.reuseValues();
		this.json = settings.json();
		SplittableRandom random = new SplittableRandom(1);
		for (int i = 0; i < KEYS; i++) {
			this.keys[i] = new byte[8];
			random.nextBytes(this.keys[i]);
		}
		for (int i = 0; i < VALUES; i++) {
			this.values[i] = new byte[settings.recordSize()];
			random.nextBytes(this.values[i]);
			if (this.json) {
				this.orders[i] = Order.random(random, settings.recordSize());
				this.values[i] = this.orders[i].json();
			}
		}
	}

	private long send(long records) {
		long each = Math.max(1, records / this.threads);
		Acknowledgements acknowledgements = new Acknowledgements(each * this.threads);
		List<Future<?>> loops = new ArrayList<>();
		for (int thread = 0; thread < this.threads; thread++) {
			long seed = thread;
			loops.add(this.executor.submit(() -> send(each, new SplittableRandom(seed), acknowledgements)));
		}
		try {
			for (Future<?> loop : loops) {
				loop.get();
			}
			acknowledgements.await();
		}
		catch (ExecutionException | InterruptedException ex) {
			throw new IllegalStateException("Sending failed", ex);
		}
		this.sent += each * this.threads;
		return each * this.threads;
	}

	@SuppressWarnings("FutureReturnValueIgnored") // each is counted
	private void send(long records, SplittableRandom random, Acknowledgements acknowledgements) {
		for (long i = 0; i < records; i++) {
			byte[] key = this.keys[random.nextInt(KEYS)];
			this.sender.send(this.settings.topic(), key, value(random.nextInt(VALUES))).whenComplete(acknowledgements);
		}
	}

	private byte[] value(int index) {
		if (this.reuseValues) {
			return this.values[index];
		}
		return this.json ? this.orders[index].json() : this.values[index].clone();
	}

	/**
	 * The application.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
