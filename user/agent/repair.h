/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Once a second: compares the programs that should be attached and pinned with those that the
 * kernel shows. A difference is repaired, and told in the log, in an event and in a counter.
 */
#ifndef SIPWARD_AGENT_REPAIR_H
#define SIPWARD_AGENT_REPAIR_H

#include <json-c/json.h>
#include <net/if.h>

#include "base/base.h"
#include "export/repair_kinds.h"

struct agent;

/* An interface that is meant to be protected, there or not. The agent holds descriptors of the
 * interface's link and program, so that the program goes on, and can be put back, when somebody
 * removes the pins or detaches the link. */
struct protected
{
	char name[IFNAMSIZ];  /* as the kernel calls it now */
	char meant[IFNAMSIZ]; /* as the policy, or the command line, calls it */
	bool attached;
	bool generic; /* in generic mode */
	int ifindex;
	uint32_t program_id;
	int link, program, counters; /* held; -1: none */
	char trouble[512];           /* what was said last, or empty */
};

struct repairs {
	uint64_t counts[REPAIR_COUNT];
	uint64_t observers_mended; /* of them, those that were told */
	uint64_t at;               /* monotonic nanoseconds; 0: never */
	char last[512];
};

/* Takes hold of what the interface runs now. */
void protected_hold(struct protected *iface);
void protected_release(struct protected *iface);

/* Tells of one: log, event, counter. */
void repaired(struct agent *agent, enum repair repair, int ifindex, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void repair_tick(struct agent *agent);

/* For `status`: {"counts": {KIND: COUNT}, "last", "seconds_ago"}; owned by the caller. */
struct json_object *repairs_json(const struct agent *agent);

#endif
