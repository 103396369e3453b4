/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs the scanner on a heap block of exactly the message and SIP_PAD octets, so that a
 * sanitizer sees every read behind it, and twice, with different octets in the pad, so that
 * a result that depends on them is seen too.
 */
#ifndef SIPWARD_SELFTESTS_SIP_EXACT_H
#define SIPWARD_SELFTESTS_SIP_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/sip_scan.h"

/* Octets that would mislead a scanner that looked behind the message. */
/* clang-format off */
static const char *const sip_pads[] = {
	"\0\0\0\0\0\0\0\0", "\r\n\r\n\r\n\r\n", "\n\n\n\n\n\n\n\n", "        ", "\r\r\r\r\r\r\r\r",
	":tag=x;\"", "@>;,\"<:?", "z9hG4bK.", "IP/2.0\r\n", "77777777",
	"\xff\xc3\x80\xe2\x28\xa1\xf0\x9f",
};
/* clang-format on */
#define SIP_PADS (sizeof(sip_pads) / sizeof(sip_pads[0]))

static const struct sw_bounds sip_default_bounds = {
#define BOUND(reason, key, value, ...) .key = value,
#include <sipward/bounds.def>
};

static inline struct sip_input sip_exact_input(size_t length, uint32_t flags, uint64_t want)
{
	return (struct sip_input){
		.length = length,
		.datagram_length = length,
		.flags = flags,
		.want = want,
		.bounds = sip_default_bounds,
	};
}

static inline void sip_scan_padded(const void *octets, const struct sip_input *in, const char *pad,
				   struct sip_msg *msg)
{
	uint8_t *block = malloc(in->length + SIP_PAD);

	if (in->length)
		memcpy(block, octets, in->length);
	for (size_t i = 0; i < SIP_PAD; i++)
		block[in->length + i] = pad[i % 8];
	sip_scan((const struct sip_buf *)block, in, msg);
	free(block);
}

/* False when two pads gave two results. `pad` picks which two. */
static inline bool sip_scan_exact(const void *octets, const struct sip_input *in, unsigned int pad,
				  struct sip_msg *msg)
{
	struct sip_msg other = *msg;

	sip_scan_padded(octets, in, sip_pads[pad % SIP_PADS], msg);
	sip_scan_padded(octets, in, sip_pads[(pad + 1 + pad / SIP_PADS) % SIP_PADS], &other);
	return !memcmp(msg, &other, sizeof(other));
}

#endif
