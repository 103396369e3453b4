/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Proofs that user space itself asks for: tokens as the data path makes them (bpf/token.h).
 */
#ifndef SIPWARD_KERNEL_PROOF_H
#define SIPWARD_KERNEL_PROOF_H

#include "kernel/state.h"

/* Whoever answers a request with this branch from `addr` before `expires` (CLOCK_MONOTONIC
 * nanoseconds) is known from then on. */
int proof_expect(const struct state *state, const struct sw_meta *meta, const char *branch,
		 const struct sw_addr *addr, uint64_t expires, struct error *e);

#endif
