/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One packet that was run through a policy, as `explain` tells it: to a program or a person.
 */
#ifndef SIPWARD_CLI_EXPLAIN_H
#define SIPWARD_CLI_EXPLAIN_H

#include <json-c/json.h>

#include "cli/capture.h"
#include "kernel/frame.h"
#include "kernel/test_run.h"
#include "policy/model.h"

struct explanation {
	const char *file;
	unsigned long packet; /* 1 is the first of the file */
	const struct policy *policy;
	const struct test_run *test_run;
	const struct captured *captured;
	struct sw_test_run outcome;
	const struct endpoint *from; /* whose live state is looked at; NULL: nobody's */
	struct json_object *live;    /* explain_live(); NULL: there is none */
};

/* The reason that was found, carried out or not; SW_REASON_NONE when it just passed. */
enum sw_reason explained_reason(const struct explanation *x);
/* Whether that reason is carried out here. */
enum sw_mode explained_mode(const struct explanation *x);
const struct zone *explained_zone(const struct explanation *x);
/* The rule of the operator's that refused or reported it; NULL when it was none. */
const struct patch *explained_patch(const struct explanation *x);
/* "udp/5060", or NULL when the packet is for no service. `size` >= 16. */
const char *explained_service(const struct explanation *x, char *text, size_t size);

#endif
