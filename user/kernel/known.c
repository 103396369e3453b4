/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/known.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/walk.h"
#include "policy/model.h"
#include "sights.h"

/* As in bpf/known.h. */
#define QUOTA_PREFIX4 24
#define QUOTA_PREFIX6 48

struct network {
	struct sw_source key;
	uint32_t count;
};

struct sweep {
	int known;
	int cells;
	uint64_t now;
	uint64_t idle;
	size_t count;
	struct network *networks;
	size_t network_count;
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

/* Times may lie before the kernel's start, and are compared by their difference. */
static int last_seen_first(const void *left, const void *right)
{
	const struct known_entry *a = left, *b = right;
	int64_t newer = a->known.seen - b->known.seen;

	return newer > 0 ? -1 : newer < 0;
}

size_t known_restore(const struct state *state, struct known_entry *known, size_t count)
{
	size_t done = 0;

	if (count)
		qsort(known, count, sizeof(*known), last_seen_first);
	for (size_t i = 0; i < count; i++)
		done += bpf_map_update_elem(state->fds[STATE_KNOWN], &known[i].endpoint,
					    &known[i].known, BPF_NOEXIST) == 0;
	return done;
}

static void count_network(struct sweep *sweep, const struct sw_source *endpoint)
{
	bool ipv4 = addr_is_ipv4(&endpoint->addr);
	struct network network = {
		.key = {.addr = endpoint->addr, .length = ipv4 ? QUOTA_PREFIX4 : QUOTA_PREFIX6},
		.count = 1};

	memset(network.key.addr.octets + (ipv4 ? 15 : 6), 0, ipv4 ? 1 : 10);
	append(sweep->networks, sweep->network_count, network);
}

static bool sweep_endpoint(const void *key, void *value, void *context)
{
	const struct sw_known *entry = value;
	struct sweep *sweep = context;

	/* As a difference: one that was restored may have been seen before this kernel started. */
	if ((int64_t)(sweep->now - entry->seen) > (int64_t)sweep->idle) {
		bpf_map_delete_elem(sweep->known, key);
		return true;
	}
	sweep->count++;
	count_network(sweep, key);
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

static int by_network(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sw_source));
}

/* One entry for each network, with how many endpoints it has. */
static void write_quotas(const struct state *state, struct sweep *sweep)
{
	int fd = state->fds[STATE_QUOTAS];
	struct sw_source key;

	/* Networks that have none any more: their entries are made anew when needed. */
	while (bpf_map_get_next_key(fd, NULL, &key) == 0 && bpf_map_delete_elem(fd, &key) == 0)
		;
	if (!sweep->network_count)
		return;
	qsort(sweep->networks, sweep->network_count, sizeof(*sweep->networks), by_network);
	for (size_t i = 0, first = 0; i < sweep->network_count; i++) {
		const struct network *network = &sweep->networks[i];
		uint32_t count = i - first + 1;

		if (i + 1 < sweep->network_count && by_network(network, network + 1) == 0)
			continue;
		bpf_map_update_elem(fd, &network->key, &count, BPF_ANY);
		first = i + 1;
	}
}

long known_sweep(const struct state *state, uint64_t known_for, struct error *e)
{
	struct sweep sweep = {
		.known = state->fds[STATE_KNOWN],
		.cells = state->fds[STATE_KNOWN_CELLS],
		.now = monotonic_ns(),
		.idle = known_for,
	};
	long count = -1;

	if (map_walk(sweep.known, sweep_endpoint, &sweep, e) == 0 &&
	    map_walk(sweep.cells, sweep_cells, &sweep, e) == 0) {
		write_quotas(state, &sweep);
		count = sweep.count;
	}
	free(sweep.networks);
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

double sights_false_admissions(uint32_t lines, double rate)
{
	const double unit = (double)(1ull << SIGHT_UNIT_BITS) / SW_NS_PER_SEC;
	const double youngest = SIGHT_AGE_MIN * unit, oldest = (SIGHT_AGE_FIRST + 1) * unit;
	const double cells = SW_SIGHTS_A_LINE, marks = 1 << 20;
	const double wrap = unit * (1 << SIGHT_TIME_BITS);
	double a_line = rate / lines; /* sights of one line in a second */
	double life = cells / a_line; /* of a cell, in seconds */
	double eligible = 0;

	/* A time that has wrapped looks young again. */
	for (double from = youngest; rate > 0 && from < life; from += wrap) {
		double to = from - youngest + oldest;

		eligible += ((to < life ? to : life) - from) * a_line;
	}
	return rate * eligible / marks;
}
