/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/counters.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "kernel/paths.h"
#include "kernel/pinned_map.h"

int state_private_counters(struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);

	return skel ? make_map(skel->maps.counters, SW_ZONES_MAX, e) : -1;
}

int state_open_counters(const char *iface, bool create, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	struct error pin_error = {};
	char path[PATH_MAX];
	bool made;
	int fd;

	if (!skel)
		return -1;
	pin_path(path, iface, "");
	if (create && fault_point("make the directory of an interface", e) < 0)
		return -1;
	if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(e, EXIT_FAILED, "%s: cannot be made: %s", path, strerror(errno));
	pin_path(path, iface, "counters");
	if (create)
		return open_or_make(path, skel->maps.counters, 0, &made, e);
	fd = open_pin(path, skel->maps.counters, &pin_error);
	if (fd < 0)
		return fail(e, pin_error.code ? pin_error.code : EXIT_NOT_RUNNING, "%s",
			    pin_error.code ? pin_error.text :
					     "sipward has no counters for this interface");
	return fd;
}

int state_read_counters(int fd, struct sw_counters *counters, struct error *e)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free struct sw_counters *values = xcalloc(cpus, sizeof(*values));
	const size_t words = sizeof(*values) / sizeof(uint64_t);

	for (uint32_t zone = 0; zone < SW_ZONES_MAX; zone++) {
		uint64_t *sum = (uint64_t *)&counters[zone];

		if (bpf_map_lookup_elem(fd, &zone, values) < 0)
			return fail(e, EXIT_FAILED, "map counters cannot be read: %s",
				    strerror(errno));
		memset(sum, 0, sizeof(*counters));
		for (int cpu = 0; cpu < cpus; cpu++)
			for (size_t i = 0; i < words; i++)
				sum[i] += ((uint64_t *)&values[cpu])[i];
	}
	return 0;
}
