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

package io.github.reliablekafka.sample.orders;

import java.net.URI;
import java.time.Duration;
import java.util.UUID;

import io.github.reliablekafka.producer.DeliveryPendingException;
import jakarta.validation.Valid;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * Orders over HTTP. 202 is a promise: the order is on every in-sync replica, or on this
 * machine's disk on its way there. An order of which neither is known in time is not
 * promised, but not lost either: 503, and its location tells what became of it.
 */
@RestController
class OrderController {

	private final OrderService service;

	private final OrderRepository orders;

	private final Duration timeout;

	OrderController(OrderService service, OrderRepository orders,
			@Value("${sample.acknowledgement-timeout:5s}") Duration timeout) {
		this.service = service;
		this.orders = orders;
		this.timeout = timeout;
	}

	@PostMapping("/orders")
	ResponseEntity<?> place(@Valid @RequestBody OrderRequest request, UriComponentsBuilder uri) {
		Order order = request.toOrder();
		URI location = uri.path("/orders/{id}").build(order.id());
		try {
			this.service.place(order, this.timeout);
			return ResponseEntity.accepted().location(location).body(order);
		}
		catch (DeliveryPendingException ex) {
			ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE,
					"Not acknowledged yet, but on its way. Before you send it again, look at its location; "
							+ "then send it with the same id");
			problem.setProperty("id", order.id());
			return ResponseEntity.status(problem.getStatus()).location(location).body(problem);
		}
	}

	@GetMapping("/orders/{id}")
	ResponseEntity<FulfilledOrder> find(@PathVariable UUID id) {
		return ResponseEntity.of(this.orders.find(id));
	}

}
