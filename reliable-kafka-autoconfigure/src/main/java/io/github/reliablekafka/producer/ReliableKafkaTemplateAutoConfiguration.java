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

package io.github.reliablekafka.producer;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.support.ProducerListener;
import org.springframework.kafka.support.converter.RecordMessageConverter;
import org.springframework.kafka.support.micrometer.KafkaTemplateObservationConvention;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link ReliableKafkaTemplate} in the
 * place of Spring Boot's template and with all its {@code spring.kafka.template.*}
 * properties. Also there with {@code reliable.kafka.enabled=false}, so that the switch
 * asks for no change in code; it is then a plain template with {@code deliver} added.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class)
@ConditionalOnClass(KafkaTemplate.class)
@EnableConfigurationProperties(KafkaProperties.class)
public final class ReliableKafkaTemplateAutoConfiguration {

	private final KafkaProperties properties;

	ReliableKafkaTemplateAutoConfiguration(KafkaProperties properties) {
		this.properties = properties;
	}

	@Bean
	@ConditionalOnMissingBean(KafkaTemplate.class)
	ReliableKafkaTemplate<?, ?> kafkaTemplate(ProducerFactory<Object, Object> kafkaProducerFactory,
			ProducerListener<Object, Object> kafkaProducerListener,
			ObjectProvider<RecordMessageConverter> messageConverter,
			ObjectProvider<KafkaTemplateObservationConvention> observationConvention) {
		ReliableKafkaTemplate<Object, Object> template = new ReliableKafkaTemplate<>(kafkaProducerFactory);
		messageConverter.ifUnique(template::setMessageConverter);
		observationConvention.ifUnique(template::setObservationConvention);
		template.setProducerListener(kafkaProducerListener);
		PropertyMapper map = PropertyMapper.get();
		KafkaProperties.Template settings = this.properties.getTemplate();
		map.from(settings::getDefaultTopic).to(template::setDefaultTopic);
		map.from(settings::getTransactionIdPrefix).to(template::setTransactionIdPrefix);
		map.from(settings::getCloseTimeout).to(template::setCloseTimeout);
		map.from(settings::isAllowNonTransactional).to(template::setAllowNonTransactional);
		map.from(settings::isObservationEnabled).to(template::setObservationEnabled);
		return template;
	}

}
