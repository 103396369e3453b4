/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sipward run`: attaches, then keeps the policy, the table of local addresses, the events and
 * the exporter going. The data path needs none of it to protect: a crash changes nothing.
 */
#ifndef SIPWARD_AGENT_AGENT_H
#define SIPWARD_AGENT_AGENT_H

#include <net/if.h>

#include "base/base.h"

struct agent_options {
	char (*interfaces)[IFNAMSIZ]; /* from the command line; they win over the policy's */
	size_t interface_count;
	const char *policy; /* path, or NULL for the embedded one */
	bool keep;          /* leave the programs on when stopped */
};

/* Runs until SIGTERM or SIGINT. -1 and *e when it could not start; then nothing is attached
 * that was not before. */
int agent_run(const struct agent_options *options, struct error *e);

#endif
