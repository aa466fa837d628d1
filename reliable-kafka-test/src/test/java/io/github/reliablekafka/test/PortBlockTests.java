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
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PortBlock}.
 */
class PortBlockTests {

	@Test
	void reserveGivesDisjointFreePortsBelowTheEphemeralRange() throws IOException {
		List<PortBlock> blocks = new ArrayList<>();
		try {
			Set<Integer> ports = new HashSet<>();
			for (int count = 1; count <= 20; count++) {
				PortBlock block = PortBlock.reserve();
				blocks.add(block);
				IntStream.range(0, PortBlock.SIZE).map(block::port).forEach(ports::add);
				assertThat(ports).hasSize(count * PortBlock.SIZE).allMatch((port) -> port > 1023 && port < 32768);
			}
			try (ServerSocket socket = new ServerSocket(blocks.get(0).port(0), 1, InetAddress.getLoopbackAddress())) {
				assertThat(socket.isBound()).isTrue();
			}
		}
		finally {
			blocks.forEach(PortBlock::close);
		}
	}

	@Test
	void portOutsideTheBlockIsRefused() {
		try (PortBlock block = PortBlock.reserve()) {
			assertThatIllegalArgumentException().isThrownBy(() -> block.port(PortBlock.SIZE));
		}
	}

}
