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

package io.github.reliablekafka.spool;

import org.jspecify.annotations.Nullable;

/**
 * How full a spool is, and how well.
 *
 * @param records that are not resolved
 * @param bytes taken by segments with such records
 * @param limitBytes how many there may be
 * @param segments files on disk
 * @param forces how often the disk was asked to make records durable
 * @param appended how many records were appended since the start
 * @param relocated how many records were written again since the start, so that files
 * could be used again
 * @param failure why nothing is taken any more; {@code null} if all is well
 * @since 0.1.0
 */
public record SpoolStatus(long records, long bytes, long limitBytes, int segments, long forces, long appended,
		long relocated, @Nullable String failure) {

}
