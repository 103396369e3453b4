/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Two processors at once on the same frame: one source, one zone, the same counters. A figure is
 * what a packet costs beside the other processor, as a ratio to what it costs alone. 1.0 is twice
 * the throughput of one processor, 1.11 is 1.8 times, and 2.0 is no gain. Two processors that are
 * threads of one core share more than memory: the row "one cell" shows what a machine can tell.
 */
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define PROCESSORS 2
#define LONG_NS    5e6 /* a run that is measured */
#define SHORT_NS   2e5 /* one of those beside it */

/* The other processor: it sends short runs until it is stopped. */
struct other {
	const struct row *row;
	int processor;
	unsigned int packets; /* of a run */
	uint64_t runs;
	bool stop;
};

static void stay_on(int processor)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	if (pthread_setaffinity_np(pthread_self(), sizeof(one), &one))
		die("a thread cannot stay on processor %d", processor);
}

static void *run_on(void *context)
{
	struct other *o = context;

	stay_on(o->processor);
	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
		row_run(o->row, o->packets);
		__atomic_fetch_add(&o->runs, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The best run of this processor while the other one was at work, too: it did about as much as
 * this one. On a busy machine most runs are not like that; 0 when none was. */
static double cost_beside(const struct row *row, int processor, double alone, unsigned int rounds)
{
	struct other other = {.row = row, .processor = processor, .packets = SHORT_NS / alone};
	unsigned int packets = LONG_NS / alone;
	pthread_t thread;
	double best = 0;

	if (pthread_create(&thread, NULL, run_on, &other))
		die("%s: no thread starts", row->name);
	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t before = __atomic_load_n(&other.runs, __ATOMIC_RELAXED), did;
		double ns = row_run(row, packets);

		did = (__atomic_load_n(&other.runs, __ATOMIC_RELAXED) - before) * other.packets;
		if (did > 0.9 * packets)
			best = least(best, ns);
	}
	__atomic_store_n(&other.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return best;
}

/* The first processors that this process may use. */
static int usable(int processors[PROCESSORS])
{
	cpu_set_t allowed;
	int count = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return 0;
	for (int i = 0; i < CPU_SETSIZE && count < PROCESSORS; i++)
		if (CPU_ISSET(i, &allowed))
			processors[count++] = i;
	return count;
}

bool measure_processors(const struct table *table, unsigned int rounds, double *ratios)
{
	int processors[PROCESSORS];

	if (usable(processors) < PROCESSORS)
		return false;
	stay_on(processors[0]);
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];
		double alone = 0;

		for (unsigned int round = 0; round < rounds; round++)
			alone = least(alone, row_run(row, LONG_NS / row->best));
		ratios[i] = cost_beside(row, processors[1], alone, rounds) / alone;
	}
	return true;
}
