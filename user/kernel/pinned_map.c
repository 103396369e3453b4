/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pinned_map.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"

struct sipward_bpf *open_skeleton(struct error *e)
{
	struct sipward_bpf *skel;

	libbpf_log_start();
	skel = sipward_bpf__open();
	if (!skel)
		fail(e, EXIT_FAILED, "the BPF object inside this binary cannot be read: %s",
		     libbpf_log_tail());
	return skel;
}

struct bpf_map *find_map(const struct sipward_bpf *skel, const char *name)
{
	return bpf_object__find_map_by_name(skel->obj, name);
}

int other_layout(const char *path, struct error *e)
{
	return fail(e, EXIT_FAILED,
		    "%s: was pinned by another version of sipward with another "
		    "layout; to start without the old bans and counters, run: sipward detach",
		    path);
}

static int fail_open(const char *path, struct error *e)
{
	if (errno == EACCES || errno == EPERM)
		return fail(e, EXIT_PRIVILEGE,
			    "%s: cannot be opened: %s; run it as root, or with "
			    "CAP_BPF and the right to read that directory",
			    path, strerror(errno));
	return fail(e, EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
}

int open_pin(const char *path, const struct bpf_map *map, struct error *e)
{
	auto_fd int fd = bpf_obj_get(path);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0)
		return fail_open(path, e);
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map))
		return other_layout(path, e);
	return take_fd(fd);
}

int make_map(const struct bpf_map *map, uint32_t entries, struct error *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	int fd;

	/* One for each CPU: only this host knows how many. */
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		entries = libbpf_num_possible_cpus();
	fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
			    bpf_map__value_size(map), entries, &opts);
	if (fd < 0)
		return fail(e, EXIT_FAILED, "map %s with %u entries cannot be made: %s",
			    bpf_map__name(map), entries, strerror(errno));
	return fd;
}

int pin_map(int fd, const char *path, struct error *e)
{
	if (fault_point("pin a map", e) < 0)
		return -1;
	if (bpf_obj_pin(fd, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	return 0;
}

int open_or_make(const char *path, const struct bpf_map *map, uint32_t entries, bool *made,
		 struct error *e)
{
	struct error pin_error = {};
	auto_fd int fd = open_pin(path, map, &pin_error);

	if (fd >= 0)
		return take_fd(fd);
	if (pin_error.code)
		return fail(e, pin_error.code, "%s", pin_error.text);
	fd = make_map(map, entries ? entries : bpf_map__max_entries(map), e);
	if (fd < 0 || pin_map(fd, path, e) < 0)
		return -1;
	*made = true;
	return take_fd(fd);
}
