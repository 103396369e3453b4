/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's part in the admission of newcomers: it sends probes. (The table of known endpoints is
 * kept by upkeep.h.)
 */
#ifndef SIPWARD_AGENT_ADMISSION_H
#define SIPWARD_AGENT_ADMISSION_H

#include "agent/loop.h"
#include "kernel/state_maps.h"

struct admission {
	const struct state *state;
	struct loop *loop;
	struct probe *probe; /* NULL: no zone wants newcomers probed */
};

/* Starts or stops probing, as the policy wants. */
int admission_follow(struct admission *admission, const struct policy *policy, struct error *e);

void admission_close(struct admission *admission);

#endif
