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

package io.github.reliablekafka.sequence;

import io.github.reliablekafka.report.LossReportEvent;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

/**
 * An application that listens until it is killed, and says what it got and what it found.
 */
@EnableAutoConfiguration
@Configuration(proxyBeanMethods = false)
public class ListeningMain {

	public static void main(String[] args) {
		new SpringApplicationBuilder(ListeningMain.class).web(WebApplicationType.NONE).run(args);
	}

	@KafkaListener(topics = "${topic}", groupId = "${group}")
	void listen(String value) throws InterruptedException {
		ChildProcess.say("GOT", value);
		Thread.sleep(1);
	}

	@EventListener
	void onReport(LossReportEvent event) {
		ChildProcess.say("REPORT", event.isLoss(), event.getReport().id());
	}

}
