/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/resize.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/merge.h"
#include "kernel/paths.h"
#include "kernel/skeleton.h"
#include "kernel/table_sizes.h"
#include "kernel/walk.h"

struct copy {
	enum state_map map;
	int from;
	int to;
	uint64_t now;
	bool over; /* bans whose time is over, which are only remembered */
	size_t count;
	size_t lost; /* found no room */
	int error;
};

static void note_error(struct copy *copy)
{
	if (errno == E2BIG || errno == ENOMEM)
		copy->lost++;
	else if (errno != EEXIST && errno != ENOENT)
		copy->error = errno;
}

static bool is_over(const struct copy *copy, const void *value)
{
	return copy->map == STATE_BANS && ((const struct sw_ban *)value)->end <= copy->now;
}

static bool count_entry(const void *key, void *value, void *context)
{
	struct copy *copy = context;

	(void)key;
	copy->count += entry_lives(copy->map, value, copy->now) && !is_over(copy, value);
	return true;
}

/* Into a map that has none of them, but for what somebody wrote to both maps meanwhile. */
static bool copy_entry(const void *key, void *value, void *context)
{
	struct copy *copy = context;

	if (entry_lives(copy->map, value, copy->now) && is_over(copy, value) == copy->over &&
	    bpf_map_update_elem(copy->to, key, value, BPF_NOEXIST) < 0)
		note_error(copy);
	return true;
}

/* True when `to` has what `from` has, or had while this looked. */
static bool bring_over(struct copy *copy, const void *key, void *value)
{
	_Alignas(uint64_t) char now[ENTRY_MAX] = {};

	if (bpf_map_lookup_elem(copy->to, key, now) < 0)
		return bpf_map_update_elem(copy->to, key, value, BPF_NOEXIST) == 0;
	return !entry_merge(copy->map, value, now, sizeof(now)) ||
	       bpf_map_update_elem(copy->to, key, now, BPF_EXIST) == 0;
}

/* Bans are written by others while this runs: to `from` first, then to `to`. So `from` is looked at
 * again, and again until it still was what was brought over. */
static bool bring_ban(struct copy *copy, const void *key, struct sw_ban *ban)
{
	struct sw_ban again;

	for (int tries = 0; tries < 16; tries++) {
		if (!bring_over(copy, key, ban) && errno != EEXIST && errno != ENOENT)
			return false;
		if (bpf_map_lookup_elem(copy->from, key, &again) < 0) {
			bpf_map_delete_elem(copy->to, key);
			return true;
		}
		if (same_ban(&again, ban))
			return true;
		*ban = again;
	}
	return true;
}

static bool merge_entry(const void *key, void *value, void *context)
{
	struct copy *copy = context;

	if (!entry_lives(copy->map, value, copy->now) || is_over(copy, value) != copy->over)
		return true;
	if (copy->map == STATE_BANS ? !bring_ban(copy, key, value) : !bring_over(copy, key, value))
		note_error(copy);
	return true;
}

static bool drop_taken_out(const void *key, void *value, void *context)
{
	struct copy *copy = context;

	if (bpf_map_lookup_elem(copy->from, key, value) == 0 || errno != ENOENT)
		return true;
	bpf_map_delete_elem(copy->to, key);
	/* Written to both meanwhile? */
	if (bpf_map_lookup_elem(copy->from, key, value) == 0)
		bring_ban(copy, key, value);
	return true;
}

/* Bans that hold come first: those that are only remembered get the room that is left, or none. */
static int walk_all(struct copy *copy, walk_entry visit, struct error *e)
{
	size_t lost;

	if (map_walk(copy->from, visit, copy, e) < 0)
		return -1;
	lost = copy->lost;
	copy->over = true;
	if (copy->map == STATE_BANS && map_walk(copy->from, visit, copy, e) < 0)
		return -1;
	copy->lost = lost;
	if (copy->error)
		return fail(e, EXIT_FAILED, "tables: %s: its entries cannot be copied: %s",
			    state_map_name(copy->map), strerror(copy->error));
	return 0;
}

