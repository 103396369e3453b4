/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The counters of an interface: one map for each, so that an interface that goes takes them along.
 */
#ifndef SIPWARD_KERNEL_COUNTERS_H
#define SIPWARD_KERNEL_COUNTERS_H

#include <sipward/state.h>

#include "base/base.h"

/* A counters map pinned nowhere, for test runs. */
int state_private_counters(struct error *e);

/* Opens IFACE/counters, making it when missing. */
int state_open_counters(const char *iface, bool create, struct error *e);

/* Adds the counters of all CPUs for every zone number: counters[SW_ZONES_MAX]. */
int state_read_counters(int fd, struct sw_counters *counters, struct error *e);

#endif
