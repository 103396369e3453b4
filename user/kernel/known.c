/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/known.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include <sipward/quota.h>

#include "kernel/quotas.h"
#include "kernel/walk.h"
#include "lib/greylist.h"

struct sweep {
	int known;
	int cells;
	uint64_t now;
	uint64_t idle;
	struct known_row *rows;
	size_t count;
};

static bool count_one(const void *key, void *value, void *context)
{
	(void)key, (void)value;
	++*(size_t *)context;
	return true;
}

long known_count(const struct state *state, struct error *e)
{
	size_t count = 0;

	return map_walk(state->fds[STATE_KNOWN], count_one, &count, e) < 0 ? -1 : (long)count;
}

struct gathering {
	struct known_entry *known;
	size_t count;
};

static bool gather(const void *key, void *value, void *context)
{
	struct gathering *to = context;
	struct known_entry entry = {
		.endpoint = *(const struct sw_source *)key,
		.known = *(const struct sw_known *)value,
	};

	append(to->known, to->count, entry);
	return true;
}

int known_list(const struct state *state, struct known_entry **known, size_t *count,
	       struct error *e)
{
	struct gathering to = {};

	if (map_walk(state->fds[STATE_KNOWN], gather, &to, e) < 0) {
		free(to.known);
		return -1;
	}
	*known = to.known;
	*count = to.count;
	return 0;
}

/* Served ones first, and then who was seen last. Times may lie before the kernel's start, and are
 * compared by their difference. */
static int worth_most_first(const void *left, const void *right)
{
	const struct known_entry *a = left, *b = right;
	int64_t newer = a->known.seen - b->known.seen;

	if (a->known.grade != b->known.grade)
		return b->known.grade - a->known.grade;
	return newer > 0 ? -1 : newer < 0;
}

static bool restore(const struct state *state, const struct known_entry *entry)
{
	int fd = state->fds[STATE_KNOWN];
	struct sw_known there;

	return bpf_map_lookup_elem(fd, &entry->endpoint, &there) < 0 &&
	       quotas_take(state, &entry->endpoint, entry->known.grade == SW_GRADE_GOOD) &&
	       bpf_map_update_elem(fd, &entry->endpoint, &entry->known, BPF_NOEXIST) == 0;
}

size_t known_restore(const struct state *state, struct known_entry *known, size_t count)
{
	size_t done = 0;

	if (count)
		qsort(known, count, sizeof(*known), worth_most_first);
	for (size_t i = 0; i < count; i++)
		done += restore(state, &known[i]);
	return done;
}

static bool sweep_endpoint(const void *key, void *value, void *context)
{
	const struct sw_known *entry = value;
	struct sweep *sweep = context;
	struct known_row row = {.endpoint = *(const struct sw_source *)key};

	/* As a difference: one that was restored may have been seen before this kernel started. */
	if ((int64_t)(sweep->now - entry->seen) > (int64_t)sweep->idle) {
		bpf_map_delete_elem(sweep->known, key);
		return true;
	}
	row.served = entry->grade == SW_GRADE_GOOD;
	row.old = (int64_t)(sweep->now - entry->since) > (int64_t)SW_PROVED_LIFE;
	append(sweep->rows, sweep->count, row);
	return true;
}

static bool sweep_cells(const void *key, void *value, void *context)
{
	const struct sw_known_cells *cells = value;
	const struct sweep *sweep = context;

	for (int i = 0; i < SW_RATE_COUNT; i++)
		if (cells->path.tat[i] > sweep->now || cells->proved.tat[i] > sweep->now)
			return true;
	bpf_map_delete_elem(sweep->cells, key);
	return true;
}

/* A tally that only the agent writes. */
static void tally_left(const struct state *state, size_t count)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free uint64_t *values = xcalloc(cpus, sizeof(*values));
	uint32_t index = SW_TALLY_KNOWN_LEFT;

	if (!count || bpf_map_lookup_elem(state->fds[STATE_TALLIES], &index, values) < 0)
		return;
	values[0] += count;
	bpf_map_update_elem(state->fds[STATE_TALLIES], &index, values, BPF_ANY);
}

long known_sweep(const struct state *state, uint64_t known_for, struct error *e)
{
	uint64_t entered = known_entered(state);
	struct sweep sweep = {
		.known = state->fds[STATE_KNOWN],
		.cells = state->fds[STATE_KNOWN_CELLS],
		.now = monotonic_ns(),
		.idle = known_for,
	};
	long count = -1;

	if (map_walk(sweep.known, sweep_endpoint, &sweep, e) == 0 &&
	    map_walk(sweep.cells, sweep_cells, &sweep, e) == 0) {
		tally_left(state, quotas_make_room(state, sweep.rows, &sweep.count));
		if (quotas_write(state, sweep.rows, sweep.count, entered, e) == 0)
			count = sweep.count;
	}
	free(sweep.rows);
	return count;
}

int tallies_read(const struct state *state, uint64_t *tallies, struct error *e)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free uint64_t *values = xcalloc(cpus, sizeof(*values));

	memset(tallies, 0, SW_TALLY_COUNT * sizeof(*tallies));
	for (uint32_t i = 0; i < SW_TALLY_COUNT; i++) {
		if (bpf_map_lookup_elem(state->fds[STATE_TALLIES], &i, values) < 0)
			return fail(e, EXIT_FAILED, "map tallies cannot be read: %s",
				    strerror(errno));
		for (int cpu = 0; cpu < cpus; cpu++)
			tallies[i] += values[cpu];
	}
	return 0;
}

double greylist_false_admissions(uint32_t lines, double rate)
{
	const double unit = (double)(1ull << GREYLIST_UNIT_BITS) / SW_NS_PER_SEC;
	const double youngest = GREYLIST_AGE_MIN * unit, oldest = (GREYLIST_AGE_FIRST + 1) * unit;
	const double cells = SW_GREYLIST_CELLS, marks = 1 << 20;
	const double wrap = unit * (1 << GREYLIST_TIME_BITS);
	double a_line = rate / lines; /* packets of one line in a second */
	double life = cells / a_line; /* of a cell, in seconds */
	double eligible = 0;

	/* A time that has wrapped looks young again. */
	for (double from = youngest; rate > 0 && from < life; from += wrap) {
		double to = from - youngest + oldest;

		eligible += ((to < life ? to : life) - from) * a_line;
	}
	return rate * eligible / marks;
}
