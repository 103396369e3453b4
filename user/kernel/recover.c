/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/resize.h"
#include "kernel/skeleton.h"
#include "kernel/table_sizes.h"
#include "kernel/tc_filters.h"

#define NAME_SEEN (BPF_OBJ_NAME_LEN - 1) /* octets of a name that the kernel keeps */

/* The maps of one name: two descriptors of what the programs use, -1 where there is none. */
struct used {
	int fds[2];
};

struct survey {
	const struct sipward_bpf *skel;
	struct used maps[STATE_MAP_COUNT];
};

static void survey_free(struct survey *survey)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		close_fd(&survey->maps[i].fds[0]);
		close_fd(&survey->maps[i].fds[1]);
	}
}

static bool same_layout(const struct bpf_map *map, const struct bpf_map_info *info)
{
	return info->type == bpf_map__type(map) && info->key_size == bpf_map__key_size(map) &&
	       info->value_size == bpf_map__value_size(map);
}

/* The state map that this is, by name and layout, or -1. */
static int which_map(const struct survey *survey, const struct bpf_map_info *info)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		const char *name = state_map_name(i);

		if (strncmp(info->name, name, NAME_SEEN) == 0)
			return same_layout(bpf_object__find_map_by_name(survey->skel->obj, name),
					   info) ?
				       i :
				       -1;
	}
	return -1;
}

static void note_used(struct used *used, int fd)
{
	uint32_t id = state_map_id(fd);
	int at = used->fds[0] < 0 ? 0 : 1;

	if (state_map_id(used->fds[0]) == id || used->fds[at] >= 0)
		close_fd(&fd);
	else
		used->fds[at] = fd;
}

static void look_at_program(struct survey *survey, uint32_t id)
{
	auto_fd int program = id ? bpf_prog_get_fd_by_id(id) : -1;
	__u32 map_ids[64] = {};
	struct bpf_prog_info info = {.nr_map_ids = array_size(map_ids), .map_ids = (__u64)map_ids};
	__u32 size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return;
	for (__u32 i = 0; i < info.nr_map_ids && i < array_size(map_ids); i++) {
		auto_fd int fd = bpf_map_get_fd_by_id(map_ids[i]);
		struct bpf_map_info map = {};
		int which;

		size = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &size) < 0)
			continue;
		which = which_map(survey, &map);
		if (which >= 0)
			note_used(&survey->maps[which], take_fd(fd));
	}
}

static void look_at_link(struct survey *survey, const char *iface)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	auto_fd int link = -1;
	char path[PATH_MAX];

	pin_path(path, iface, "link");
	link = bpf_obj_get(path);
	/* A link without an interface filters nothing. */
	if (link >= 0 && bpf_obj_get_info_by_fd(link, &info, &size) == 0 &&
	    info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex)
		look_at_program(survey, info.prog_id);
}

static void look_at_all(struct survey *survey)
{
	auto_string_list char **pinned = state_interfaces();
	struct if_nameindex *all = if_nameindex();

	for (char **iface = pinned; *iface; iface++)
		look_at_link(survey, *iface);
	for (struct if_nameindex *one = all; one && one->if_index; one++)
		look_at_program(survey, observer_program(one->if_index));
	if_freenameindex(all);
}

/* --- one table --- */

struct table {
	enum state_map map;
	uint32_t wanted; /* entries, 0 for a map of one size */
	char path[PATH_MAX], fresh[PATH_MAX];
	int pinned, newer; /* what is pinned as NAME and as NAME_new, or -1 */
};

static void table_close(struct table *table)
{
	close_fd(&table->pinned);
	close_fd(&table->newer);
}

static void table_open(struct table *table, enum state_map map, const struct tables *tables)
{
	table->map = map;
	table->wanted = state_table_size(map, tables);
	pin_path(table->path, NULL, state_map_name(map));
	state_new_pin_path(table->fresh, map);
	table->pinned = bpf_obj_get(table->path);
	table->newer = bpf_obj_get(table->fresh);
}

