/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the files of the agent share, and which of them does what. Private to this folder: for
 * everybody else there is agent_run().
 */
#ifndef SIPWARD_AGENT_CORE_H
#define SIPWARD_AGENT_CORE_H

#include <time.h>

#include "agent/admission.h"
#include "agent/agent.h"
#include "agent/control.h"
#include "agent/history.h"
#include "agent/observation.h"
#include "kernel/netlink.h"
#include "policy/model.h"

/* An interface that is meant to be protected, there or not. */
struct protected {
	char name[IFNAMSIZ];
	bool attached;
};

struct agent {
	const struct agent_options *options;
	int lock;
	struct loop loop;
	struct state state;
	struct policy policy;
	struct protected *interfaces;
	size_t interface_count;
	struct netlink_events netlink_events;
	struct netlink netlink;
	struct history history;
	struct control control;
	struct http *http;
	struct admission admission;
	struct observation observation;
	int signals;
	int timer;
	uint64_t ticks;
	uint64_t generation;
	uint64_t reload_failures;
	char reload_error[1024];   /* of the last reload, empty when it went well */
	time_t started;
};

/* One line for the log. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Likewise, for those that get told whom to tell. */
void say_text(const char *text);

/* interfaces.c: swaps the policy in on all its interfaces, or on none. */
int protect(struct agent *agent, const struct policy *policy, struct error *e);
/* Attaches what is there and not attached; notices what went away. */
void check_interfaces(struct agent *agent);
bool is_protected(const struct agent *agent, const char *name);
size_t interfaces_missing(const struct agent *agent);

/* exporter.c: /metrics where the policy wants it. The caller owns the result. */
struct http *open_exporter(struct agent *agent, const struct policy *policy, struct error *e);
void close_exporter(struct agent *agent, struct http **http);
int use_exporter(struct agent *agent, struct http *http, struct error *e);

/* policies.c: reads the policy file again; a bad one changes nothing. */
void reload(struct agent *agent);

/* commands.c: answers one line of the control socket. */
bool on_command(void *agent, struct control_client *client, const char *line);

#endif
