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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

import org.apache.kafka.common.serialization.Deserializer;

/**
 * Cannot read what starts with the byte 0xff, and changes everything else, so that the
 * bytes of a record cannot be had from the object.
 */
public class FragileDeserializer implements Deserializer<FragileDeserializer.Text> {

	@Override
	public Text deserialize(String topic, byte[] data) {
		if (data == null) {
			return null;
		}
		if (data.length > 0 && data[0] == (byte) 0xff) {
			throw new IllegalArgumentException("not readable");
		}
		return new Text(new String(data, StandardCharsets.UTF_8).toUpperCase(Locale.ROOT));
	}

	/**
	 * Something that no serializer of the application can write.
	 *
	 * @param text in upper case
	 */
	public record Text(String text) {
	}

}
