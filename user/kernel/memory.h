/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the tables take when they are full, and how much that may be: a table that the kernel
 * has no room for when a flood fills it is no table.
 */
#ifndef SIPWARD_KERNEL_MEMORY_H
#define SIPWARD_KERNEL_MEMORY_H

#include "kernel/state.h"

/* Octets that the host-wide maps take when they are full, as they are now. */
uint64_t state_memory(const struct state *state);

/* Octets that the tables of a policy take when they are full, its lists included. 0 and *e
 * when the BPF object cannot be read. */
uint64_t policy_memory(const struct policy *policy, struct error *e);

/* Octets that they may take: half of the host's memory, or what the control group allows. Where
 * the policy's author chose no size, all of the host's, so that a small one can start; NULL: as
 * if he had. */
uint64_t memory_allowed(const struct policy *policy);

/* 0 when the policy's tables stay within `allowed` octets; -1 and *e, at the table that takes
 * most, with the number of entries that would fit. */
int memory_check(const struct policy *policy, uint64_t allowed, struct error *e);

#endif
