/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observers stay in place on every interface that answers may leave by, and the data path is
 * told, second by second, whether it may rely on what they noted (struct sw_health).
 */
#ifndef SIPWARD_AGENT_OBSERVATION_H
#define SIPWARD_AGENT_OBSERVATION_H

#include <sipward/health.h>

#include "agent/canaries.h"
#include "agent/loop.h"
#include "agent/pressure.h"
#include "kernel/attach.h"
#include "kernel/netlink.h"

struct observation {
	const struct state *state;
	struct loop *loop;
	void (*say)(const char *text);
	int program;               /* the running generation's observer, owned; -1: it has none */
	struct observers observers;
	struct egress egress;      /* where to look for more; `named` is owned */
	struct netlink_events events;
	struct netlink netlink;
	enum { FIND_NOTHING, FIND_TOLD, FIND_ALL } find; /* a change told of, or missed */
	char trouble[1024];        /* what was said last, or empty */
	enum sw_observer_state state_said;
	struct pressure pressure;
	bool pressed;
	struct canaries canaries;
};

/* Listens for routes, links and filters that come and go. */
int observation_open(struct observation *observation, struct error *e);
void observation_close(struct observation *observation);

/* Takes over the observers of a new generation, which was just swapped in. */
void observation_follow(struct observation *observation, struct apply *apply);

/* Once a second. */
void observation_tick(struct observation *observation, uint64_t ticks);

#endif
