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

package io.github.reliablekafka.survey;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.Violation;
import org.jspecify.annotations.Nullable;

/**
 * What one look at a cluster shows that the look before did not, a line each: violations
 * that came, topics that somebody altered, violations that went. The same violation of
 * many topics is one line, and those that follow from too few brokers are in the line
 * about the brokers.
 */
final class DurabilityChanges {

	private static final int MOST_NAMES = 10;

	private static final int MOST_LINES = 20;

	private static final String TOO_FEW_BROKERS = "cluster.brokers";

	private static final List<String> FOLLOW_FROM_BROKERS = List.of("topic.replicas", "topic.min-in-sync-replicas",
			"topic.racks", "cluster.internal-topics");

	private final List<String> alarms = new ArrayList<>();

	private final List<String> notes = new ArrayList<>();

	private final Predicate<Violation> accepted;

	private DurabilityChanges(Predicate<Violation> accepted) {
		this.accepted = accepted;
	}

	/**
	 * Compare two looks.
	 * @param before what was seen before; {@code null} for nothing
	 * @param now what is seen now
	 * @param accepted the violations that nobody has to be told of
	 * @return the difference
	 */
	static DurabilityChanges between(@Nullable ClusterDurability before, ClusterDurability now,
			Predicate<Violation> accepted) {
		DurabilityChanges changes = new DurabilityChanges(accepted);
		Map<String, Violation> old = (before != null) ? changes.open(before) : Map.of();
		Map<String, Violation> present = changes.open(now);
		Map<String, Violation> came = new LinkedHashMap<>(present);
		came.keySet().removeAll(old.keySet());
		Map<String, Violation> all = changes.all(now);
		changes.sayCame(now, came);
		if (before != null) {
			changes.sayAltered(before, now);
		}
		old.forEach((key, violation) -> {
			// What was to be feared may have come about: that is told already.
			if (!all.containsKey(key)
					&& came.values().stream().noneMatch((come) -> isOfTheSameGroup(violation, come))) {
				changes.sayGone(now, violation);
			}
		});
		return changes;
	}

	private static boolean isOfTheSameGroup(Violation one, Violation other) {
		return one.risk().equals("topic.retention") && other.risk().equals(one.risk())
				&& other.subject().equals(one.subject()) && group(other).equals(group(one));
	}

	private static String group(Violation violation) {
		return violation.required().replaceFirst(".*(group '[^']*').*", "$1");
	}

	// A violation goes also when somebody takes a permission or the topic away.
	private void sayGone(ClusterDurability now, Violation violation) {
		String was = "%s: %s was '%s'".formatted(violation.subject(), violation.setting(), violation.actual());
		TopicDurability topic = now.topics()
			.stream()
			.filter((one) -> violation.subject().equals("topic '%s'".formatted(one.topic())))
			.findFirst()
			.orElse(null);
		boolean ofTopic = violation.risk().startsWith("topic.");
		if (ofTopic && (topic == null || !topic.present())) {
			this.notes.add("No longer there, or not used any more: " + was);
		}
		else if (!unseen(now, topic, violation).isEmpty()) {
			this.alarms.add("Cannot be seen any more, so it may still be so: %s. %s".formatted(was,
					unseen(now, topic, violation)));
		}
		else {
			this.notes.add("Mended or gone: " + was);
		}
	}

	// What could not be read and would be needed to see the violation.
	private static List<String> unseen(ClusterDurability now, @Nullable TopicDurability topic, Violation violation) {
		List<String> unseen = new ArrayList<>((topic != null) ? topic.unknown() : List.of());
		now.unknown()
			.stream()
			.filter((what) -> what.startsWith("offsets of") ? violation.risk().equals("topic.retention")
					: violation.risk().equals("cluster.internal-topics"))
			.forEach(unseen::add);
		return unseen;
	}

	/**
	 * What is worse than before.
	 * @return a line each, for a warning
	 */
	List<String> alarms() {
		return atMost(this.alarms);
	}

	/**
	 * What is different, but not worse.
	 * @return a line each
	 */
	List<String> notes() {
		return atMost(this.notes);
	}

	private static List<String> atMost(List<String> lines) {
		if (lines.size() <= MOST_LINES) {
			return lines;
		}
		List<String> some = new ArrayList<>(lines.subList(0, MOST_LINES));
		some.add("and %d more changes of the kind".formatted(lines.size() - MOST_LINES));
		return some;
	}

