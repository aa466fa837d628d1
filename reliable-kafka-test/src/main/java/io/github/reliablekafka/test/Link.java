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

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * One direction in which connections are opened, from some party to a node, as a TCP
 * proxy that can be shut. Shut means: established connections are reset, and new ones are
 * refused, as by a host without that port. Bytes that were under way are lost, so a
 * request may have been carried out although its response never arrives.
 * <p>
 * Two daemon threads a connection. Thread-safe.
 */
final class Link implements AutoCloseable {

	private static final int CONNECT_TIMEOUT_MILLIS = 2000;

	private static final long ACCEPT_END_MILLIS = 2000;

	private static final int BUFFER_BYTES = 64 * 1024;

	private final InetSocketAddress front;

	private final InetSocketAddress back;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private @Nullable ServerSocket server;

	private @Nullable Thread acceptor;

	Link(InetSocketAddress front, InetSocketAddress back) {
		this.front = front;
		this.back = back;
	}

	synchronized void open() {
		if (this.server != null) {
			return;
		}
		try {
			ServerSocket opened = new ServerSocket();
			opened.setReuseAddress(true);
			opened.bind(this.front);
			this.server = opened;
			this.acceptor = startThread(() -> accept(opened), "accept");
		}
		catch (IOException ex) {
			throw new KafkaClusterException("Cannot listen on " + this.front, ex);
		}
	}

	void shut() {
		Thread accepting = closeServer();
		if (accepting != null) {
			try {
				// A socket in accept() keeps its port until that call has returned.
				accepting.join(ACCEPT_END_MILLIS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.sockets.forEach(this::reset);
		}
	}

	private synchronized @Nullable Thread closeServer() {
		ServerSocket opened = this.server;
		if (opened == null) {
			return null;
		}
		this.server = null;
		try {
			opened.close();
		}
		catch (IOException ex) {
			// A listener that cannot be closed properly accepts nothing either.
		}
		return this.acceptor;
	}

	@Override
	public void close() {
		shut();
	}

	private void accept(ServerSocket opened) {
		while (!opened.isClosed()) {
			try {
				Socket client = opened.accept();
				if (register(opened, client)) {
					startThread(() -> connect(opened, client), "connect");
				}
			}
			catch (IOException ex) {
				// Closed, or a client that left at once; the loop tells which.
			}
		}
	}

	private void connect(ServerSocket opened, Socket client) {
		Socket node = new Socket();
		try {
			client.setTcpNoDelay(true);
			node.setTcpNoDelay(true);
			node.connect(this.back, CONNECT_TIMEOUT_MILLIS);
		}
		catch (IOException ex) {
			reset(client);
			reset(node);
			return;
		}
		if (register(opened, node)) {
			startThread(() -> pump(node, client), "response");
			pump(client, node);
		}
		else {
			reset(client);
		}
	}

	// Under the lock: a connection made while the link is shut must not slip through.
	private synchronized boolean register(ServerSocket opened, Socket socket) {
		if (this.server != opened) {
			reset(socket);
			return false;
		}
		this.sockets.add(socket);
		return true;
	}

	private void pump(Socket source, Socket target) {
		try {
			InputStream in = source.getInputStream();
			OutputStream out = target.getOutputStream();
			byte[] buffer = new byte[BUFFER_BYTES];
			for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
				out.write(buffer, 0, count);
			}
			this.sockets.remove(source);
			this.sockets.remove(target);
			source.close();
			target.close();
		}
		catch (IOException ex) {
			reset(source);
			reset(target);
		}
	}

	private void reset(Socket socket) {
		this.sockets.remove(socket);
		try {
			socket.setSoLinger(true, 0);
		}
		catch (SocketException ex) {
			// Closed already.
		}
		try {
			socket.close();
		}
		catch (IOException ex) {
			// Gone, which was the aim.
		}
	}

	private Thread startThread(Runnable task, String role) {
		Thread thread = new Thread(task, "kafka-link-" + this.front.getPort() + "-" + role);
		thread.setDaemon(true);
		thread.start();
		return thread;
	}

	@Override
	public String toString() {
		return this.front + "->" + this.back;
	}

}
