/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All that the agent has. Private to the files of this folder that work on all of it: the others
 * get what they need, and everybody else has agent_run().
 */
#ifndef SIPWARD_AGENT_CORE_H
#define SIPWARD_AGENT_CORE_H

#include <limits.h>
#include <time.h>

#include "agent/admission.h"
#include "agent/agent.h"
#include "agent/behaviour.h"
#include "agent/connections.h"
#include "agent/control.h"
#include "agent/exporter_process.h"
#include "agent/feeds.h"
#include "agent/history.h"
#include "agent/hook_caller.h"
#include "agent/hook_events.h"
#include "agent/jobs.h"
#include "agent/locals.h"
#include "agent/observer_watch.h"
#include "agent/outlets.h"
#include "agent/repair.h"
#include "agent/upkeep.h"
#include "kernel/lock.h"
#include "kernel/netlink.h"
#include "policy/text.h"

/* One save of the state; the saver's while it runs. */
struct saving {
	struct state state;
	char path[PATH_MAX];
	struct error error;
};

struct agent {
	const struct agent_options *options;
	struct lock lock;
	int network; /* the lock of the network namespace */
	struct loop loop;
	struct jobs jobs;
	struct state state;
	struct loaded_policy running;
	struct loaded_policy before; /* where an apply that nobody confirms goes back to */
	uint64_t confirm_by;         /* monotonic nanoseconds; 0: nothing waits to be confirmed */
	struct protected *interfaces;
	size_t interface_count;
	bool links_changed;        /* the kernel told of one that is protected */
	bool applying;             /* interfaces, links and pins are a job's to change */
	bool holds;                /* observers are, too: between preparing and swapping */
	uint64_t attach_at;        /* not before that is attaching tried again */
	unsigned int attach_pause; /* seconds; 0: the last try did not fail */
	struct repairs repairs;
	char pin_trouble[1024]; /* what was said last of the pins, or empty */
	struct netlink_events netlink_events;
	struct netlink netlink;
	struct locals locals;
	struct history history;
	struct outlets outlets;
	struct hook_caller hooks;
	struct hook_events hook_events;
	struct control control;
	struct exporter *exporter;
	struct admission admission;
	struct observation observation;
	struct upkeep upkeep;
	struct behaviour behaviour;
	struct connections connections;
	struct feeds feeds;
	uint64_t feeds_end_at; /* monotonic nanoseconds: not before that are ended entries sought */
	int signals;
	int timer;
	uint64_t generation;
	uint64_t reload_failures;
	char reload_error[1024]; /* of the last reload, empty when it went well */
	time_t started;
	struct worker saver;
	struct saving saving;
	uint64_t save_from;    /* monotonic nanoseconds: the last save, or the start */
	uint64_t saved_at;     /* likewise; 0: not by this agent */
	char save_error[1024]; /* of the last try, empty when it went well */
};

#endif
