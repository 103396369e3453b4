/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A TCP client, segment by segment: how connections begin, with TLS or without. After rig.h.
 */
#ifndef SIPWARD_PACKETS_CLIENT_H
#define SIPWARD_PACKETS_CLIENT_H

#include "rig.h"

#define ACK 0x10
#define SYN 0x02

/* The client's next sequence number. */
extern uint32_t sequence;

/* One segment at the client's sequence number, which stays where it is: into the rig's frame, or
 * sent as well. */
void lay_segment(struct rig *rig, uint8_t flags, const void *payload, size_t size);
void segment(struct rig *rig, uint8_t flags, const void *payload, size_t size,
	     enum sw_reason reason);

/* A new connection from the next port, SYN and ACK. */
void connects(struct rig *rig);

/* A segment of data, behind which the sequence number goes on when it passed. */
void says(struct rig *rig, const void *payload, size_t size, enum sw_reason reason);

/* The first payload of a connection, which is enough to decide; again as its retransmission when it
 * was dropped; and what comes behind it, which then is not let in before it. */
void opens(struct rig *rig, const void *payload, size_t size, enum sw_reason reason);

/* A ClientHello in a record of this version, with this legacy_version, and supported_versions
 * when `newest` is not 0. Takes 512 octets, returns how many it has. */
size_t hello(uint8_t *to, unsigned int record, unsigned int legacy, unsigned int newest);
void opens_hello(struct rig *rig, unsigned int record, unsigned int legacy, unsigned int newest,
		 enum sw_reason reason);

#endif
