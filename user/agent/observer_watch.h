/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observers stay in place on every interface that answers may leave by, and the data path is
 * told, second by second, whether it may rely on what they noted (struct sw_health). A thread of
 * its own does that: nothing that the agent does beside it delays the heartbeat.
 */
#ifndef SIPWARD_AGENT_OBSERVER_WATCH_H
#define SIPWARD_AGENT_OBSERVER_WATCH_H

#include <pthread.h>
#include <sipward/health.h>

#include "agent/canaries.h"
#include "agent/pressure.h"
#include "kernel/apply.h"
#include "kernel/netlink.h"

/* A generation's observer, and where it is. Owns all of it. */
struct placement {
	int program; /* -1: the generation has none */
	struct observers observers;
	struct egress egress; /* where to look for more */
	struct state state;   /* the maps that the thread needs */
};

struct renaming {
	char from[IFNAMSIZ], to[IFNAMSIZ];
};

struct observation {
	const struct state *state; /* the agent's, for its loop */
	void (*say)(const char *text);
	bool observed; /* the running generation has an observer; for the loop */
	bool open;
	pthread_t thread;
	int wake;                /* eventfd */
	pthread_mutex_t placing; /* held by who attaches filters or takes them off */
	pthread_mutex_t lock;    /* of these: */
	bool end;
	bool fresh; /* `next` is to be taken over */
	struct placement next;
	struct renaming *renamings; /* to be taken over */
	size_t renaming_count;
	uint64_t mended; /* how often a filter was put back; atomic */
	/* the thread's own */
	struct placement now;
	struct netlink_events events;
	struct netlink netlink;
	enum { FIND_NOTHING, FIND_TOLD, FIND_ALL } find; /* a change told of, or missed */
	bool look_soon;      /* somebody took a filter off, or a route came */
	uint64_t rest_until; /* the next look is not before that */
	uint64_t ticks;
	bool missed;        /* one of them was not in place within this second */
	char trouble[1024]; /* what was said last, or empty */
	enum sw_observer_state state_said;
	struct pressure pressure;
	bool pressed;
	struct canaries canaries;
};

#define OBSERVATION_CLOSED                                                                   \
	.wake = -1, .placing = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, \
	.now = {.program = -1, .state = STATE_CLOSED},                                       \
	.next = {.program = -1, .state = STATE_CLOSED}

/* Listens for routes, links and filters that come and go, and starts the thread. */
int observation_open(struct observation *observation, struct error *e);
/* Ends it: afterwards nobody puts an observer back that is taken off. */
void observation_close(struct observation *observation);

/* While it is held the thread looks and tells, but attaches nothing: for who swaps observers. */
void observation_hold(struct observation *observation);
void observation_release(struct observation *observation);

/* Takes over the observers of a new generation, which was just swapped in; between hold and
 * release. */
void observation_follow(struct observation *observation, struct apply *apply);

/* An interface has another name. */
void observation_renamed(struct observation *observation, const char *from, const char *to);

/* How often a filter was missing, and was put back. */
uint64_t observation_mended(const struct observation *observation);

#endif
