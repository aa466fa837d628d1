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

package io.github.reliablekafka.consumer;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.support.DefaultMessageHandlerMethodFactory;
import org.springframework.messaging.support.GenericMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AwaitingHandler}.
 */
class AwaitingHandlerTests {

	private static final Message<String> MESSAGE = new GenericMessage<>("value");

	@Test
	void whatTheWorkYieldsIsReturned() throws Exception {
		for (String method : new String[] { "nothing", "plain", "future", "hidden", "stage", "task", "mono" }) {
			HandlerAdapter handler = handler(method);
			assertThat(handler.isAsyncReplies()).as(method).isFalse();
			assertThat(handler.invoke(MESSAGE)).as(method).isEqualTo(method.equals("nothing") ? null : "done");
		}
		assertThat(handler("empty").invoke(MESSAGE)).isNull();
	}

	@Test
	void failureIsThatOfTheWork() {
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> handler("failed").invoke(MESSAGE));
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> handler("failedMono").invoke(MESSAGE));
		assertThatExceptionOfType(StackOverflowError.class).isThrownBy(() -> handler("error").invoke(MESSAGE));
	}

	private static HandlerAdapter handler(String name) throws NoSuchMethodException {
		DefaultMessageHandlerMethodFactory methods = new DefaultMessageHandlerMethodFactory();
		methods.afterPropertiesSet();
		Method method = Listeners.class.getDeclaredMethod(name, String.class);
		return AwaitingHandler.of(methods.createInvocableHandlerMethod(new Listeners(), method));
	}

	static class Listeners {

		void nothing(String value) {
		}

		String plain(String value) {
			return "done";
		}

		CompletableFuture<String> future(String value) {
			return CompletableFuture.supplyAsync(() -> "done",
					CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS));
		}

		Object hidden(String value) {
			return future(value);
		}

		CompletionStage<String> stage(String value) {
			return future(value).minimalCompletionStage();
		}

		Future<String> task(String value) {
			FutureTask<String> task = new FutureTask<>(() -> "done");
			new Thread(task).start();
			return task;
		}

		Mono<String> mono(String value) {
			return Mono.fromFuture(() -> future(value));
		}

		Mono<Void> empty(String value) {
			return mono(value).then();
		}

		CompletableFuture<String> failed(String value) {
			return future(value).thenApply((done) -> {
				throw new CompletionException(new CompletionException(new IOException("no disk")));
			});
		}

		Mono<String> failedMono(String value) {
			return Mono.error(() -> new IOException("no disk"));
		}

		CompletableFuture<String> error(String value) {
			return CompletableFuture.failedFuture(new StackOverflowError());
		}

	}

}
