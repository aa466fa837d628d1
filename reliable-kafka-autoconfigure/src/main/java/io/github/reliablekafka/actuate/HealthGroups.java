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

package io.github.reliablekafka.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.web.AdditionalPathsMapper;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.health.actuate.endpoint.AdditionalHealthEndpointPath;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroup;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroupsPostProcessor;
import org.springframework.boot.health.actuate.endpoint.HttpCodeStatusMapper;
import org.springframework.boot.health.actuate.endpoint.StatusAggregator;
import org.springframework.core.Ordered;

/**
 * Adds parts of the starter's health to the groups that Spring Boot makes for the probes
 * of Kubernetes, and makes one more, {@code startup}. A group of which the application
 * says itself what is in it stays as it is, and without probes there are no groups.
 */
final class HealthGroups implements HealthEndpointGroupsPostProcessor, Ordered {

	static final String LIVENESS = "liveness";

	static final String READINESS = "readiness";

	static final String STARTUP = "startup";

	private static final String CONTRIBUTOR = "reliableKafka/";

	/**
	 * What Spring Boot's own group for readiness has.
	 */
	private static final String READINESS_STATE = "readinessState";

	private static final Set<String> PARTS = Set.of("producers", "spool", "listeners", "losses", "durability");

	private final ReliableKafkaHealthProperties.Groups parts;

	private final Predicate<String> taken;

	/**
	 * Create a post-processor.
	 * @param parts which parts go into which group
	 * @param taken tells whether the application decides on a group of that name, or has
	 * a health contributor that is called so
	 */
	HealthGroups(ReliableKafkaHealthProperties.Groups parts, Predicate<String> taken) {
		this.parts = parts;
		this.taken = taken;
	}

	// Behind the one that makes the groups for probes, which is in the same place and
	// was registered before.
	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	@Override
	public HealthEndpointGroups postProcessHealthEndpointGroups(HealthEndpointGroups groups) {
		Map<String, HealthEndpointGroup> all = new LinkedHashMap<>();
		for (String name : groups.getNames()) {
			HealthEndpointGroup group = groups.get(name);
			if (group != null) {
				all.put(name, group);
			}
		}
		HealthEndpointGroup readiness = all.get(READINESS);
		add(all, LIVENESS, this.parts.liveness());
		add(all, READINESS, this.parts.readiness());
		if (readiness != null && !all.containsKey(STARTUP) && !this.taken.test(STARTUP)) {
			all.put(STARTUP, new Group(readiness, members(STARTUP, this.parts.startup()), true));
		}
		return new Groups(groups, all);
	}

	private void add(Map<String, HealthEndpointGroup> all, String name, List<String> names) {
		HealthEndpointGroup group = all.get(name);
		if (group != null && !names.isEmpty() && !this.taken.test(name)) {
			all.put(name, new Group(group, members(name, names), false));
		}
	}

	private static Set<String> members(String group, List<String> names) {
		if (!PARTS.containsAll(names)) {
			throw new InvalidConfigurationPropertyValueException("reliable.kafka.health.groups." + group, names,
					"These are parts: %s".formatted(new TreeSet<>(PARTS)));
		}
		return names.stream().map(CONTRIBUTOR::concat).collect(Collectors.toUnmodifiableSet());
	}

	/**
	 * Another group with more members, or the group for the start, which is only answered
	 * like another one.
	 */
	private static final class Group implements HealthEndpointGroup {

		private final HealthEndpointGroup group;

		private final Set<String> members;

		private final boolean startup;

		private Group(HealthEndpointGroup group, Set<String> members, boolean startup) {
			this.group = group;
			this.members = members;
			this.startup = startup;
		}

		@Override
		public boolean isMember(String name) {
			return this.members.contains(name)
					|| (this.startup ? name.equals(READINESS_STATE) : this.group.isMember(name));
		}

		@Override
		public boolean showComponents(SecurityContext securityContext) {
			return this.group.showComponents(securityContext);
		}

		@Override
		public boolean showDetails(SecurityContext securityContext) {
			return this.group.showDetails(securityContext);
		}

		@Override
		public StatusAggregator getStatusAggregator() {
			return this.group.getStatusAggregator();
		}

		@Override
		public HttpCodeStatusMapper getHttpCodeStatusMapper() {
			return this.group.getHttpCodeStatusMapper();
		}

		@Override
		public @Nullable AdditionalHealthEndpointPath getAdditionalPath() {
			return this.startup ? null : this.group.getAdditionalPath();
		}

	}

	/**
	 * All groups. The paths beside the endpoint are as they were.
	 *
	 * @param groups those before
	 * @param all those now, by name
	 */
	private record Groups(HealthEndpointGroups groups,
			Map<String, HealthEndpointGroup> all) implements HealthEndpointGroups, AdditionalPathsMapper {

		@Override
		public HealthEndpointGroup getPrimary() {
			return this.groups.getPrimary();
		}

		@Override
		public Set<String> getNames() {
			return this.all.keySet();
		}

		@Override
		public @Nullable HealthEndpointGroup get(String name) {
			return this.all.get(name);
		}

		@Override
		public @Nullable List<String> getAdditionalPaths(EndpointId endpointId, WebServerNamespace webServerNamespace) {
			return (this.groups instanceof AdditionalPathsMapper mapper)
					? mapper.getAdditionalPaths(endpointId, webServerNamespace) : null;
		}

	}

}
