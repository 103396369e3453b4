/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A source that behaviour banned, and messages that it may send all the same or not. After rig.h.
 */
#ifndef SIPWARD_PACKETS_BANNED_H
#define SIPWARD_PACKETS_BANNED_H

#include "rig.h"

/* The rig's endpoint, for an hour; and how many packets its ban dropped. */
void is_banned(struct rig *rig, enum sw_reason reason);
uint64_t hits(const struct rig *rig);

/* A message: its first line, and what stands in From and To. */
struct message {
	const char *line;
	const char *to;
	const char *from;
	const char *cseq;
};

size_t message_of(char *text, size_t size, const struct message *m);

#endif
