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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * A daemon thread with one task, which begins with the first note it is given. Notes run
 * on that thread, so that what they touch needs no locks. Whatever fails in a turn,
 * errors included, is logged and tried again later; notes run meanwhile, and one that
 * fails is logged and gone. After the end of the thread notes are refused. Giving notes
 * is safe for many threads.
 */
abstract class AuditLoop {

	private static final Log logger = LogFactory.getLog(AuditLoop.class);

	private static final Duration AFTER_SURPRISE = Duration.ofSeconds(30);

	private final BlockingQueue<Runnable> notes = new LinkedBlockingQueue<>();

	private final String name;

	private final Duration afterSurprise;

	private @Nullable Thread thread;

	private volatile boolean closing;

	private volatile long deadline;

	private volatile boolean over;

	/**
	 * Create a loop that has not begun.
	 * @param name of its thread, after {@code reliable-kafka-audit-}
	 */
	AuditLoop(String name) {
		this(name, AFTER_SURPRISE);
	}

	/**
	 * Create a loop that has not begun.
	 * @param name of its thread, after {@code reliable-kafka-audit-}
	 * @param afterSurprise how long to wait after a turn that failed
	 */
	AuditLoop(String name, Duration afterSurprise) {
		this.name = "reliable-kafka-audit-" + name;
		this.afterSurprise = afterSurprise;
	}

	/**
	 * Do what is due.
	 * @return how long to wait for a note before the next turn
	 */
	abstract Duration turn();

	/**
	 * Say what is left to be said.
	 * @param deadline when to stop, by {@link System#nanoTime()}
	 */
	void lastWords(long deadline) throws InterruptedException {
	}

	/**
	 * Let go of everything, without waiting.
	 */
	abstract void release();

	/**
	 * Give a note.
	 * @param note runs before the next turn; dropped after the end
	 */
	final void tell(Runnable note) {
		if (!this.over) {
			this.notes.add(note);
			begin();
		}
		if (this.over) {
			this.notes.clear();
		}
	}

	private synchronized void begin() {
		if (this.thread == null && !this.closing) {
			this.thread = new Thread(this::run, this.name);
			this.thread.setDaemon(true);
			this.thread.start();
		}
	}

	/**
	 * Whether the end has come, so that turns should not begin anything.
	 * @return {@code true} once closed
	 */
	final boolean isClosing() {
		return this.closing;
	}

	/**
	 * Run the notes that are there, or wait for one.
	 * @param patience how long to wait
	 * @throws InterruptedException if the thread shall end
	 */
	final void takeNotes(Duration patience) throws InterruptedException {
		Runnable note = this.notes.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
		while (note != null) {
			run(note);
			note = this.notes.poll();
		}
	}

	private void run(Runnable note) {
		try {
			note.run();
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException | Error ex) {
			logger.warn(this.name + " goes on after a failure", ex);
		}
	}

	private void run() {
		try {
			while (!this.closing) {
				attempt();
			}
			lastWords(this.deadline);
		}
		catch (InterruptedException | InterruptException ex) {
			// Asked to end.
		}
		catch (RuntimeException | Error ex) {
			logger.warn(this.name + " ends", ex);
		}
		finally {
			synchronized (this) {
				// Clients do not close on a thread that is interrupted, now or later.
				Thread.interrupted();
				this.over = true;
			}
			this.notes.clear();
			release();
		}
	}

	private void attempt() throws InterruptedException {
		Duration patience;
		try {
			patience = turn();
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (RuntimeException | Error ex) {
			logger.warn("%s failed and goes on in %s".formatted(this.name, this.afterSurprise), ex);
			long until = System.nanoTime() + this.afterSurprise.toNanos();
			while (!this.closing && System.nanoTime() - until < 0) {
				takeNotes(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
			}
			return;
		}
		takeNotes(patience);
	}

	/**
	 * Ask the thread to end.
	 * @param deadline for its last words, by {@link System#nanoTime()}
	 * @param now whether to break off what it does
	 */
	final void close(long deadline, boolean now) {
		synchronized (this) {
			this.deadline = deadline;
			this.closing = true;
			this.over |= this.thread == null;
		}
		this.notes.add(() -> {
		});
		if (now) {
			breakOff();
		}
	}

	/**
	 * Wait for the end of the thread, and break off what it does when the time is over.
	 * @throws InterruptedException if the caller shall not wait
	 */
	final void join() throws InterruptedException {
		Thread last;
		synchronized (this) {
			last = this.thread;
		}
		if (last != null) {
			last.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(this.deadline - System.nanoTime())));
			breakOff();
		}
	}

	private synchronized void breakOff() {
		if (this.thread != null && !this.over) {
			this.thread.interrupt();
		}
	}

}
