/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All that sipward knows of one source, from the kernel's maps, the agent and the policy's text.
 */
#ifndef SIPWARD_CLI_WHO_FACTS_H
#define SIPWARD_CLI_WHO_FACTS_H

#include <json-c/json.h>

#include "kernel/frame.h"

struct who_query {
	struct endpoint from; /* port 0: not said */
	const char *policy;   /* a file that has the lists' lines; NULL: the agent's */
	bool brief;           /* without what takes a walk through a table */
};

/* The facts as one object, owned by the caller; "not_seen" lists those that could not be read, and
 * why. NULL and *e when there is no state at all, or the policy that is named is wrong. */
struct json_object *who_facts(const struct who_query *query, struct error *e);

#endif
