/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans that a hook was told of, so that it is told of their end, too: whoever ended them. The table
 * of bans is looked at for some of them every second.
 */
#ifndef SIPWARD_AGENT_ANNOUNCED_H
#define SIPWARD_AGENT_ANNOUNCED_H

#include "kernel/bans.h"

#define ANNOUNCED_MAX    65536
#define ANNOUNCED_A_LOOK 1024 /* entries that one look asks for */

struct announced_ban {
	struct sw_source source;
	uint16_t reason; /* enum sw_reason */
};

struct announced {
	struct announced_ban *bans;
	size_t count;
	size_t next; /* where the next look goes on */
};

void announced_free(struct announced *announced);

/* Adds one; false when there are too many. One that is there already stays. */
bool announced_add(struct announced *announced, const struct sw_source *source, uint16_t reason);

/* All earned bans that hold now: those of an agent before this one. */
int announced_read(struct announced *announced, const struct state *state, struct error *e);

/* Calls ended() for those that have ended, of the next part of the list, and takes them out. One
 * for which it returns false stays, and ends the look: the next look tries it again. */
void announced_look(struct announced *announced, const struct state *state,
		    bool (*ended)(void *context, const struct announced_ban *ban), void *context);

#endif
