/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes SIP messages that are legal under RFC 3261, in every form that it allows, and broken
 * ones out of them. The same seed gives the same messages on every machine.
 */
#ifndef SIPWARD_SELFTESTS_SIP_GENERATE_H
#define SIPWARD_SELFTESTS_SIP_GENERATE_H

#include <stddef.h>
#include <stdint.h>

struct sip_random {
	uint64_t state;
};

/* A number below n; n > 0. */
uint32_t sip_random(struct sip_random *random, uint32_t n);

/* Room that any message made here fits into. */
#define SIP_GENERATE_MAX 16384

/* A legal message, and its length. It violates no check of any profile. */
size_t sip_generate(struct sip_random *random, char out[SIP_GENERATE_MAX]);

/* Breaks the message in place, or not; its new length, at most SIP_GENERATE_MAX. */
size_t sip_mutate(struct sip_random *random, char out[SIP_GENERATE_MAX], size_t length);

#endif
