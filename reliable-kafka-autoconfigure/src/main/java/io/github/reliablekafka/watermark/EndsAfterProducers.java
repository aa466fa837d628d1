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

package io.github.reliablekafka.watermark;

import java.util.List;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.util.StringUtils;

/**
 * Makes everything that closes producers depend on a bean, so that the bean is destroyed
 * after all of it.
 */
final class EndsAfterProducers implements BeanFactoryPostProcessor {

	private final String beanName;

	EndsAfterProducers(String beanName) {
		this.beanName = beanName;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		for (Class<?> type : List.of(ProducerFactory.class, KafkaTemplate.class, KafkaTransactionManager.class)) {
			for (String name : beanFactory.getBeanNamesForType(type, true, false)) {
				dependOn(beanFactory, BeanFactoryUtils.transformedBeanName(name));
			}
		}
	}

	private void dependOn(ConfigurableListableBeanFactory beanFactory, String name) {
		try {
			BeanDefinition definition = beanFactory.getBeanDefinition(name);
			definition.setDependsOn(StringUtils.addStringToArray(definition.getDependsOn(), this.beanName));
		}
		catch (NoSuchBeanDefinitionException ex) {
			// A singleton that was registered as it is: whoever made it closes it.
		}
	}

}