long table_merge(enum state_map map, int from, int to, struct error *e)
{
	struct copy copy = {.map = map, .from = from, .to = to, .now = monotonic_ns()};

	if (!entries_move(map))
		return 0;
	return walk_all(&copy, merge_entry, e) < 0 ? -1 : map == STATE_QUOTAS ? 0 : (long)copy.lost;
}

long table_settle(enum state_map map, int from, int to, struct error *e)
{
	struct copy copy = {.map = map, .from = from, .to = to, .now = monotonic_ns()};

	if (map == STATE_BANS && map_walk(to, drop_taken_out, &copy, e) < 0)
		return -1;
	return table_merge(map, from, to, e);
}

static int map_entries(int fd, struct bpf_map_info *info, struct error *e)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(fd, info, &size) < 0)
		return fail(e, EXIT_FAILED, "a state map cannot be read: %s", strerror(errno));
	return 0;
}

/* Copies the entries of the old map into the new one. */
static int fill_new(enum state_map map, int from, int to, struct error *e)
{
	struct copy copy = {.map = map, .from = from, .to = to, .now = monotonic_ns()};

	if (!entries_move(map))
		return 0;
	if (walk_all(&copy, copy_entry, e) < 0)
		return -1;
	if (copy.lost && map != STATE_QUOTAS)
		return fail(e, EXIT_POLICY,
			    "tables: %s: its entries became more than it has room "
			    "for while they were copied; write a larger number",
			    state_map_name(map));
	return 0;
}

/* The least recently used of an LRU table may go; of a plain one nothing may. */
static int check_room(enum state_map map, int from, const struct bpf_map_info *info,
		      uint32_t wanted, struct error *e)
{
	struct copy copy = {.map = map, .from = from, .to = -1, .now = monotonic_ns()};

	if (info->type != BPF_MAP_TYPE_HASH || map == STATE_QUOTAS || !entries_move(map))
		return 0;
	if (map_walk(from, count_entry, &copy, e) < 0)
		return -1;
	if (copy.count > wanted)
		return fail(e, EXIT_POLICY,
			    "tables: %s: %u is fewer than the %zu live entries; "
			    "write at least %zu, or remove some first (sipward ban list, sipward "
			    "ban del)",
			    state_map_name(map), wanted, copy.count, copy.count);
	return 0;
}

static int make_new(enum state_map map, const struct bpf_map_info *info, uint32_t wanted,
		    struct error *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = info->map_flags);
	const char *name = state_map_name(map);
	auto_fd int fd =
		bpf_map_create(info->type, name, info->key_size, info->value_size, wanted, &opts);
	char path[PATH_MAX];

	if (fd < 0)
		return fail(e, EXIT_FAILED,
			    "tables: %s: a map of %u entries cannot be made: %s; "
			    "write a smaller number",
			    name, wanted, strerror(errno));
	/* Pinned beside the old one before anything is swapped: later only a rename is left. */
	state_new_pin_path(path, map);
	if (fault_point("prepare: pin a new table", e) < 0)
		return -1;
	unlink(path);
	if (bpf_obj_pin(fd, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	return take_fd(fd);
}

static int copy_fd(int fd, struct error *e)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		fail(e, EXIT_FAILED, "no file descriptor is left: %s", strerror(errno));
	return copy;
}

static int prepare_one(struct resized *one, const struct state *state, enum state_map map,
		       uint32_t wanted, struct error *e)
{
	struct bpf_map_info info;
	bool also = state->resized[map] >= 0;

	if (map_entries(state->fds[map], &info, e) < 0)
		return -1;
	if (info.max_entries == wanted && !also)
		return 0;
	if ((one->from = copy_fd(state->fds[map], e)) < 0 ||
	    (also && (one->also = copy_fd(state->resized[map], e)) < 0))
		return -1;
	if (info.max_entries == wanted) {
		one->to = copy_fd(state->fds[map], e);
		return one->to < 0 ? -1 : 0;
	}
	if (check_room(map, one->from, &info, wanted, e) < 0 ||
	    (one->to = make_new(map, &info, wanted, e)) < 0)
		return -1;
	one->made = true;
	one->use = copy_fd(one->to, e);
	if (one->use < 0 || fault_point("prepare: fill a new table", e) < 0)
		return -1;
	return fill_new(map, one->from, one->to, e);
}

