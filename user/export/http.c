/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 16
#define IDLE_SECONDS    10

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, char *text, enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, memory);
	enum MHD_Result result;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *url, const char *method, const char *version,
				  const char *body, size_t *body_size, void **request)
{
	struct http *http = context;
	struct error e = {};
	char *page;

	(void)version, (void)body, (void)request;
	*body_size = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
			      "GET /metrics is all there is\n", MHD_RESPMEM_PERSISTENT);
	if (strcmp(url, "/metrics"))
		return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain",
			      "GET /metrics is all there is\n", MHD_RESPMEM_PERSISTENT);
	page = http->render(http->context, &e);
	if (!page)
		return answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "text/plain", e.text,
			      MHD_RESPMEM_MUST_COPY);
	return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", page,
		      MHD_RESPMEM_MUST_FREE);
}

static int listen_on(const char *host, uint16_t port, struct error *e)
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
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 16) < 0) {
		error = errno;
		freeaddrinfo(found);
		return fail(e, EXIT_FAILED, "metrics: %s port %u cannot be listened on: %s%s", host,
			    port, strerror(error), error == EADDRINUSE ?
			    "; another exporter has it: write another metrics: {listen: "
			    "ADDR:PORT}, or listen: off" : "");
	}
	freeaddrinfo(found);
	return take_fd(fd);
}

int http_open(struct http *http, const char *host, uint16_t port, struct error *e)
{
	auto_fd int fd = -1;

	http->daemon = NULL;
	if (!port)
		return 0;
	fd = listen_on(host, port, e);
	if (fd < 0)
		return -1;
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http,
					MHD_OPTION_LISTEN_SOCKET, fd,
					MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
					MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
					MHD_OPTION_END);
	if (!http->daemon)
		return fail(e, EXIT_FAILED, "metrics: the HTTP server cannot be started");
	take_fd(fd);
	return 0;
}

void http_close(struct http *http)
{
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	http->daemon = NULL;
}

int http_fd(const struct http *http)
{
	return http->daemon ?
		       MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd :
		       -1;
}

void http_run(struct http *http)
{
	if (http->daemon)
		MHD_run(http->daemon);
}
