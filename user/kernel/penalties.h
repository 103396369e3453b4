/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Penalties: for a source whose offences somebody else may have sent, under its address. Its
 * packets without proof go to the greylist and share a small budget. A penalty ends by itself.
 */
#ifndef SIPWARD_KERNEL_PENALTIES_H
#define SIPWARD_KERNEL_PENALTIES_H

#include "kernel/state_maps.h"

/* Penalises the source until `end` (CLOCK_MONOTONIC nanoseconds); false when the table is full,
 * and then nothing happens to it. */
bool penalty_set(const struct state *state, const struct sw_source *source, uint64_t end);

/* Removes ended ones; returns how many remain, or -1 and *e. */
long penalty_sweep(const struct state *state, uint64_t now, struct error *e);

/* Removes sources that the server last served before `since`; likewise. */
long good_sweep(const struct state *state, uint64_t since, struct error *e);

#endif
