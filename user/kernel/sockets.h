/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The TCP sockets of this host (sock_diag, through libmnl): lists the connections, and ends one.
 */
#ifndef SIPWARD_KERNEL_SOCKETS_H
#define SIPWARD_KERNEL_SOCKETS_H

#include <libmnl/libmnl.h>

#include <sipward/policy.h>

#include "base/base.h"
#include "kernel/frame.h"

struct sockets {
	struct mnl_socket *netlink;
};

int sockets_open(struct sockets *sockets, struct error *e);
void sockets_close(struct sockets *sockets);

/* Ends a connection as the application's close would not: the peer gets a reset, the application an
 * error. 0; or -1 and errno: ENOENT when there is none, EOPNOTSUPP when the kernel was built
 * without CONFIG_INET_DIAG_DESTROY. */
int sockets_destroy(struct sockets *sockets, const struct endpoint *local,
		    const struct endpoint *remote);

/* False when the kernel cannot end connections. */
bool sockets_can_destroy(struct sockets *sockets);

/* Calls visit() for every established connection. */
int sockets_each(struct sockets *sockets,
		 void (*visit)(void *context, const struct endpoint *local,
			       const struct endpoint *remote),
		 void *context, struct error *e);

#endif
