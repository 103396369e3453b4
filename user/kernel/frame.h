/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Frames made by hand, for `explain` (a bare message needs one around it), `audit` and tests.
 * Headers are appended in the order in which they stand on the wire; lengths are set when the
 * frame is finished.
 */
#ifndef SIPWARD_KERNEL_FRAME_H
#define SIPWARD_KERNEL_FRAME_H

#include <sipward/policy.h>

#include "base/base.h"

#define FRAME_MAX (65536 + 512)

struct frame {
	uint32_t size;
	uint8_t align[2]; /* behind 14 octets of Ethernet, IP headers stand aligned */
	uint8_t octets[FRAME_MAX];
	uint32_t ip;        /* offset of the IP header, 0: none yet */
	uint32_t transport; /* offset of the transport header, 0: none yet */
	bool ipv6;
	bool udp;
};

/* One end of a packet. */
struct endpoint {
	struct sw_addr addr; /* both ends of one family */
	uint16_t port;
};

void frame_ethernet(struct frame *frame, uint16_t ethertype);
void frame_vlan(struct frame *frame, uint16_t outer_ethertype, uint16_t id, uint16_t ethertype);
void frame_ip(struct frame *frame, const struct sw_addr *src, const struct sw_addr *dst,
	      uint8_t protocol);
void frame_udp(struct frame *frame, uint16_t sport, uint16_t dport);
void frame_tcp(struct frame *frame, uint16_t sport, uint16_t dport, uint8_t flags);
/* Appends octets; false when the frame has no room. */
bool frame_append(struct frame *frame, const void *data, size_t size);
/* Sets the lengths and the IPv4 header checksum. */
void frame_finish(struct frame *frame);

/* All of it: Ethernet, IP of the ends' family, UDP or TCP (ACK, PSH), payload. */
bool frame_message(struct frame *frame, const struct endpoint *from, const struct endpoint *to,
		   bool tcp, const void *payload, size_t size);

#endif
