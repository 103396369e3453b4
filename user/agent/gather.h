/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the tables that are saved. Each may have millions of entries, and an agent that ends has a
 * second for both: they are read side by side.
 */
#ifndef SIPWARD_AGENT_GATHER_H
#define SIPWARD_AGENT_GATHER_H

#include "agent/state_file.h"

/* Fills *saved, which is owned by the caller also when this fails; bans are in no order. */
int saved_gather(const struct state *state, struct saved *saved, struct error *e);

#endif
