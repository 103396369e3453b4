/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes captures in the pcapng format (IETF draft-ietf-opsawg-pcapng), which has what the old
 * one lacks: a comment for each packet.
 */
#ifndef SIPWARD_EXPORT_PCAPNG_H
#define SIPWARD_EXPORT_PCAPNG_H

#include "base/base.h"

struct pcapng {
	FILE *out;
	int error;            /* of the first write that failed, 0: none did */
	uint32_t *interfaces; /* ifindex of each, in order of their blocks */
	size_t interface_count;
};

/* Writes the head of a file to *out, which the caller opened and closes. */
void pcapng_begin(struct pcapng *pcapng, FILE *out);
void pcapng_free(struct pcapng *pcapng);

/* One Ethernet frame of the interface (its name may be unknown: NULL), at `time` nanoseconds
 * since 1970. */
void pcapng_packet(struct pcapng *pcapng, uint32_t ifindex, const char *name, uint64_t time,
		   const void *frame, uint32_t size, const char *comment);

#endif
