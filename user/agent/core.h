/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the files of the agent share, and which of them does what. Private to this folder: for
 * everybody else there is agent_run().
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
#include "agent/history.h"
#include "agent/jobs.h"
#include "agent/locals.h"
#include "agent/observer_watch.h"
#include "agent/repair.h"
#include "agent/upkeep.h"
#include "kernel/apply.h"
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
	int network;               /* the lock of the network namespace */
	struct loop loop;
	struct jobs jobs;
	struct state state;
	struct edition running;
	struct edition before;     /* where an apply that nobody confirms goes back to */
	uint64_t confirm_by;       /* monotonic nanoseconds; 0: nothing waits to be confirmed */
	struct protected *interfaces;
	size_t interface_count;
	bool links_changed;        /* the kernel told of one that is protected */
	bool applying;             /* interfaces, links and pins are a job's to change */
	bool holds;                /* observers are, too: between preparing and swapping */
	uint64_t attach_at;        /* not before that is attaching tried again */
	unsigned int attach_pause; /* seconds; 0: the last try did not fail */
	struct repairs repairs;
	char pin_trouble[1024];    /* what was said last of the pins, or empty */
	struct netlink_events netlink_events;
	struct netlink netlink;
	struct locals locals;
	struct history history;
	struct control control;
	struct exporter *exporter;
	struct admission admission;
	struct observation observation;
	struct upkeep upkeep;
	struct behaviour behaviour;
	struct connections connections;
	int signals;
	int timer;
	uint64_t generation;
	uint64_t reload_failures;
	char reload_error[1024];   /* of the last reload, empty when it went well */
	time_t started;
	struct worker saver;
	struct saving saving;
	uint64_t save_from;        /* monotonic nanoseconds: the last save, or the start */
	uint64_t saved_at;         /* likewise; 0: not by this agent */
	char save_error[1024];     /* of the last try, empty when it went well */
};

/* One line for the log. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Likewise, for those that get told whom to tell. */
void say_text(const char *text);

/* interfaces.c: swaps the policy in on all its interfaces, or on none. The three steps, one after
 * the other; the first and the last are slow, and give up the lock (jobs.h). *apply is freed by the
 * last one, and by each that fails. */
int protect_prepare(struct agent *agent, const struct policy *policy, struct apply *apply,
		    struct error *e);
int protect_swap(struct agent *agent, struct apply *apply, struct error *e);
void protect_finish(struct agent *agent, struct apply *apply);
/* In place of the other two: frees what was prepared. */
void protect_forget(struct agent *agent, struct apply *apply);
/* All of them. */
int protect(struct agent *agent, const struct policy *policy, struct error *e);
/* Attaches what is there and not attached, as a job; notices what went away. */
void check_interfaces(struct agent *agent);
void interfaces_free(struct agent *agent);
bool is_protected(const struct agent *agent, const char *name);
size_t interfaces_missing(const struct agent *agent);

/* exporter.c: /metrics where the policy wants it. The caller owns the result. */
struct exporter *open_exporter(struct agent *agent, const struct policy *policy, struct error *e);
int use_exporter(struct agent *agent, struct exporter *exporter, struct error *e);

/* policies.c. What fails here changes nothing. But for policies_tick() and reload_soon() all of it
 * runs in a job: it reads, compiles and loads. */

/* Reads the policy file of the command line again, as a job. */
void reload_soon(struct agent *agent);
/* Runs another policy; with `confirm` nanoseconds (0: for good) goes back after them. What was
 * tuned is gone: *gone gets a text about it, owned by the caller, or NULL. Takes over *next. */
int apply_policy(struct agent *agent, struct edition *next, uint64_t confirm, char **gone,
		 struct error *e);
int confirm_policy(struct agent *agent, struct error *e);
void go_back(struct agent *agent);
/* Runs the policy with the value in place of its own, for `duration` nanoseconds (0: until it
 * is taken back). Takes over *deviation. */
int tune(struct agent *agent, struct deviation *deviation, uint64_t duration, struct error *e);
/* Takes back what was tuned: a key with all below it, or everything (NULL). */
int tune_reset(struct agent *agent, const char *key, struct error *e);
/* Once a second: what has had its time goes, as a job. */
void policies_tick(struct agent *agent);

/* tuned.c: what is tuned, as status shows it; owned by the caller. */
struct json_object *tuned_json(const struct agent *agent);
/* Keeps RUN_DIR/tuned, from which it is known after a crash. */
void tuned_write(const struct agent *agent);
void tuned_forget(void);
/* Says what the agent before this one had tuned, which has just gone. */
void tuned_left_over(void);

/* saved.c: known endpoints and bans on the disk, as the policy wants. */
/* Starts to save: the loop goes on, and no second one starts before it is done. */
void save_state(struct agent *agent);
/* Saves as the agent ends, if that can be done until `end`. */
void save_last(struct agent *agent, uint64_t end);
void save_tick(struct agent *agent);
/* After a reboot, when the kernel has no state: what the disk has of it. At the start, and in a job
 * where it failed then: reads a file, and writes as many entries as it has. */
void restore_state(struct agent *agent);
struct json_object *saved_json(const struct agent *agent);

/* commands.c: answers one line of the control socket. */
bool on_command(void *agent, struct control_client *client, const char *line);
/* The loop's more(): events for those that asked for all that are kept, in parts. */
bool send_events(void *agent);

#endif
