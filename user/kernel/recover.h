/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finishes the work that an agent left half done when it was killed. The programs are the truth:
 * the table that they use is the one that counts, and the pins have to say the same, or a ban would
 * be written to a table that nobody reads.
 */
#ifndef SIPWARD_KERNEL_RECOVER_H
#define SIPWARD_KERNEL_RECOVER_H

#include "kernel/state_maps.h"

/* Makes the pins agree with what the programs use: completes a change of sizes that an agent was
 * killed in, or undoes it. Where programs use two maps, state->fds and state->resized get both, and
 * the next apply ends that. */
int state_recover(struct state *state, const struct tables *tables, struct error *e);

#endif
