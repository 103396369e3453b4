/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the admission of newcomers needs from the agent: probes, and a table of known endpoints
 * without the idle ones.
 */
#ifndef SIPWARD_AGENT_ADMISSION_H
#define SIPWARD_AGENT_ADMISSION_H

#include "agent/loop.h"
#include "kernel/state.h"

struct admission {
	const struct state *state;
	struct loop *loop;
	void (*say)(const char *text);
	struct probe *probe;       /* NULL: no zone wants newcomers probed */
	bool wanted;               /* some zone has a budget for newcomers */
};

/* Starts or stops probing, as the policy wants. */
int admission_follow(struct admission *admission, const struct policy *policy, struct error *e);

/* Once a second. */
void admission_tick(struct admission *admission, const struct policy *policy, uint64_t ticks);

void admission_close(struct admission *admission);

#endif