int resize_prepare(struct resize *resize, const struct state *state, const struct tables *tables,
		   struct error *e)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		uint32_t wanted = state_table_size(i, tables);

		if (wanted && prepare_one(&resize->maps[i], state, i, wanted, e) < 0)
			return -1;
	}
	return 0;
}

void resize_use(const struct resize *resize, int fds[STATE_MAP_COUNT])
{
	for (int i = 0; i < STATE_MAP_COUNT; i++)
		if (resize->maps[i].made)
			fds[i] = resize->maps[i].to;
}

void resize_swap(struct resize *resize, struct state *state)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		struct resized *one = &resize->maps[i];

		if (!one->made)
			continue;
		close_fd(&state->resized[i]);
		state->resized[i] = state->fds[i];
		state->fds[i] = take_fd(one->use);
		state->moved[i] = true;
	}
	resize->swapped = true;
}

static void settle_one(enum state_map map, int from, int to, bool taken_out,
		       void (*note)(const char *text))
{
	struct error e = {};
	auto_free char *text = NULL;
	long lost = -1;

	if (fault_point("settle: a table", &e) == 0)
		lost = (taken_out ? table_settle : table_merge)(map, from, to, &e);
	if (lost < 0)
		text = xasprintf("tables: %s: entries written while it was resized may be missing: "
				 "%s",
				 state_map_name(map), e.text);
	else if (lost)
		text = xasprintf("tables: %s: %ld entries that came while it was made smaller did "
				 "not fit",
				 state_map_name(map), lost);
	if (text)
		note(text);
}

void resize_settle(const struct resize *resize, void (*note)(const char *text))
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		const struct resized *one = &resize->maps[i];

		if (one->also >= 0)
			settle_one(i, one->also, one->to, false, note);
		if (one->made)
			settle_one(i, one->from, one->to, true, note);
	}
}

/* Gives the name to the map that the state uses from now on, and removes the other name. */
static int take_name(enum state_map map, int to)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	auto_fd int newer = -1;

	pin_path(path, NULL, state_map_name(map));
	state_new_pin_path(fresh, map);
	newer = bpf_obj_get(fresh);
	if (newer < 0)
		return 0;
	if (fault_point("finish: rename a table", NULL) < 0)
		return -1;
	return state_map_id(newer) == state_map_id(to) ? rename(fresh, path) : unlink(fresh);
}

void resize_finish(struct resize *resize, struct state *state, void (*note)(const char *text))
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		struct resized *one = &resize->maps[i];

		if (one->from < 0)
			continue;
		/* The next start does it when this cannot: it goes by what the programs use. Until
		 * then the map before is written to as well. */
		if (take_name(i, one->to) < 0 && take_name(i, one->to) < 0) {
			auto_free char *text =
				xasprintf("table %s: its pin cannot be replaced: %s; the next "
					  "start tries again",
					  state_map_name(i), strerror(errno));

			note(text);
			continue;
		}
		close_fd(&state->resized[i]);
		state->resized[i] = -1;
		state->moved[i] = false;
	}
}

void resize_free(struct resize *resize)
{
	char path[PATH_MAX];

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		struct resized *one = &resize->maps[i];

		if (one->made && !resize->swapped) {
			state_new_pin_path(path, i);
			unlink(path);
		}
		close_fd(&one->from);
		close_fd(&one->also);
		close_fd(&one->to);
		close_fd(&one->use);
	}
}
