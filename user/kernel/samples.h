/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads samples of packets out of the kernel's ring, beside any number of other readers, and tells
 * the data path how many are wanted.
 */
#ifndef SIPWARD_KERNEL_SAMPLES_H
#define SIPWARD_KERNEL_SAMPLES_H

#include <sipward/sample.h>

#include "kernel/state_maps.h"

struct samples {
	struct sw_sampling *sampling; /* mapped */
	const struct sw_sample *ring; /* likewise */
	uint64_t last;                /* number of the last one that was read, or lost */
	uint64_t lost;                /* overwritten before they were read */
};

/* Reads from the samples on that come from now on. */
int samples_open(struct samples *samples, const struct state *state, struct error *e);
void samples_close(struct samples *samples);
#define auto_samples cleanup(samples_close)

/* One of `weight` packets, until that time; the next call may say something else. */
void samples_want(const struct samples *samples, uint32_t weight, uint64_t until);

/* The weight by which so many packets a second make about so many samples as a reader needs: a
 * power of two. */
uint32_t samples_weight(double packets_per_second);

/* Calls visit() for each sample that is new; returns how many there were. */
size_t samples_read(struct samples *samples,
		    void (*visit)(const struct sw_sample *sample, void *context), void *context);

#endif
