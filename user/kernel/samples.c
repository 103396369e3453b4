/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/samples.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

/* Samples a second that a reader needs, with all processors together. */
#define WANTED 1000

static void *map(const struct state *state, enum state_map which, size_t size, int protection,
		 struct error *e)
{
	void *there = mmap(NULL, size, protection, MAP_SHARED, state->fds[which], 0);

	if (there != MAP_FAILED)
		return there;
	fail(e, EXIT_FAILED, "map %s cannot be mapped: %s", state_map_name(which), strerror(errno));
	return NULL;
}

int samples_open(struct samples *samples, const struct state *state, struct error *e)
{
	*samples = (struct samples){
		.sampling = map(state, STATE_SAMPLING, sizeof(struct sw_sampling),
				PROT_READ | PROT_WRITE, e),
		.ring = map(state, STATE_SAMPLES, SW_SAMPLES * sizeof(struct sw_sample), PROT_READ,
			    e),
	};
	if (!samples->sampling || !samples->ring)
		return -1;
	samples->last = __atomic_load_n(&samples->sampling->taken, __ATOMIC_ACQUIRE);
	return 0;
}

void samples_close(struct samples *samples)
{
	if (samples->sampling)
		munmap(samples->sampling, sizeof(struct sw_sampling));
	if (samples->ring)
		munmap((void *)samples->ring, SW_SAMPLES * sizeof(struct sw_sample));
	*samples = (struct samples){};
}

static struct sw_sampling_rate rate_of(uint32_t weight)
{
	struct sw_sampling_rate rate = {.weight = weight};

	if (weight > 1)
		rate.scale = round(-4096 / log1p(-1.0 / weight));
	return rate;
}

/* The data path may read it meanwhile: a packet that finds a part of it is sampled sooner or later
 * than it should be, once. */
void samples_want(const struct samples *samples, uint32_t weight, uint64_t until)
{
	struct sw_sampling *sampling = samples->sampling;

	sampling->less = rate_of(weight * SW_SAMPLE_LESS);
	sampling->rate = rate_of(weight);
	__atomic_store_n(&sampling->until, until, __ATOMIC_RELEASE);
}

uint32_t samples_weight(double packets_per_second)
{
	uint32_t weight = 1;

	while (weight < SW_SAMPLE_WEIGHT && packets_per_second > (double)weight * WANTED)
		weight *= 2;
	return weight;
}

/* A copy that is whole, or false: it is being written, or was overwritten meanwhile. */
static bool copy_sample(const struct sw_sample *from, uint64_t number, struct sw_sample *to)
{
	if (__atomic_load_n(&from->number, __ATOMIC_ACQUIRE) != number)
		return false;
	memcpy(to, from, sizeof(*to));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&from->number, __ATOMIC_RELAXED) != number)
		return false;
	if (to->octets > SW_SAMPLE_OCTETS)
		to->octets = SW_SAMPLE_OCTETS;
	return true;
}

size_t samples_read(struct samples *samples,
		    void (*visit)(const struct sw_sample *sample, void *context), void *context)
{
	uint64_t taken = __atomic_load_n(&samples->sampling->taken, __ATOMIC_ACQUIRE);
	struct sw_sample copy;
	size_t count = 0;

	/* The map was made anew. */
	if (taken < samples->last)
		samples->last = 0;
	if (taken - samples->last > SW_SAMPLES) {
		samples->lost += taken - samples->last - SW_SAMPLES;
		samples->last = taken - SW_SAMPLES;
	}
	while (samples->last < taken) {
		uint64_t number = ++samples->last;

		if (copy_sample(&samples->ring[number & (SW_SAMPLES - 1)], number, &copy)) {
			visit(&copy, context);
			count++;
		} else {
			samples->lost++;
		}
	}
	return count;
}
