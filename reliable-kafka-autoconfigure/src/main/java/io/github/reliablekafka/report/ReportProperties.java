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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;

/**
 * Where it is kept what was found missing.
 *
 * @param reportsTopic Topic for reports on records that were lost or are missing, in the
 * cluster of the records. Created when the first report is written.
 */
@ConfigurationProperties("reliable.kafka.sequence")
record ReportProperties(@DefaultValue("rk-audit-reports") String reportsTopic) {

	ReportProperties {
		Assert.hasText(reportsTopic, "reliable.kafka.sequence.reports-topic must not be empty");
	}

}
