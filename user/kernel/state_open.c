/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/state_open.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "kernel/paths.h"
#include "kernel/pinned_map.h"
#include "kernel/recover.h"
#include "kernel/state_values.h"
#include "kernel/table_sizes.h"

static int first_meta(const struct state *state, struct error *e)
{
	struct sw_meta meta = {.abi_version = SW_ABI_VERSION, .restoring = 1};

	if (getrandom(meta.seed, sizeof(meta.seed), 0) != sizeof(meta.seed))
		return fail(e, EXIT_FAILED, "no random numbers: %s", strerror(errno));
	return state_meta_write(state, &meta, e);
}

/* 1 when there is one, and it is of this version; 0 when there is none. */
static int open_meta(struct state *state, const struct bpf_map *map, struct error *e)
{
	struct error pin_error = {};
	struct sw_meta meta;
	char path[PATH_MAX];

	pin_path(path, NULL, state_map_name(STATE_META));
	if (state->fds[STATE_META] < 0)
		state->fds[STATE_META] = open_pin(path, map, &pin_error);
	if (state->fds[STATE_META] < 0)
		return pin_error.code ? fail(e, pin_error.code, "%s", pin_error.text) : 0;
	if (state_meta_read(state, &meta, e) < 0)
		return -1;
	state->restoring = meta.restoring;
	return meta.abi_version == SW_ABI_VERSION ? 1 : other_layout(path, e);
}

/* The last one to be pinned, and whole: where it is, so are the others. */
static int make_meta(struct state *state, const struct bpf_map *map, struct error *e)
{
	char path[PATH_MAX];

	pin_path(path, NULL, state_map_name(STATE_META));
	state->fds[STATE_META] = make_map(map, 1, e);
	if (state->fds[STATE_META] < 0 || first_meta(state, e) < 0)
		return -1;
	state->restoring = true;
	return pin_map(state->fds[STATE_META], path, e);
}

static bool is_any_pinned(void)
{
	char path[PATH_MAX];
	bool any = false;

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		pin_path(path, NULL, state_map_name(i));
		any |= access(path, F_OK) == 0;
	}
	return any;
}

int state_open(struct state *state, const struct tables *tables, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	int there = skel ? open_meta(state, skel->maps.meta, e) : -1;
	char path[PATH_MAX];
	bool made;

	if (there < 0)
		return -1;
	state->fresh = !there && !is_any_pinned();
	if (state_recover(state, tables, e) < 0)
		return -1;
	/* state_recover() may have brought it back. */
	there = open_meta(state, skel->maps.meta, e);
	for (int i = 0; there >= 0 && i < STATE_MAP_COUNT; i++) {
		if (i == STATE_META || state->fds[i] >= 0)
			continue;
		pin_path(path, NULL, state_map_name(i));
		state->fds[i] = open_or_make(path, find_map(skel, state_map_name(i)),
					     state_table_size(i, tables), &made, e);
		if (state->fds[i] < 0)
			return -1;
	}
	return there ? there < 0 ? -1 : 0 : make_meta(state, skel->maps.meta, e);
}

int state_open_existing(struct state *state, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	struct error pin_error = {};
	char path[PATH_MAX];
	int there = skel ? open_meta(state, skel->maps.meta, e) : -1;

	if (there < 0)
		return -1;
	state->follows = true;
	state_new_pin_path(path, STATE_BANS);
	state->resized[STATE_BANS] = open_pin(path, skel->maps.bans, NULL);
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		pin_path(path, NULL, state_map_name(i));
		if (state->fds[i] < 0)
			state->fds[i] =
				open_pin(path, find_map(skel, state_map_name(i)), &pin_error);
		if (pin_error.code)
			return fail(e, pin_error.code, "%s", pin_error.text);
		if (state->fds[i] < 0 && there)
			return fail(e, EXIT_NOT_RUNNING,
				    "%s: is missing, a part of the state of sipward; the agent "
				    "makes it anew when it starts (sipward run -i IFACE)",
				    path);
		if (state->fds[i] < 0)
			return fail(e, EXIT_NOT_RUNNING,
				    "%s: does not exist; sipward is not "
				    "running on this host (start it: sipward run -i IFACE)",
				    path);
	}
	return 0;
}

int state_open_private(struct state *state, const struct tables *tables, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);

	for (int i = 0; skel && i < STATE_MAP_COUNT; i++) {
		struct bpf_map *map = find_map(skel, state_map_name(i));
		uint32_t size = state_table_size(i, tables);

		state->fds[i] = make_map(map, size ? size : bpf_map__max_entries(map), e);
		if (state->fds[i] < 0)
			return -1;
	}
	return skel ? first_meta(state, e) : -1;
}