	// What follows from too few brokers is left out, so that it is said once there are
	// enough brokers and the topics are still as they were.
	private Map<String, Violation> open(ClusterDurability cluster) {
		Map<String, Violation> open = all(cluster);
		boolean tooFew = open.values().stream().anyMatch((violation) -> violation.risk().equals(TOO_FEW_BROKERS));
		if (tooFew) {
			open.values().removeIf((violation) -> FOLLOW_FROM_BROKERS.contains(violation.risk()));
		}
		return open;
	}

	private Map<String, Violation> all(ClusterDurability cluster) {
		Map<String, Violation> open = new LinkedHashMap<>();
		DurabilityBoard.violationsOf(cluster)
			.stream()
			.filter(this.accepted.negate())
			// Not the setting and the reason: there are partitions and times in them,
			// which
			// are others in each look.
			.forEach((violation) -> open
				.put("%s %s %s".formatted(violation.risk(), violation.subject(), violation.required()), violation));
		return open;
	}

	private void sayCame(ClusterDurability cluster, Map<String, Violation> came) {
		Map<String, List<Violation>> alike = new TreeMap<>();
		came.values()
			.forEach((violation) -> alike
				.computeIfAbsent(violation.risk() + " " + setting(violation) + " " + violation.actual(),
						(key) -> new ArrayList<>())
				.add(violation));
		alike.values().forEach((violations) -> this.alarms.add(line(cluster, violations)));
	}

	private static String line(ClusterDurability cluster, List<Violation> violations) {
		Violation first = violations.get(0);
		String subjects = violations.stream()
			.limit(MOST_NAMES)
			.map(Violation::subject)
			.collect(Collectors.joining(", "));
		if (violations.size() > MOST_NAMES) {
			subjects += " and %d more".formatted(violations.size() - MOST_NAMES);
		}
		List<String> below = first.risk().equals(TOO_FEW_BROKERS) ? below(cluster) : List.of();
		String concerned = below.isEmpty() ? "" : "; that concerns %d topics: %s".formatted(below.size(), names(below));
		return "%s: %s is '%s'%s, required %s, because %s%s. %s. Durability risk=%s subjects=%d cluster=%s".formatted(
				subjects, (violations.size() > 1) ? setting(first) : first.setting(), first.actual(),
				(first.origin() != null) ? " (" + first.origin() + ")" : "", first.required(), first.reason(),
				concerned, (violations.size() > 1) ? "For the first: " + first.remedy() : first.remedy(), first.risk(),
				violations.size(), cluster.cluster());
	}

	// Without the partitions, which differ from topic to topic.
	private static String setting(Violation violation) {
		return violation.setting().replaceAll(" of partitions? [0-9].*", "");
	}

	private static List<String> below(ClusterDurability cluster) {
		return cluster.topics()
			.stream()
			.filter((topic) -> topic.present() && topic.level().compareTo(topic.required()) < 0)
			.map(TopicDurability::topic)
			.toList();
	}

	private static String names(List<String> topics) {
		return topics.stream().limit(MOST_NAMES).collect(Collectors.joining(", "))
				+ ((topics.size() > MOST_NAMES) ? " and %d more".formatted(topics.size() - MOST_NAMES) : "");
	}

	// Said at once, though it may only be for as long as a broker starts again.
	private static int danger(TopicDurability topic) {
		String inSync = topic.facts().get("fewest-in-sync");
		if ("0".equals(inSync)) {
			return 2;
		}
		return ("1".equals(inSync) && !"1".equals(topic.facts().get("replicas"))) ? 1 : 0;
	}

	private void sayAltered(ClusterDurability before, ClusterDurability now) {
		Map<String, TopicDurability> known = new TreeMap<>();
		before.topics().forEach((topic) -> known.put(topic.topic(), topic));
		for (TopicDurability topic : now.topics()) {
			TopicDurability old = known.get(topic.topic());
			if (old == null || old.facts().isEmpty() || topic.facts().isEmpty()) {
				continue;
			}
			List<String> differences = new ArrayList<>();
			topic.facts().forEach((name, value) -> {
				String earlier = old.facts().get(name);
				if (!Objects.equals(earlier, value)) {
					differences.add("%s was '%s' and is '%s'".formatted(name, earlier, value));
				}
			});
			if (!differences.isEmpty()) {
				boolean worse = topic.level().compareTo(old.level()) < 0 || danger(topic) > danger(old);
				(worse ? this.alarms : this.notes)
					.add("topic '%s' has changed: %s; it survives %s%s. Durability topic=%s".formatted(topic.topic(),
							String.join(", ", differences), topic.levelInWords(),
							(topic.level() != old.level()) ? " instead of " + old.levelInWords() : "", topic.topic()));
			}
		}
	}

}
