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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ClusterReader}.
 */
class ClusterReaderTests {

	@Test
	void clusterThatDoesNotShowItsBrokersIsLookedAtAllTheSame() {
		Admin admin = mock(Admin.class);
		DescribeClusterResult cluster = mock(DescribeClusterResult.class);
		given(cluster.nodes()).willReturn(KafkaFuture
			.completedFuture(List.of(new Node(0, "there", 9092, "b", true), new Node(1, "here", 9092, "a", false))));
		given(admin.describeCluster(any(DescribeClusterOptions.class))).willReturn(cluster);
		KafkaFutureImpl<Config> refused = new KafkaFutureImpl<>();
		refused.completeExceptionally(new InvalidRequestException("not here"));
		DescribeConfigsResult configs = mock(DescribeConfigsResult.class);
		given(configs.values()).willReturn(Map.of(new ConfigResource(ConfigResource.Type.BROKER, "1"), refused));
		given(admin.describeConfigs(anyCollection(), any(DescribeConfigsOptions.class))).willReturn(configs);
		ClusterReader reader = new ClusterReader(admin, "here:9092",
				System.nanoTime() + Duration.ofSeconds(10).toNanos());
		ClusterState state = reader.settings(reader.brokers());
		assertThat(state.up()).containsExactly(1);
		assertThat(state.racks()).isEqualTo(Map.of(0, "b", 1, "a"));
		assertThat(state.settings().unreadable()).endsWith("has refused: InvalidRequestException");
	}

	@Test
	void clusterOfOldBrokersNamesOnlyThoseThatAreUp() {
		Admin admin = mock(Admin.class);
		DescribeClusterResult refused = mock(DescribeClusterResult.class);
		KafkaFutureImpl<Collection<Node>> unsupported = new KafkaFutureImpl<>();
		unsupported.completeExceptionally(new UnsupportedVersionException("older than 4.0"));
		given(refused.nodes()).willReturn(unsupported);
		given(admin.describeCluster(any(DescribeClusterOptions.class))).willReturn(refused);
		DescribeClusterResult cluster = mock(DescribeClusterResult.class);
		given(cluster.nodes()).willReturn(KafkaFuture.completedFuture(List.of(new Node(1, "here", 9092))));
		given(admin.describeCluster()).willReturn(cluster);
		assertThat(BoundedAdmin.nodes(admin, System.nanoTime() + Duration.ofSeconds(10).toNanos())).hasSize(1);
	}

}
