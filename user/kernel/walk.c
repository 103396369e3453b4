/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/walk.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#define WALK_BATCH 1024

static _Thread_local const atomic_bool *hurry;

void walk_hurry(const atomic_bool *flag)
{
	hurry = flag;
}

const atomic_bool *walk_hurry_flag(void)
{
	return hurry;
}

bool walk_hurried(void)
{
	return hurry && atomic_load(hurry);
}

/* Entries as the kernel gives them, so many at once. */
struct batch {
	struct bpf_map_info info;
	char *keys;
	char *values;
	uint32_t room;
	uint32_t count;
};

static void batch_free(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static void batch_grow(struct batch *batch, uint32_t room)
{
	batch->room = room;
	batch->keys = xrealloc(batch->keys, (size_t)room * batch->info.key_size);
	batch->values = xrealloc(batch->values, (size_t)room * batch->info.value_size);
}

static int batch_open(struct batch *batch, int fd, struct error *e)
{
	__u32 size = sizeof(batch->info);

	if (bpf_obj_get_info_by_fd(fd, &batch->info, &size) < 0)
		return fail(e, EXIT_FAILED, "a map cannot be read: %s", strerror(errno));
	batch_grow(batch, WALK_BATCH);
	return 0;
}

/* The next entries: 0, or 1 when they are the last; -1 and *e. */
static int batch_read(struct batch *batch, int fd, struct walk_part *part, struct error *e)
{
	for (;;) {
		void *from = part->begun ? &part->cursor : NULL;

		batch->count = batch->room;
		if (bpf_map_lookup_batch(fd, from, &part->cursor, batch->keys, batch->values,
					 &batch->count, NULL) == 0) {
			part->begun = true;
			return 0;
		}
		if (errno == ENOENT) {
			part->begun = false;
			return 1;
		}
		if (errno != ENOSPC || batch->room >= 1u << 24)
			return fail(e, EXIT_FAILED, "map %s cannot be read: %s", batch->info.name,
				    strerror(errno));
		batch_grow(batch, batch->room * 2); /* one bucket holds more than that */
	}
}

static bool batch_visit(const struct batch *batch, walk_entry visit, void *context)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (!visit(batch->keys + (size_t)i * batch->info.key_size,
			   batch->values + (size_t)i * batch->info.value_size, context))
			return false;
	return true;
}

int map_walk_part(int fd, struct walk_part *part, uint64_t nanoseconds, walk_entry visit,
		  void *context, struct error *e)
{
	cleanup(batch_free) struct batch batch = {};
	uint64_t start = monotonic_ns();
	int last;

	if (batch_open(&batch, fd, e) < 0)
		return -1;
	do {
		if (walk_hurried())
			return fail(e, EXIT_FAILED, "the agent ends");
		last = batch_read(&batch, fd, part, e);
		if (last < 0)
			return -1;
		if (!batch_visit(&batch, visit, context))
			return 0;
	} while (!last && monotonic_ns() - start < nanoseconds);
	return last;
}

int map_walk(int fd, walk_entry visit, void *context, struct error *e)
{
	struct walk_part part = {};

	return map_walk_part(fd, &part, UINT64_MAX, visit, context, e) < 0 ? -1 : 0;
}