static bool same_map(int a, int b)
{
	return a >= 0 && b >= 0 && state_map_id(a) == state_map_id(b);
}

static int drop_new(const struct table *table, struct error *e)
{
	if (table->newer < 0)
		return 0;
	if (fault_point("recovery: remove a new table", e) < 0)
		return -1;
	return unlink(table->fresh) < 0 && errno != ENOENT ?
		       fail(e, EXIT_FAILED, "%s: cannot be removed: %s", table->fresh,
			    strerror(errno)) :
		       0;
}

/* Pins the map as NAME_new, if it is not that already. */
static int pin_as_new(const struct table *table, int fd, struct error *e)
{
	if (same_map(fd, table->newer))
		return 0;
	if (drop_new(table, e) < 0 || fault_point("recovery: pin a table", e) < 0)
		return -1;
	return bpf_obj_pin(fd, table->fresh) < 0 ? fail(e, EXIT_FAILED, "%s: cannot be pinned: %s",
							table->fresh, strerror(errno)) :
						   0;
}

/* The map that the programs use takes the name, with what is only in the one that had it. */
static int complete(const struct table *table, int truth, struct error *e)
{
	bool by_apply = same_map(truth, table->newer);

	if (pin_as_new(table, truth, e) < 0 || fault_point("recovery: merge a table", e) < 0)
		return -1;
	if (table->wanted && table->pinned >= 0 &&
	    (by_apply ? table_settle : table_merge)(table->map, table->pinned, truth, e) < 0)
		return -1;
	if (fault_point("recovery: rename a table", e) < 0)
		return -1;
	return rename(table->fresh, table->path) < 0 ?
		       fail(e, EXIT_FAILED, "%s: cannot be replaced: %s", table->path,
			    strerror(errno)) :
		       0;
}

static int hold(int *to, int fd, struct error *e)
{
	close_fd(to);
	*to = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*to < 0)
		return fail(e, EXIT_FAILED, "no file descriptor is left: %s", strerror(errno));
	return 0;
}

static uint32_t entries_of(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? 0 : info.max_entries;
}

/* Killed between two interfaces: each of both maps has its programs. The next apply ends that;
 * until then both are pinned, and state_write() writes to both. */
static int keep_both(const struct table *table, const struct used *used, struct state *state,
		     struct error *e)
{
	int first = same_map(used->fds[1], table->pinned);
	int old = used->fds[first], fresh = used->fds[!first];
	bool move = entries_of(fresh) == table->wanted;

	if (!same_map(old, table->pinned) && complete(table, old, e) < 0)
		return -1;
	if (pin_as_new(table, fresh, e) < 0 ||
	    table_merge(table->map, move ? old : fresh, move ? fresh : old, e) < 0)
		return -1;
	state->moved[table->map] = move;
	if (hold(&state->fds[table->map], move ? fresh : old, e) < 0 ||
	    hold(&state->resized[table->map], move ? old : fresh, e) < 0)
		return -1;
	return 0;
}

static int recover_one(const struct table *table, const struct used *used, struct state *state,
		       struct error *e)
{
	int truth = used->fds[0];

	if (truth >= 0 && used->fds[1] >= 0 && table->wanted)
		return keep_both(table, used, state, e);
	if (truth < 0 || same_map(truth, table->pinned))
		return drop_new(table, e);
	return complete(table, truth, e) < 0 ? -1 : hold(&state->fds[table->map], truth, e);
}

int state_recover(struct state *state, const struct tables *tables, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = sipward_bpf__open();
	cleanup(survey_free) struct survey survey = {
		.skel = skel,
		.maps = {[0 ... STATE_MAP_COUNT - 1] = {.fds = {-1, -1}}},
	};

	if (!skel)
		return fail(e, EXIT_FAILED, "the BPF object inside this binary cannot be read");
	look_at_all(&survey);
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		cleanup(table_close) struct table table;

		table_open(&table, i, tables);
		if (recover_one(&table, &survey.maps[i], state, e) < 0)
			return -1;
	}
	return 0;
}
