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

/**
 * Is told what became of records with numbers of one session and partition; in
 * transactions, of one record. Safe for use by many threads. Of a number that is told
 * twice the first outcome counts.
 *
 * @since 0.1.0
 */
public interface NumberOutcomes {

	/**
	 * The session of the numbers.
	 * @return its id
	 */
	long session();

	/**
	 * Every in-sync replica has a record.
	 * @param number its number
	 * @param offset its offset; negative if the cluster did not say
	 */
	void acknowledged(long number, long offset);

	/**
	 * The sender of a record is told that it failed. It may have been written
	 * nevertheless.
	 * @param number its number
	 */
	void failed(long number);

}
