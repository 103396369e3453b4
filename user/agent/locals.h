/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keeps the table of this host's addresses, by which the data path tells its own traffic from
 * transit. Addresses shared by interfaces are counted, so that one going leaves the other.
 */
#ifndef SIPWARD_AGENT_LOCALS_H
#define SIPWARD_AGENT_LOCALS_H

#include "kernel/state.h"

/* Makes the table hold exactly the addresses there are now. */
int locals_sync(const struct state *state, struct error *e);

#endif
