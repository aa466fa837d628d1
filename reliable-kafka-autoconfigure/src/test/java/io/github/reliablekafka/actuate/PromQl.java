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

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Reads an expression of Prometheus as its own parser does, as far as shipped rules and
 * the dashboard need it, and refuses everything else: unknown functions and operators,
 * wrong types, what is left over at the end. Remembers what the expression asks for.
 */
final class PromQl {

	private static final Pattern TOKEN = Pattern
		.compile("\\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|(\\d+(?:ms|[smhdwy]))|(\\d+(?:\\.\\d+)?)|(\"(?:[^\"\\\\]|\\\\.)*\")"
				+ "|(=~|!~|!=|==|>=|<=|[-+*/%^(){}\\[\\],=<>]))");

	private static final Map<String, List<Type>> FUNCTIONS = Map.ofEntries(Map.entry("rate", List.of(Type.RANGE)),
			Map.entry("increase", List.of(Type.RANGE)), Map.entry("irate", List.of(Type.RANGE)),
			Map.entry("delta", List.of(Type.RANGE)), Map.entry("changes", List.of(Type.RANGE)),
			Map.entry("resets", List.of(Type.RANGE)), Map.entry("max_over_time", List.of(Type.RANGE)),
			Map.entry("min_over_time", List.of(Type.RANGE)), Map.entry("avg_over_time", List.of(Type.RANGE)),
			Map.entry("absent", List.of(Type.VECTOR)), Map.entry("abs", List.of(Type.VECTOR)),
			Map.entry("ceil", List.of(Type.VECTOR)), Map.entry("clamp_min", List.of(Type.VECTOR, Type.SCALAR)),
			Map.entry("clamp_max", List.of(Type.VECTOR, Type.SCALAR)), Map.entry("vector", List.of(Type.SCALAR)),
			Map.entry("scalar", List.of(Type.VECTOR)), Map.entry("time", List.of()));

	private static final Set<String> AGGREGATIONS = Set.of("sum", "min", "max", "avg", "count", "group");

	private static final Set<String> COMPARISONS = Set.of("==", "!=", ">", "<", ">=", "<=");

	// From the loosest to the tightest.
	private static final List<Set<String>> BINARY = List.of(Set.of("or"), Set.of("and", "unless"), COMPARISONS,
			Set.of("+", "-"), Set.of("*", "/", "%"), Set.of("^"));

	private final String expression;

	private final List<String> tokens = new ArrayList<>();

	private final List<Selector> selectors = new ArrayList<>();

	private int at;

	private PromQl(String expression) {
		this.expression = expression;
		Matcher matcher = TOKEN.matcher(expression);
		int end = 0;
		while (end < expression.length() && !expression.substring(end).isBlank()) {
			if (!matcher.find(end) || matcher.start() != end) {
				throw failure("cannot read what begins at " + end);
			}
			this.tokens.add(matcher.group().strip());
			end = matcher.end();
		}
	}

	/**
	 * Read an expression.
	 * @param expression what Prometheus is to evaluate
	 * @return what it asks for
	 * @throws IllegalArgumentException if Prometheus would refuse it
	 */
	static Query parse(String expression) {
		PromQl parser = new PromQl(expression);
		Value value = parser.binary(0);
		if (parser.at < parser.tokens.size()) {
			throw parser.failure("'%s' is left over".formatted(parser.tokens.get(parser.at)));
		}
		if (value.type != Type.VECTOR && value.type != Type.SCALAR) {
			throw parser.failure("the result is a " + value.type);
		}
		return new Query(parser.selectors, value.labels);
	}

	private Value binary(int level) {
		if (level == BINARY.size()) {
			return unary();
		}
		Value left = binary(level + 1);
		while (BINARY.get(level).contains(peek())) {
			String operator = next();
			boolean ofSets = Set.of("or", "and", "unless").contains(operator);
			if (accept("bool") && !COMPARISONS.contains(operator)) {
				throw failure("bool is for comparisons");
			}
			if (accept("on") || accept("ignoring")) {
				labels();
			}
			Value right = binary(level + 1);
			if (left.type == Type.RANGE || right.type == Type.RANGE || left.type == Type.STRING
					|| right.type == Type.STRING) {
				throw failure("'%s' of a %s and a %s".formatted(operator, left.type, right.type));
			}
			if (ofSets && (left.type != Type.VECTOR || right.type != Type.VECTOR)) {
				throw failure("'%s' is for vectors".formatted(operator));
			}
			Set<String> labels = left.labels;
			if (left.type != Type.VECTOR) {
				labels = right.labels;
			}
			else if (operator.equals("or") && left.labels != null && right.labels != null) {
				labels = new HashSet<>(left.labels);
				labels.retainAll(right.labels);
			}
			boolean scalar = left.type == Type.SCALAR && right.type == Type.SCALAR;
			left = new Value(scalar ? Type.SCALAR : Type.VECTOR, labels);
		}
		return left;
	}

	private Value unary() {
		if (accept("-") || accept("+")) {
			return unary();
		}
		Value value = primary();
		if (accept("[")) {
			duration();
			expect("]");
			if (!value.selector) {
				throw failure("a range of what is no selector");
			}
			value = new Value(Type.RANGE, value.labels);
		}
		if (accept("offset")) {
			duration();
		}
		return value;
	}

