/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/listen.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "export/http.h"

#define BACKLOG 256

/* Milliseconds in which the port of a killed agent's exporter is free, and between two tries. */
#define PORT_WITHIN 2000
#define PORT_AGAIN  20

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
	return fail(e, EXIT_FAILED, "metrics: cannot listen on %s port %u: %s%s", host, port,
		    strerror(error), advice);
}

/* As bind(), while the port is taken for that many milliseconds. */
static int bind_within(int fd, const struct addrinfo *to, int wait)
{
	while (bind(fd, to->ai_addr, to->ai_addrlen) < 0) {
		if (errno != EADDRINUSE || wait <= 0)
			return -1;
		poll(NULL, 0, PORT_AGAIN);
		wait -= PORT_AGAIN;
	}
	return 0;
}

/* Sockets of one user may share a port when both say so: only while one takes over from the
 * other, or a second agent would share it unnoticed. */
static int listen_on(int old, const char *host, uint16_t port, int wait, struct error *e)
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
		return fail(e, EXIT_POLICY, "metrics: %s is not an address: %s", host,
			    gai_strerror(error));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	share_port(old, 1);
	if (old >= 0)
		share_port(fd, 1);
	error = fd < 0 || bind_within(fd, found, wait) < 0 || listen(fd, BACKLOG) < 0 ? errno : 0;
	share_port(old, 0);
	share_port(fd, 0);
	freeaddrinfo(found);
	return error ? fail_listen(host, port, error, e) : take_fd(fd);
}

int http_listen_beside(int old, const char *host, uint16_t port, struct error *e)
{
	return listen_on(old, host, port, 0, e);
}

int http_listen(const char *host, uint16_t port, struct error *e)
{
	return listen_on(-1, host, port, PORT_WITHIN, e);
}
