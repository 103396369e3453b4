/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The pinned state, opened or made.
 */
#ifndef SIPWARD_KERNEL_STATE_OPEN_H
#define SIPWARD_KERNEL_STATE_OPEN_H

#include "kernel/state_maps.h"

/* Opens the pinned state, making what is missing in the sizes of the policy, after what an agent
 * left half done was put right (state_recover). Refuses state of another ABI version, or whose
 * maps have another layout (*e says what to do). Owned by the caller: state_close. */
int state_open(struct state *state, const struct tables *tables, struct error *e);
/* Likewise, but makes nothing: EXIT_NOT_RUNNING when there is no state. */
int state_open_existing(struct state *state, struct error *e);
/* Makes state that is pinned nowhere, of these sizes: for test runs. */
int state_open_private(struct state *state, const struct tables *tables, struct error *e);

#endif
