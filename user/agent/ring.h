/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reading a BPF ring for a bounded time: a sender that fills it must not keep the agent from the
 * rest of its work. Records that are left stay readable, and the loop comes back to them. The data
 * path counts records that find no room in the ring meanwhile.
 */
#ifndef SIPWARD_AGENT_RING_H
#define SIPWARD_AGENT_RING_H

#include "agent/loop.h"

struct ring_buffer;

struct ring {
	struct ring_buffer *buffer; /* NULL: closed */
	void (*record)(void *context, const void *data, size_t size);
	void *context;
	uint64_t until; /* when this reading ends, monotonic ns */
};

/* Opens the ring `map`; `name` is for the error. The ring must stay where it is until it is
 * closed. */
int ring_open(struct ring *ring, int map, const char *name,
	      void (*record)(void *context, const void *data, size_t size), void *context,
	      struct error *e);
void ring_close(struct ring *ring);
int ring_fd(const struct ring *ring);

/* Calls record() for what is there, until it is empty or RING_TIME is over. True when it is
 * empty. */
bool ring_read(struct ring *ring);
/* Waits for the next ones, and reads them all: for those that do nothing else. -1 when that was
 * interrupted. */
int ring_wait(struct ring *ring);

#define RING_TIME 4000000ull /* nanoseconds */

#endif
