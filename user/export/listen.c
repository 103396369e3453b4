/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "export/http.h"

#define BACKLOG 256

static void share_port(int fd, int on)
{
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static int fail_listen(const char *host, uint16_t port, int error, struct error *e)
{
	const char *advice = "";

	if (error == EADDRINUSE)
		advice = "; another program has it: write another metrics: {listen: ADDR:PORT}, or "
			 "listen: off";
	else if (error == EACCES)
		advice = "; ports below 1024 need CAP_NET_BIND_SERVICE, which the agent has only "
			 "when it starts: write another port, or restart it";
	return fail(e, EXIT_FAILED, "metrics: %s port %u cannot be listened on: %s%s", host, port,
		    strerror(error), advice);
}

/* Sockets of one user may share a port when both say so: only while one takes over from the
 * other, or a second agent would share it unnoticed. */
int http_listen_beside(int old, const char *host, uint16_t port, struct error *e)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	auto_fd int fd = -1;
	char service[8];
	int one = 1, error;

	snprintf(service, sizeof(service), "%u", port);
	error = getaddrinfo(host, service, &hints, &found);
	if (error)
		return fail(e, EXIT_POLICY, "metrics: %s is no address: %s", host,
			    gai_strerror(error));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	share_port(old, 1);
	if (old >= 0)
		share_port(fd, 1);
	error = fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
		listen(fd, BACKLOG) < 0 ? errno : 0;
	share_port(old, 0);
	share_port(fd, 0);
	freeaddrinfo(found);
	return error ? fail_listen(host, port, error, e) : take_fd(fd);
}

int http_listen(const char *host, uint16_t port, struct error *e)
{
	return http_listen_beside(-1, host, port, e);
}
