/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/zone_numbers.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/counters.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/skeleton.h"
#include "kernel/state_maps.h"
#include "kernel/walk.h"

static int clear_counters(uint32_t number, struct error *e)
{
	auto_string_list char **interfaces = state_interfaces();
	auto_free struct sw_counters *zero =
		xcalloc(libbpf_num_possible_cpus(), sizeof(struct sw_counters));

	for (char **iface = interfaces; *iface; iface++) {
		struct error missing = {};
		auto_fd int fd = state_open_counters(*iface, false, &missing);

		if (fd >= 0 && bpf_map_update_elem(fd, &number, zero, BPF_ANY) < 0)
			return fail(e, EXIT_FAILED,
				    "the counters of a zone that is gone cannot be "
				    "cleared: %s",
				    strerror(errno));
	}
	return 0;
}

struct clearing {
	int fd;
	uint32_t zone;
};

static bool clear_source(const void *key, void *value, void *context)
{
	const struct clearing *clearing = context;

	(void)value;
	if (((const struct sw_source *)key)->zone == clearing->zone)
		bpf_map_delete_elem(clearing->fd, key);
	return true;
}

/* A line does not say whose it is: all of them begin anew. */
static bool clear_line(const void *key, void *value, void *context)
{
	static const struct sw_cell_line empty;
	const struct clearing *clearing = context;

	(void)value;
	bpf_map_update_elem(clearing->fd, key, &empty, BPF_ANY);
	return true;
}

_Static_assert(sizeof(struct sw_prefix_line) <= sizeof(struct sw_cell_line) &&
		       sizeof(struct sw_callee_line) <= sizeof(struct sw_cell_line),
	       "one empty for all");

static int clear_cells(const struct state *state, uint32_t number, struct error *e)
{
	static const struct {
		enum state_map map;
		bool (*clear)(const void *key, void *value, void *context);
	} maps[] = {
		{STATE_SOURCES, clear_line},
		{STATE_PREFIXES, clear_line},
		{STATE_CALLEES, clear_line},
		{STATE_KNOWN_CELLS, clear_source},
	};
	struct sw_zone_cell cell = {};
	struct sw_ceilings ceilings = {};

	if (bpf_map_update_elem(state->fds[STATE_ZONE_CELLS], &number, &cell, BPF_ANY) < 0 ||
	    bpf_map_update_elem(state->fds[STATE_CEILINGS], &number, &ceilings, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED,
			    "the limit of a zone that is gone cannot be cleared: %s",
			    strerror(errno));
	for (size_t i = 0; i < array_size(maps); i++) {
		struct clearing clearing = {.fd = state->fds[maps[i].map], .zone = number};

		if (map_walk(clearing.fd, maps[i].clear, &clearing, e) < 0)
			return -1;
	}
	return 0;
}

static const struct zone *zone_by_name(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->zone_count; i++)
		if (strcmp(policy->zones[i].name, name) == 0)
			return &policy->zones[i];
	return NULL;
}

/* A number for a new zone: one never used, else that of the zone gone longest. */
static int free_number(const struct sw_zone_name *names, const struct policy *policy, uint64_t keep)
{
	int best = -1;

	for (int i = SW_ZONE_PUBLIC + 1; i < SW_ZONES_MAX; i++) {
		if (!names[i].generation)
			return i;
		if (keep >> i & 1 || zone_by_name(policy, names[i].name))
			continue;
		if (best < 0 || names[i].generation < names[best].generation)
			best = i;
	}
	return best;
}

static int number_of(struct sw_zone_name *names, const struct state *state,
		     const struct policy *policy, const struct zone *zone, uint64_t keep,
		     struct error *e)
{
	int number;

	if (zone == &policy->zones[0])
		return SW_ZONE_PUBLIC;
	for (number = SW_ZONE_PUBLIC + 1; number < SW_ZONES_MAX; number++)
		if (names[number].generation && strcmp(names[number].name, zone->name) == 0)
			return number;
	number = free_number(names, policy, keep);
	if (number < 0)
		return fail(e, EXIT_POLICY,
			    "zone %s: no zone number is free; apply the policy "
			    "without the zones that go first, then with the new ones",
			    zone->name);
	if (names[number].generation &&
	    (clear_counters(number, e) < 0 || clear_cells(state, number, e) < 0))
		return -1;
	return number;
}

int state_number_zones(const struct state *state, const struct policy *policy, uint64_t keep,
		       uint64_t generation, uint8_t *numbers, struct error *e)
{
	struct sw_zone_name names[SW_ZONES_MAX];
	int fd = state->fds[STATE_ZONE_NAMES];

	for (uint32_t i = 0; i < SW_ZONES_MAX; i++)
		if (bpf_map_lookup_elem(fd, &i, &names[i]) < 0)
			return fail(e, EXIT_FAILED, "map zone_names cannot be read: %s",
				    strerror(errno));
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];
		int got = number_of(names, state, policy, zone, keep, e);
		uint32_t number = got;

		if (got < 0)
			return -1;
		memset(&names[number], 0, sizeof(names[number]));
		snprintf(names[number].name, sizeof(names[number].name), "%s", zone->name);
		names[number].generation = generation;
		if (fault_point("prepare: number a zone", e) < 0)
			return -1;
		if (bpf_map_update_elem(fd, &number, &names[number], BPF_ANY) < 0)
			return fail(e, EXIT_FAILED, "map zone_names cannot be written: %s",
				    strerror(errno));
		numbers[i] = number;
	}
	return 0;
}
