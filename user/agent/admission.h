/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the admission of newcomers needs from the agent: observers that stay in place, probes,
 * a table of known endpoints without the idle ones, and a word when the server falls behind.
 */
#ifndef SIPWARD_AGENT_ADMISSION_H
#define SIPWARD_AGENT_ADMISSION_H

#include <net/if.h>

#include "agent/loop.h"
#include "kernel/state.h"

struct admission {
	const struct state *state;
	struct loop *loop;
	void (*say)(const char *text);
	int observer;              /* program of the running generation, owned; -1: it has none */
	struct probe *probe;       /* NULL: no zone wants newcomers probed */
	uint64_t requests;         /* tallies at the last tick */
	uint64_t answers;
};

/* Takes over the observer of a new generation (-1: it has none). */
void admission_observer(struct admission *admission, int program);

/* Starts or stops probing, as the policy wants. */
int admission_follow(struct admission *admission, const struct policy *policy, struct error *e);

/* Once a second, with the names of the protected interfaces. */
void admission_tick(struct admission *admission, const struct policy *policy,
		    char (*names)[IFNAMSIZ], size_t count, uint64_t ticks);

void admission_close(struct admission *admission);

#endif
