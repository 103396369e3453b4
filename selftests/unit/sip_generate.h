/* SPDX-License-Identifier: GPL-2.0-only
 *
 * SIP messages made at random, the same ones for the same state: valid ones, which use all of
 * the grammar's freedom (RFC 3261 25.1), and broken ones. Nothing here knows the scanner.
 */
#ifndef SIPWARD_UNIT_SIP_GENERATE_H
#define SIPWARD_UNIT_SIP_GENERATE_H

#include <stddef.h>
#include <stdint.h>

struct sip_random {
	uint64_t state;
};

/* Below `bound`, which is not 0. */
uint32_t sip_random_below(struct sip_random *random, uint32_t bound);

/* Writes one message that the profile `strict` must pass; `room` is 16384 octets at least.
 * Returns its size: below 1500 octets mostly, 12500 at most. */
size_t sip_generate(struct sip_random *random, uint8_t *text, size_t room);

/* Breaks the message in one to eight places. Returns its new size, `room` at most. */
size_t sip_mutate(struct sip_random *random, uint8_t *text, size_t size, size_t room);

#endif
