/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The limits that hold for one source, and how far they are spent: the data path's cells, read.
 */
#ifndef SIPWARD_KERNEL_SOURCE_LIMITS_H
#define SIPWARD_KERNEL_SOURCE_LIMITS_H

#include "kernel/live.h"
#include "kernel/state_maps.h"

/* Whose packets spend a cell. */
enum limit_of {
	LIMIT_OF_SOURCE,
	LIMIT_OF_PREFIX,
	LIMIT_OF_ZONE,
	LIMIT_OF_NEWCOMERS,
	LIMIT_OF_UNPROVEN, /* all senders of the zone without a proof */
	LIMIT_OF_SERVICE   /* all senders to a service, of any zone */
};

struct source_limit {
	char rule[48]; /* the key below the zone: "rates.source.INVITE"; "udp/5060" */
	enum sw_reason reason;
	enum limit_of of;
	enum sw_share share;   /* of packets with this proof; of a source or its network */
	struct sw_limit limit; /* interval 0: it cannot be */
	uint64_t used, room;   /* of the burst, in packets */
	bool spent;            /* the next one would be refused */
};

struct limit_query {
	const struct state *state;
	const struct sw_policy *policy;
	uint32_t zone;
	struct sw_addr addr;
	uint16_t port; /* 0: not said */
	uint64_t now;
};

/* All of them, in the order of the data path: those of the source first, for each share that has
 * cells. A source without cells has spent nothing. The array belongs to the caller. */
void source_limits(const struct limit_query *query, struct source_limit **limits, size_t *count);

/* "40/s burst 100", as a policy would say it; the caller frees it. */
char *limit_text(const struct sw_limit *limit);

#endif
