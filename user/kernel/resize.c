/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables that change their size keep their live entries: a new map is filled, the next
 * generation uses it, and only then does its pin take the place of the old one.
 */
#include <errno.h>
#include <string.h>

#include "kernel/paths.h"
#include "kernel/skeleton.h"
#include "kernel/state.h"
#include "kernel/walk.h"

struct copy {
	enum state_map map;
	int to;          /* < 0: only count */
	uint64_t now;
	size_t count;
	int error;
};

static bool entry_lives(const struct copy *copy, const void *value)
{
	if (copy->map == STATE_BANS)
		return ((const struct sw_ban *)value)->end > copy->now;
	if (copy->map == STATE_FRAGMENTS || copy->map == STATE_OTHER_FRAGMENTS)
		return ((const struct sw_fragment *)value)->expires > copy->now;
	if (copy->map == STATE_PROOFS || copy->map == STATE_SENT_TAGS ||
	    copy->map == STATE_BRANCHES || copy->map == STATE_TRANSACTIONS ||
	    copy->map == STATE_ASKS)
		return ((const struct sw_proof *)value)->expires > copy->now;
	if (copy->map == STATE_DIALOGS)
		return ((const struct sw_dialog *)value)->expires > copy->now;
	if (copy->map == STATE_LOOPS)
		return ((const struct sw_loop *)value)->expires > copy->now;
	if (copy->map == STATE_OPENINGS)
		return ((const struct sw_opening *)value)->expires > copy->now;
	return true;
}

/* Octets of the arrival times that a value consists of; 0 when it consists of other things. */
static size_t cells_size(enum state_map map)
{
	return map == STATE_KNOWN_CELLS ? sizeof(struct sw_known_cells) : 0;
}

/* Both maps may have the entry: the swap lies between two copies. The later of two arrival
 * times is the true one. */
static void merge_cells(int to, const void *key, uint64_t *cells, size_t size)
{
	uint64_t other[sizeof(struct sw_known_cells) / sizeof(uint64_t)];

	if (bpf_map_lookup_elem(to, key, other) < 0)
		return;
	for (size_t i = 0; i < size / sizeof(*other); i++)
		if (other[i] > cells[i])
			cells[i] = other[i];
}

static bool copy_entry(const void *key, void *value, void *context)
{
	struct copy *copy = context;

	if (!entry_lives(copy, value))
		return true;
	copy->count++;
	if (copy->to < 0)
		return true;
	if (cells_size(copy->map))
		merge_cells(copy->to, key, value, cells_size(copy->map));
	/* Counts are made anew by the next sweep. */
	if (bpf_map_update_elem(copy->to, key, value, BPF_ANY) < 0 && copy->map != STATE_QUOTAS)
		copy->error = errno;
	return true;
}

/* Copies the live entries of one map to another (to < 0: only counts them). */
static int copy_entries(enum state_map map, int from, int to, size_t *count, struct error *e)
{
	struct copy copy = {.map = map, .to = to, .now = monotonic_ns()};

	if (count)
		*count = 0;
	/* These are found by the size of their table: in another one they are nowhere. Sights are
	 * made again within a second, and nobody was known by them; limits begin anew. */
	if (map == STATE_SIGHTS || map == STATE_SOURCES || map == STATE_PREFIXES ||
	    map == STATE_STRANGERS)
		return 0;
	if (map_walk(from, copy_entry, &copy, e) < 0)
		return -1;
	if (copy.error)
		return fail(e, EXIT_FAILED, "tables: %s: its entries cannot be copied: %s",
			    state_map_name(map), strerror(copy.error));
	if (count)
		*count = copy.count;
	return 0;
}

static int map_entries(int fd, struct bpf_map_info *info, struct error *e)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(fd, info, &size) < 0)
		return fail(e, EXIT_FAILED, "a state map cannot be read: %s", strerror(errno));
	return 0;
}

/* bpffs allows no dot in a name. */
static void new_pin_path(char path[PATH_MAX], enum state_map map)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_new", state_map_name(map));
	pin_path(path, NULL, name);
}

