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

/**
 * Walks round the application: which clusters, topics and listeners it uses. Has the
 * durability audit look at the topics, tells what that has shown, and completes topics
 * that the application declares.
 */
@NullMarked
package io.github.reliablekafka.survey;

import org.jspecify.annotations.NullMarked;
