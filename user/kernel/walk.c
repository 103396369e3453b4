/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/walk.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#define WALK_BATCH 1024

int map_walk(int fd, walk_entry visit, void *context, struct error *e)
{
	auto_free char *keys = NULL;
	auto_free char *values = NULL;
	struct bpf_map_info info = {};
	__u32 size = sizeof(info), room = WALK_BATCH, count, cursor = 0;
	void *from = NULL;
	bool last = false;

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return fail(e, EXIT_FAILED, "a map cannot be read: %s", strerror(errno));
	while (!last) {
		keys = xrealloc(keys, (size_t)room * info.key_size);
		values = xrealloc(values, (size_t)room * info.value_size);
		count = room;
		if (bpf_map_lookup_batch(fd, from, &cursor, keys, values, &count, NULL) < 0) {
			if (errno == ENOSPC && room < 1u << 24) {
				room *= 2; /* one bucket holds more than that */
				continue;
			}
			if (errno != ENOENT)
				return fail(e, EXIT_FAILED, "map %s cannot be read: %s", info.name,
					    strerror(errno));
			last = true;
		}
		from = &cursor;
		for (__u32 i = 0; i < count; i++)
			if (!visit(keys + (size_t)i * info.key_size,
				   values + (size_t)i * info.value_size, context))
				return 0;
	}
	return 0;
}