static int resize_one(struct state *state, enum state_map map, uint32_t wanted, struct error *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	const char *name = state_map_name(map);
	struct bpf_map_info info;
	char path[PATH_MAX];
	auto_fd int fd = -1;
	size_t live;

	if (map_entries(state->fds[map], &info, e) < 0)
		return -1;
	if (info.max_entries == wanted)
		return 0;
	if (copy_entries(map, state->fds[map], -1, &live, e) < 0)
		return -1;
	/* The least recently used of an LRU table may go; of a plain one nothing may. */
	if (info.type == BPF_MAP_TYPE_HASH && map != STATE_QUOTAS && live > wanted)
		return fail(e, EXIT_POLICY, "tables: %s: %u is fewer than the %zu live entries; "
			    "write at least %zu, or take some out first (sipward ban list, sipward "
			    "ban del)",
			    name, wanted, live, live);
	opts.map_flags = info.map_flags;
	fd = bpf_map_create(info.type, name, info.key_size, info.value_size, wanted, &opts);
	if (fd < 0)
		return fail(e, EXIT_FAILED, "tables: %s: a map of %u entries cannot be made: %s; "
			    "write a smaller number", name, wanted, strerror(errno));
	if (copy_entries(map, state->fds[map], fd, NULL, e) < 0)
		return -1;
	/* Pinned beside the old one before anything is swapped: later only a rename is left. */
	new_pin_path(path, map);
	unlink(path);
	if (bpf_obj_pin(fd, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	state->resized[map] = state->fds[map];
	state->fds[map] = take_fd(fd);
	return 0;
}

uint32_t state_table_size(enum state_map map, const struct tables *tables)
{
	switch (map) {
	case STATE_BANS:
		return tables->bans;
	case STATE_SOURCES:
		return way_lines(tables->sources);
	case STATE_PREFIXES:
		return way_lines(tables->prefixes);
	case STATE_FRAGMENTS:
	case STATE_OTHER_FRAGMENTS:
		return tables->fragments;
	case STATE_QUOTAS:
		return 2 * tables->known;
	case STATE_KNOWN:
	case STATE_KNOWN_CELLS:
	case STATE_GOODS:
		return tables->known;
	case STATE_PROOFS:
	case STATE_SENT_TAGS:
		return tables->proofs;
	case STATE_BRANCHES:
		return tables->branches;
	case STATE_SIGHTS:
		return tables->sights;
	case STATE_OPENINGS:
		return tables->openings;
	case STATE_DIALOGS:
	case STATE_TRANSACTIONS:
	case STATE_ASKS:
		return tables->dialogs;
	case STATE_LOOPS:
		return tables->loops;
	case STATE_CALLERS:
		return tables->callers;
	case STATE_STRANGERS:
		return way_lines(tables->callers);
	default:
		return 0;
	}
}

int state_resize(struct state *state, const struct tables *tables, struct error *e)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		uint32_t wanted = state_table_size(i, tables);

		if (wanted && resize_one(state, i, wanted, e) < 0) {
			state_resize_abort(state);
			return -1;
		}
	}
	return 0;
}

int state_resize_commit(struct state *state, struct error *e)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		if (state->resized[i] < 0)
			continue;
		/* What the old program wrote until the swap. */
		if (copy_entries(i, state->resized[i], state->fds[i], NULL, e) < 0)
			return -1;
		pin_path(path, NULL, state_map_name(i));
		new_pin_path(fresh, i);
		if (rename(fresh, path) < 0)
			return fail(e, EXIT_FAILED, "%s: cannot be replaced: %s", path,
				    strerror(errno));
		close_fd(&state->resized[i]);
		state->resized[i] = -1;
	}
	return 0;
}

void state_resize_abort(struct state *state)
{
	char path[PATH_MAX];

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		if (state->resized[i] < 0)
			continue;
		new_pin_path(path, i);
		unlink(path);
		close_fd(&state->fds[i]);
		state->fds[i] = state->resized[i];
		state->resized[i] = -1;
	}
}
