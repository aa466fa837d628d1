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

package io.github.reliablekafka.idempotency;

import java.util.Arrays;
import java.util.Objects;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.util.StringUtils;

/**
 * The {@code DataSource} that has the marks of processed records. It has to be the one
 * that listeners write to, which only the application knows if it has several.
 */
final class MarkedDataSource {

	private static final String PROPERTY = "reliable.kafka.idempotency.jdbc.data-source";

	private MarkedDataSource() {
	}

	/**
	 * Find it.
	 * @param beanFactory has all of them
	 * @param name of the bean; {@code null} for the only or primary one
	 * @return what transactions are bound to
	 */
	static DataSource of(ListableBeanFactory beanFactory, @Nullable String name) {
		String[] names = beanFactory.getBeanNamesForType(DataSource.class);
		if (StringUtils.hasText(name)) {
			if (!beanFactory.containsBean(name) || !beanFactory.isTypeMatch(name, DataSource.class)) {
				throw new IllegalStateException("%s=%s names no DataSource bean. Those of the application are %s"
					.formatted(PROPERTY, name, Arrays.toString(names)));
			}
			return target(beanFactory.getBean(name, DataSource.class));
		}
		DataSource only = beanFactory.getBeanProvider(DataSource.class).getIfUnique();
		if (only == null) {
			throw new IllegalStateException((names.length == 0)
					? "reliable.kafka.idempotency.store=jdbc needs a DataSource bean, and there is none"
					: "reliable.kafka.idempotency.store=jdbc writes its marks in the transactions of listeners, and which of the DataSource beans %s these are of is not known: name it in %s, or mark it as @Primary"
						.formatted(Arrays.toString(names), PROPERTY));
		}
		return target(only);
	}

	// Transactions are bound to what such a proxy is for.
	private static DataSource target(DataSource dataSource) {
		return (dataSource instanceof TransactionAwareDataSourceProxy proxy)
				? Objects.requireNonNull(proxy.getTargetDataSource()) : dataSource;
	}

}
