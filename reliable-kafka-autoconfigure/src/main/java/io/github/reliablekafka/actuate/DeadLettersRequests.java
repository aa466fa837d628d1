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

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameter;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;

/**
 * Refuses requests to the {@link DeadLettersEndpoint} that have a field it does not know,
 * and answers over HTTP why a request is refused. Spring Boot does neither: without the
 * first, a redrive with a mistyped filter is one of all dead letters.
 */
final class DeadLettersRequests implements OperationInvokerAdvisor {

	private static final EndpointId ENDPOINT = EndpointId.of("deadletters");

	@Override
	public OperationInvoker apply(EndpointId endpointId, OperationType operationType, OperationParameters parameters,
			OperationInvoker invoker) {
		if (!ENDPOINT.equals(endpointId) || !parameters.hasParameters()) {
			return invoker;
		}
		return (context) -> invoke(context, parameters, invoker);
	}

	private static @Nullable Object invoke(InvocationContext context, OperationParameters parameters,
			OperationInvoker invoker) {
		try {
			verify(context.getArguments().keySet(), parameters);
			return invoker.invoke(context);
		}
		catch (InvalidEndpointRequestException ex) {
			// Only HTTP knows it.
			if (!context.canResolve(WebServerNamespace.class)) {
				throw ex;
			}
			return new WebEndpointResponse<>(Map.of("status", WebEndpointResponse.STATUS_BAD_REQUEST, "error",
					"Bad Request", "message", String.valueOf(ex.getMessage())), WebEndpointResponse.STATUS_BAD_REQUEST);
		}
	}

	private static void verify(Set<String> fields, OperationParameters parameters) {
		Set<String> unknown = new TreeSet<>(fields);
		parameters.forEach((parameter) -> unknown.remove(parameter.getName()));
		if (!unknown.isEmpty()) {
			// The topic is in the path, and who asks in no field.
			Set<String> known = parameters.stream()
				.filter((parameter) -> !parameter.isMandatory())
				.map(OperationParameter::getName)
				.collect(Collectors.toCollection(TreeSet::new));
			throw new InvalidEndpointRequestException("Unknown fields %s; known are %s".formatted(unknown, known),
					"unknown fields");
		}
	}

}
