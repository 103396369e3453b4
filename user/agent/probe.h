/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Proves newcomers: one OPTIONS from the service's own address with a branch that nobody can
 * guess. An endpoint that answers it has its address. At most one for each endpoint in a minute,
 * and few in all, for a newcomer's address may be spoofed, and then somebody else gets it.
 */
#ifndef SIPWARD_AGENT_PROBE_H
#define SIPWARD_AGENT_PROBE_H

#include "kernel/state_maps.h"

struct probe;

/* Reads the ring of newcomers and has raw sockets to send by. NULL and *e on error. */
struct probe *probe_open(const struct state *state, struct error *e);
void probe_close(struct probe **probe);
int probe_fd(const struct probe *probe);
void probe_read(struct probe *probe);

#endif
