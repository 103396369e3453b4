/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which addresses the lists of a policy allow, for those that ask for one address after the other:
 * a search takes the logarithm of what the lists hold.
 */
#ifndef SIPWARD_AGENT_ALLOWED_H
#define SIPWARD_AGENT_ALLOWED_H

#include "policy/model.h"

/* A prefix of 128 bits, IPv4 ones as mapped addresses. Prefixes that share an address lie inside
 * each other. */
struct allowed_entry {
	struct sw_addr addr;
	uint8_t length;
	bool allows;
	uint32_t outer; /* the next larger prefix that it lies in, or its own number */
};

struct allowed {
	struct allowed_entry *entries; /* by address, and then by length */
	size_t count;
};

/* Owned by the caller: allowed_free. A policy that allows nobody makes an empty one. */
void allowed_make(struct allowed *allowed, const struct policy *policy);
void allowed_free(struct allowed *allowed);

/* True when the longest prefix that holds the address is on the list `allow`, as in the data
 * path. */
bool allowed_holds(const struct allowed *allowed, const struct sw_addr *addr);

#endif
