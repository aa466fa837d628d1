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

import java.util.UUID;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import org.jspecify.annotations.Nullable;

/**
 * An order as it comes over HTTP. A client that may have to ask twice chooses the id, so
 * that both are one order.
 */
record OrderRequest(@Nullable UUID id, @NotBlank String item, @Positive int quantity) {

	Order toOrder() {
		return new Order((this.id != null) ? this.id : UUID.randomUUID(), this.item, this.quantity);
	}

}
