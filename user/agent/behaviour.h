/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Behaviour: reads the offences that the data path tells, counts them, and bans. Evidence earns a
 * ban; an offence that may be spoofed earns a penalty at most.
 */
#ifndef SIPWARD_AGENT_BEHAVIOUR_H
#define SIPWARD_AGENT_BEHAVIOUR_H

#include "agent/allowed.h"
#include "agent/ring.h"
#include "export/metrics.h"
#include "kernel/bans.h"
#include "policy/model.h"

/* So many accounts may have a limit for offences that may be spoofed: they take no more room than
 * that in the table of bans. */
#define ACCOUNTS_HINTED 64

struct behaviour {
	const struct state *state;
	struct loop *loop;
	const struct policy *policy; /* the one that runs; set by behaviour_follow() */
	void (*say)(const char *text);
	/* Somebody is banned, or would be in monitor mode: then `made` is NULL. */
	void (*told)(void *context, const struct sw_event *event, const struct ban_order *order,
		     const struct sw_ban *made);
	void *context;
	struct behaviour_counts counts;
	struct ring ring;
	struct ban_room room;   /* in a full table of bans */
	struct allowed allowed; /* by the lists of the policy */
	struct conduct *evidence;
	struct conduct *hints;
	struct accounts *accounts;
	struct accounts *accounts_hinted;       /* counted from offences that may be spoofed */
	uint64_t hinted_until[ACCOUNTS_HINTED]; /* when the attacks end that these showed */
};

/* Starts to read the ring of offences, or stops, as the policy wants. The policy must live until
 * the next call. *allowed is what its lists allow, and is exchanged for that of the policy before:
 * the caller has made the one, and frees the other. */
int behaviour_follow(struct behaviour *behaviour, const struct policy *policy,
		     struct allowed *allowed, struct error *e);
void behaviour_close(struct behaviour *behaviour);

/* Judges one offence, as read from the ring. */
void behaviour_judge(struct behaviour *behaviour, const struct sw_offence *offence);

#endif
