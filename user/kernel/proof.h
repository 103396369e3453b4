/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Proofs that user space itself asks for: tokens as the data path makes them (bpf/lib/token.h).
 */
#ifndef SIPWARD_KERNEL_PROOF_H
#define SIPWARD_KERNEL_PROOF_H

#include "kernel/state_maps.h"

/* An endpoint that answers a request with this branch from `addr` before `expires`
 * (CLOCK_MONOTONIC nanoseconds) is known from then on. *token names what was noted. The table has
 * SW_PROBES_MAX entries; a full one refuses. */
int proof_expect(const struct state *state, const struct sw_meta *meta, const char *branch,
		 const struct sw_addr *addr, uint64_t expires, uint64_t *token, struct error *e);

/* Takes out what nobody answered. An entry that was answered is gone already. */
void proof_forget(const struct state *state, uint64_t token);
/* Likewise all, such as those that an agent before this one left. */
int proof_forget_all(const struct state *state, struct error *e);

#endif