	private Value primary() {
		String token = next();
		if (token.equals("(")) {
			Value inner = binary(0);
			expect(")");
			return new Value(inner.type, inner.labels);
		}
		if (token.startsWith("\"")) {
			return new Value(Type.STRING, Set.of());
		}
		if (Character.isDigit(token.charAt(0))) {
			return new Value(Type.SCALAR, Set.of());
		}
		if (!Character.isLetter(token.charAt(0)) && token.charAt(0) != '_') {
			throw failure("'%s' where a value should be".formatted(token));
		}
		if (AGGREGATIONS.contains(token)) {
			return aggregation();
		}
		if (peek().equals("(")) {
			return function(token);
		}
		return selector(token);
	}

	private Value aggregation() {
		Set<String> by = grouping();
		int first = this.selectors.size();
		expect("(");
		Value inner = binary(0);
		expect(")");
		if (by == null) {
			by = grouping();
		}
		if (inner.type != Type.VECTOR) {
			throw failure("an aggregation of a " + inner.type);
		}
		Set<String> labels = (by != null) ? by : Set.of();
		if (inner.labels != null && !inner.labels.containsAll(labels)) {
			throw failure("%s are not all in %s".formatted(labels, inner.labels));
		}
		for (int i = first; i < this.selectors.size(); i++) {
			this.selectors.get(i).labels.addAll(labels);
		}
		return new Value(Type.VECTOR, labels);
	}

	private @Nullable Set<String> grouping() {
		return accept("by") ? labels() : null;
	}

	private Value function(String name) {
		List<Type> parameters = FUNCTIONS.get(name);
		if (parameters == null) {
			throw failure("there is no function '%s'".formatted(name));
		}
		expect("(");
		Set<String> labels = Set.of();
		for (int i = 0; i < parameters.size(); i++) {
			if (i > 0) {
				expect(",");
			}
			Value argument = binary(0);
			if (argument.type != parameters.get(i)) {
				throw failure("%s of a %s".formatted(name, argument.type));
			}
			if (argument.type != Type.SCALAR) {
				labels = argument.labels;
			}
		}
		expect(")");
		return new Value(Set.of("scalar", "time").contains(name) ? Type.SCALAR : Type.VECTOR, labels);
	}

	private Value selector(String metric) {
		Map<String, String> matchers = new TreeMap<>();
		if (accept("{")) {
			while (!accept("}")) {
				String label = next();
				String operator = next();
				String value = next();
				if (!label.matches("[a-zA-Z_][a-zA-Z0-9_]*") || !Set.of("=", "!=", "=~", "!~").contains(operator)
						|| !value.startsWith("\"")) {
					throw failure("'%s%s%s' is no matcher".formatted(label, operator, value));
				}
				String content = value.substring(1, value.length() - 1);
				matchers.put(label, operator.endsWith("~") ? Pattern.compile(content).pattern() : content);
				if (!peek().equals("}")) {
					expect(",");
				}
			}
		}
		this.selectors.add(new Selector(metric, matchers, new LinkedHashSet<>(matchers.keySet())));
		return new Value(Type.VECTOR, null, true);
	}

	private Set<String> labels() {
		Set<String> labels = new LinkedHashSet<>();
		expect("(");
		while (!accept(")")) {
			String label = next();
			if (!label.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
				throw failure("'%s' is no label".formatted(label));
			}
			labels.add(label);
			if (!peek().equals(")")) {
				expect(",");
			}
		}
		return labels;
	}

	private void duration() {
		if (!next().matches("\\d+(?:ms|[smhdwy])")) {
			throw failure("no duration");
		}
	}

	private String peek() {
		return (this.at < this.tokens.size()) ? this.tokens.get(this.at) : "";
	}

	private String next() {
		if (this.at == this.tokens.size()) {
			throw failure("it ends too early");
		}
		return this.tokens.get(this.at++);
	}

	private boolean accept(String token) {
		if (peek().equals(token)) {
			this.at++;
			return true;
		}
		return false;
	}

	private void expect(String token) {
		if (!accept(token)) {
			throw failure("'%s' instead of '%s'".formatted(peek(), token));
		}
	}

	private IllegalArgumentException failure(String reason) {
		return new IllegalArgumentException("%s: %s".formatted(reason, this.expression));
	}

	private enum Type {

		SCALAR, VECTOR, RANGE, STRING

	}

	/**
	 * A part of the expression; labels are {@code null} for all that the metric has.
	 */
	private record Value(Type type, @Nullable Set<String> labels, boolean selector) {

		Value(Type type, @Nullable Set<String> labels) {
			this(type, labels, false);
		}

	}

	/**
	 * What an expression asks for.
	 *
	 * @param selectors the series
	 * @param labels the labels of its result; {@code null} for all that its metric has
	 */
	record Query(List<Selector> selectors, @Nullable Set<String> labels) {

	}

	/**
	 * Series of one metric.
	 *
	 * @param metric the name
	 * @param matchers values of labels
	 * @param labels the labels that the metric must have
	 */
	record Selector(String metric, Map<String, String> matchers, Set<String> labels) {

	}

}
