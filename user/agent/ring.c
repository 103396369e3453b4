/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/ring.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* An error ends the reading behind this record: libbpf before 1.5 has no other way to bound it. */
static int on_record(void *context, void *data, size_t size)
{
	struct ring *ring = context;

	ring->record(ring->context, data, size);
	return monotonic_ns() < ring->until ? 0 : -EAGAIN;
}

int ring_open(struct ring *ring, int map, const char *name,
	      void (*record)(void *, const void *, size_t), void *context, struct error *e)
{
	ring->record = record;
	ring->context = context;
	ring->buffer = ring_buffer__new(map, on_record, ring, NULL);
	if (!ring->buffer)
		return fail(e, EXIT_FAILED, "the ring of %s cannot be read: %s", name,
			    strerror(errno));
	return 0;
}

void ring_close(struct ring *ring)
{
	ring_buffer__free(ring->buffer);
	ring->buffer = NULL;
}

int ring_fd(const struct ring *ring)
{
	return ring_buffer__epoll_fd(ring->buffer);
}

bool ring_read(struct ring *ring)
{
	ring->until = monotonic_ns() + RING_TIME;
	return ring_buffer__consume(ring->buffer) != -EAGAIN;
}

int ring_wait(struct ring *ring)
{
	ring->until = UINT64_MAX;
	return ring_buffer__poll(ring->buffer, -1) < 0 ? -1 : 0;
}
