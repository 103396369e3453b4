/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The register of zone numbers. Counters and limit cells are kept by number, so a zone must
 * keep its number over every reordering, and a number that changes its owner starts clean.
 */
#ifndef SIPWARD_KERNEL_ZONE_NUMBERS_H
#define SIPWARD_KERNEL_ZONE_NUMBERS_H

#include "kernel/state_maps.h"
#include "policy/model.h"

/* Gives each zone of the policy its number by name: the one it has, a free one, or that of
 * the zone that was gone longest (whose counters and cells are then cleared). `keep` are
 * numbers in use by what runs now (bit mask), never taken from their names. Writes the
 * register with `generation` and fills numbers[zone_count]. */
int state_number_zones(const struct state *state, const struct policy *policy, uint64_t keep,
		       uint64_t generation, uint8_t *numbers, struct error *e);

#endif
