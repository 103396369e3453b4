/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes what the agent tells the data path (struct sw_health).
 */
#ifndef SIPWARD_KERNEL_HEALTH_H
#define SIPWARD_KERNEL_HEALTH_H

#include <sipward/health.h>

#include "kernel/state_maps.h"

/* Reads what the data path is told, lets change() alter its own fields, and writes it: one thread
 * after the other. */
void health_change(const struct state *state,
		   void (*change)(struct sw_health *health, void *context), void *context);

#endif
