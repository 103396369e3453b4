/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How much of each limit of a zone or service is spent at this moment. Limits of single sources are
 * not asked: their cells do not name the source.
 */
#ifndef SIPWARD_KERNEL_LIMITS_NOW_H
#define SIPWARD_KERNEL_LIMITS_NOW_H

#include "kernel/state_maps.h"

/* From here on a limit is called near, in percent of its burst. */
#define LIMIT_NEAR 80

struct limit_now {
	char name[SW_NAME_MAX + 32]; /* as `sipward tune` names it */
	unsigned int percent;        /* of the burst that is spent */
	bool refuses;                /* the next packet would be refused */
	bool newcomers;              /* the zone's greylist takes over where this one refuses */
};

/* Those of the running policy that are near or refuse, the nearest first. The array belongs to the
 * caller. */
void limits_near(const struct state *state, const struct sw_policy *policy, uint64_t now,
		 struct limit_now **limits, size_t *count);

/* The percentage of one limit that a cell shows; *refuses: it is spent. */
unsigned int limit_percent(const struct sw_limit *limit, uint64_t cell, uint64_t now,
			   bool *refuses);

#endif
