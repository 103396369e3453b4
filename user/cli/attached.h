/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The part of `status` about interfaces: pins, beside what the kernel shows.
 */
#ifndef SIPWARD_CLI_ATTACHED_H
#define SIPWARD_CLI_ATTACHED_H

#include <json-c/json.h>

#include <sipward/policy.h>

#include "base/base.h"

/* What is attached: the rules that need the observer, and the policy of the first interface. */
struct wants {
	bool observer, dialogs;
	struct sw_policy *policy; /* owned by the caller, free() */
};

/* The network namespace of the state, when it is not that of this process: NULL when it is, or
 * when none is noted. If it can be entered this process is in it afterwards. */
struct json_object *network_json(void);
void print_network(struct json_object *network);

/* Adds an object for each interface that has pins, or a program of sipward without any. */
int attached_json(struct json_object *interfaces, struct wants *wants, struct error *e);
/* `verbose` adds what the kernel tells of each program. */
void print_attached(struct json_object *interfaces, bool verbose);

#endif
