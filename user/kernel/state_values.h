/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values of the state that are no tables: the meta data, the agent's health, what the observers
 * count.
 */
#ifndef SIPWARD_KERNEL_STATE_VALUES_H
#define SIPWARD_KERNEL_STATE_VALUES_H

#include <sipward/health.h>

#include "kernel/state_maps.h"

int state_meta_read(const struct state *state, struct sw_meta *meta, struct error *e);
int state_meta_write(const struct state *state, const struct sw_meta *meta, struct error *e);
/* The saved file is restored, or there was none. */
int state_restored(struct state *state, struct error *e);

/* The values that the agent tells the data path; a map that cannot be written stays as it is. */
void state_health_read(const struct state *state, struct sw_health *health);
void state_health_write(const struct state *state, const struct sw_health *health);
/* The values that the observers report of themselves; all 0 when they cannot be read. */
void state_observed_read(const struct state *state, struct sw_observed *observed);

/* A rule of the operator's, and how often it matched; false when the number has none. */
bool state_patch_read(const struct state *state, uint32_t number, struct sw_patch_name *patch);

/* The name that a zone number has, "zone-N" when it has none. */
const char *state_zone_name(const struct state *state, uint32_t number, char name[SW_NAME_MAX]);

/* The zone of the policy that has this number; NULL when the policy has none of that name. */
const struct zone *state_zone(const struct state *state, const struct policy *policy,
			      uint32_t number);

#endif
