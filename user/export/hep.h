/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Packets for Homer, in HEP version 3 (the "EEP" draft of sipcapture.org). Chunks have the vendor
 * 0 only: Homer's server does not look at the vendor of a chunk, and would take another one's for
 * its own.
 */
#ifndef SIPWARD_EXPORT_HEP_H
#define SIPWARD_EXPORT_HEP_H

#include <stddef.h>
#include <stdint.h>

#include <sipward/state.h>

/* The kinds of payload that are sent. */
#define HEP_SIP 1
#define HEP_LOG 100

#define HEP_NAME_MAX   256 /* octets of a correlation that are sent */
#define HEP_PACKET_MAX 8192

struct hep_text {
	const void *octets;
	size_t size;
};

struct hep_packet {
	const struct sw_event *event; /* addresses, ports, transport */
	uint64_t time;                /* nanoseconds since 1970 */
	uint32_t id;                  /* of the sender */
	uint8_t type;                 /* HEP_SIP or HEP_LOG */
	struct hep_text correlation;  /* Homer shows packets of one correlation together */
	struct hep_text payload;      /* cut to what fits */
};

/* Returns the size of the packet, which goes to `to`. */
size_t hep_encode(const struct hep_packet *packet, uint8_t to[HEP_PACKET_MAX]);

/* The Call-ID as it stands in a message, of which the end may be missing; size 0: there is none.
 * For correlation alone: nothing is judged by it. */
struct hep_text hep_call_id(const void *message, size_t size);

#endif
