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

package io.github.reliablekafka.report;

import org.springframework.context.ApplicationEvent;

/**
 * A report on records that a group did not get. Published once for each report and
 * process, whether it is an alarm or not, also while Kafka cannot be reached. Listeners
 * run one after the other in a thread of their own, so that a slow one delays later
 * events only. <pre class="code">
 * &#064;EventListener(condition = "#event.loss")
 * void onLoss(LossReportEvent event) {
 *     this.pager.call(event.getReport().toString());
 * }
 * </pre>
 *
 * @since 0.1.0
 */
@SuppressWarnings("serial")
public final class LossReportEvent extends ApplicationEvent {

	private final LossReport report;

	LossReportEvent(Object source, LossReport report) {
		super(source);
		this.report = report;
	}

	/**
	 * The report.
	 * @return what was found
	 */
	public LossReport getReport() {
		return this.report;
	}

	/**
	 * Whether records that somebody was promised are gone for the group.
	 * @return {@code true} for an alarm
	 */
	public boolean isLoss() {
		return this.report.isLoss();
	}

	@Override
	public String toString() {
		return this.report.toString();
	}

}
