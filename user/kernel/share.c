/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/share.h"

#include <fcntl.h>

void state_share(struct state *to, const struct state *from, const enum state_map *maps,
		 size_t count)
{
	*to = (struct state)STATE_CLOSED;
	for (size_t i = 0; i < count; i++)
		if (from->fds[maps[i]] >= 0)
			to->fds[maps[i]] = fcntl(from->fds[maps[i]], F_DUPFD_CLOEXEC, 0);
}
