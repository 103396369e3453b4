/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The memory that the tables take when they are full, and the limit for it. A table for which the
 * kernel has no memory when a flood fills it is of no use.
 */
#ifndef SIPWARD_KERNEL_MEMORY_H
#define SIPWARD_KERNEL_MEMORY_H

#include "kernel/state_maps.h"

/* Octets that the host-wide maps take when they are full, as they are now. */
uint64_t state_memory(const struct state *state);

/* Octets that a policy takes at most. */
struct memory {
	uint64_t tables; /* when they are full */
	uint64_t lists;  /* in the kernel, twice: while one policy takes the place of another */
	uint64_t agent;  /* with the policy before it, the next, and one that may come back */
	uint64_t sum;
	uint64_t entries; /* of all lists */
};

/* 0, or -1 and *e when the BPF object cannot be read. */
int memory_measure(const struct policy *policy, struct memory *memory, struct error *e);

/* Its sum, 0 on error. */
uint64_t policy_memory(const struct policy *policy, struct error *e);

/* Octets that they may take: half of the host's memory, or what the control group allows. Where
 * the policy's author chose no size, all of the host's, so that a small one can start; NULL: as
 * if he had. */
uint64_t memory_allowed(const struct policy *policy);

/* 0 when the policy stays within `allowed` octets; -1 and *e, at the table or the lists, whichever
 * takes most, with the number of entries that would fit. */
int memory_check(const struct policy *policy, uint64_t allowed, struct error *e);

#endif
