/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define SECOND         1000000000ull
#define HEADERS_MAX    8192 /* octets of a request, and of what the library keeps for it */
#define LOOK_AGAIN     100  /* milliseconds between looks at deadlines */
#define ENDED_AT_ONCE  16   /* connections that one look closes for being too many */
#define DEADLINE_NEVER UINT64_MAX

const struct http_limits http_limits = {
	.connections = 64,
	.of_a_peer = 16,
	.grace = SECOND / 4,
	.request = 10 * SECOND,
	.answer = 20 * SECOND,
	.fresh = SECOND,
	.page_timeout = 2 * SECOND,
	.stale = 30 * SECOND,
};

/* One connection. */
struct visitor {
	struct MHD_Connection *connection; /* NULL: the place is free */
	int fd;
	uint8_t peer[16]; /* an IPv4 address as ::ffff:a.b.c.d, or an IPv6 /64 */
	uint64_t since;
	uint64_t grace; /* not closed for being one too many before that */
	uint64_t deadline;
	uint64_t page_by; /* waits for a page, at most until then; 0: does not wait */
	bool waited;      /* in vain: takes what is there */
	bool ended;       /* shut down; the library closes it */
};

struct http {
	const struct http_limits *limits;
	struct MHD_Daemon *daemon;
	int channel;
	struct MHD_Response *page; /* NULL: none yet */
	char failed[1024];         /* why the agent made no page; empty: it made one */
	uint64_t heard_at;         /* from the agent: a page, or why there is none; 0: never */
	uint64_t asked_at;
	struct visitor visitors[HTTP_CONNECTIONS_MAX + 1];
};

/* --- connections: how many, of whom, how long --- */

static void read_peer(uint8_t peer[16], const struct sockaddr *addr)
{
	memset(peer, 0, 16);
	if (addr->sa_family == AF_INET) {
		peer[10] = peer[11] = 0xff;
		memcpy(peer + 12, &((const struct sockaddr_in *)addr)->sin_addr, 4);
	} else if (addr->sa_family == AF_INET6) {
		const struct in6_addr *in6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;

		memcpy(peer, in6, IN6_IS_ADDR_V4MAPPED(in6) ? 16 : 8);
	}
}

static void wake(struct visitor *visitor)
{
	if (!visitor->page_by)
		return;
	visitor->page_by = 0;
	MHD_resume_connection(visitor->connection);
}

/* The library sees the end of the stream, and closes it. */
static void end_visitor(struct visitor *visitor)
{
	visitor->ended = true;
	visitor->deadline = DEADLINE_NEVER;
	shutdown(visitor->fd, SHUT_RDWR);
	wake(visitor);
}

static bool is_open(const struct visitor *visitor)
{
	return visitor->connection && !visitor->ended;
}

/* Open connections of a peer; NULL: of all. */
static unsigned int count_open(const struct http *http, const uint8_t *peer)
{
	unsigned int count = 0;

	for (size_t i = 0; i < array_size(http->visitors); i++)
		count += is_open(&http->visitors[i]) &&
			 (!peer || memcmp(http->visitors[i].peer, peer, 16) == 0);
	return count;
}

/* Of the peer that has most, the oldest connection that had its grace; NULL: none had. */
static struct visitor *least_worthy(struct http *http, uint64_t now, unsigned int *of_its_peer)
{
	struct visitor *worst = NULL;

	*of_its_peer = 0;
	for (size_t i = 0; i < array_size(http->visitors); i++) {
		struct visitor *visitor = &http->visitors[i];
		unsigned int count;

		if (!is_open(visitor) || visitor->page_by || visitor->grace > now)
			continue;
		count = count_open(http, visitor->peer);
		if (count > *of_its_peer ||
		    (count == *of_its_peer && visitor->since < worst->since)) {
			*of_its_peer = count;
			worst = visitor;
		}
	}
	return worst;
}

/* A new connection is not refused: one whose request is there at once is answered, however many
 * others are held open or come anew. */
static void make_room(struct http *http, uint64_t now)
{
	for (int i = 0; i < ENDED_AT_ONCE; i++) {
		unsigned int all = count_open(http, NULL), of_its_peer;
		struct visitor *visitor;

		if (all <= http->limits->of_a_peer)
			return;
		visitor = least_worthy(http, now, &of_its_peer);
		if (!visitor ||
		    (of_its_peer <= http->limits->of_a_peer && all <= http->limits->connections))
			return;
		end_visitor(visitor);
	}
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http *http = context;
	struct visitor *visitor = http->visitors;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*place)
			memset(*place, 0, sizeof(*visitor));
		return;
	}
	/* The library takes no more connections than there are places. */
	while (visitor->connection)
		visitor++;
	visitor->connection = connection;
	visitor->fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	visitor->since = monotonic_ns();
	visitor->grace = visitor->since + http->limits->grace;
	visitor->deadline = visitor->since + http->limits->request;
	read_peer(visitor->peer,
		  MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			  ->client_addr);
	*place = visitor;
}

static void end_late(struct http *http)
{
	uint64_t now = monotonic_ns();

	for (size_t i = 0; i < array_size(http->visitors); i++) {
		struct visitor *visitor = &http->visitors[i];

		if (visitor->connection && visitor->deadline <= now) {
			end_visitor(visitor);
		} else if (visitor->page_by && visitor->page_by <= now) {
			visitor->waited = true;
			wake(visitor);
		}
	}
	make_room(http, now);
}

static void wake_all(struct http *http)
{
	for (size_t i = 0; i < array_size(http->visitors); i++) {
		http->visitors[i].waited |= http->visitors[i].page_by != 0;
		wake(&http->visitors[i]);
	}
}

static bool has_visitors(const struct http *http)
{
	for (size_t i = 0; i < array_size(http->visitors); i++)
		if (http->visitors[i].connection)
			return true;
	return false;
}

/* --- requests --- */

/* One request for each connection: further octets are not read. */
static struct MHD_Response *make_response(void *text, size_t size, const char *type,
					  enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, text, memory);

	if (!response)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *text)
{
	struct MHD_Response *response =
		make_response((void *)text, strlen(text), "text/plain", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result =
		response ? MHD_queue_response(connection, status, response) : MHD_NO;

	if (response)
		MHD_destroy_response(response);
	return result;
}

/* One question for all who ask at the same time. */
static void ask(struct http *http, uint64_t now)
{
	const char question = HTTP_ASK;

	if (http->asked_at && now - http->asked_at < http->limits->fresh)
		return;
	http->asked_at = now;
	send(http->channel, &question, sizeof(question), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static enum MHD_Result send_page(struct http *http, struct visitor *visitor)
{
	uint64_t now = monotonic_ns();
	uint64_t age = http->heard_at ? now - http->heard_at : UINT64_MAX;

	if (!visitor->waited && age >= http->limits->fresh) {
		ask(http, now);
		visitor->page_by = now + http->limits->page_timeout;
		MHD_suspend_connection(visitor->connection);
		return MHD_YES;
	}
	visitor->grace = now + http->limits->grace;
	visitor->deadline = now + http->limits->answer;
	if (age >= http->limits->stale)
		return answer(visitor->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "the agent is busy and made no page in time\n");
	if (http->failed[0])
		return answer(visitor->connection, MHD_HTTP_INTERNAL_SERVER_ERROR, http->failed);
	return MHD_queue_response(visitor->connection, MHD_HTTP_OK, http->page);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_size, void **request)
{
	static const char usage[] = "only GET /metrics is served\n";
	struct visitor *visitor =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;

	(void)version, (void)body, (void)request;
	*body_size = 0;
	if (visitor->ended)
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, usage);
	if (strcmp(url, "/metrics"))
		return answer(connection, MHD_HTTP_NOT_FOUND, usage);
	return send_page(context, visitor);
}

/* --- the agent --- */

/* The text behind the descriptor, which is closed. */
static struct MHD_Response *read_page(int from)
{
	auto_fd int fd = from;
	auto_free char *text = NULL;
	off_t size = lseek(fd, 0, SEEK_END);
	struct MHD_Response *response;

	if (size < 0 || size > HTTP_PAGE_MAX)
		return NULL;
	text = xcalloc(1, size);
	if (pread(fd, text, size, 0) != size)
		return NULL;
	response = make_response(text, size, "text/plain; version=0.0.4; charset=utf-8",
				 MHD_RESPMEM_MUST_FREE);
	if (response)
		text = NULL;
	return response;
}

static void use_page(struct http *http, int fd)
{
	struct MHD_Response *page = read_page(fd);

	if (!page)
		return;
	if (http->page)
		MHD_destroy_response(http->page);
	http->page = page;
	http->heard_at = monotonic_ns();
	http->failed[0] = '\0';
}

/* False when the agent is gone. */
static bool read_channel(struct http *http)
{
	char text[sizeof(http->failed)], control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = {text, sizeof(text) - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(http->channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *beside = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fd = -1;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	if (beside && beside->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(beside), sizeof(fd));
	if (text[0] == HTTP_PAGE) {
		use_page(http, fd);
	} else {
		text[got] = '\0';
		close_fd(&fd);
		snprintf(http->failed, sizeof(http->failed), "%.1000s\n", text + 1);
		http->heard_at = monotonic_ns();
	}
	wake_all(http);
	return true;
}

static void run(struct http *http)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd wait[] = {{.fd = info->epoll_fd, .events = POLLIN},
				{.fd = http->channel, .events = POLLIN}};
	MHD_UNSIGNED_LONG_LONG soon;

	for (;;) {
		int timeout = has_visitors(http) ? LOOK_AGAIN : -1;

		if (MHD_get_timeout(http->daemon, &soon) == MHD_YES &&
		    (timeout < 0 || soon < (unsigned int)timeout))
			timeout = soon;
		if (poll(wait, array_size(wait), timeout) < 0 && errno != EINTR)
			return;
		if (wait[1].revents && !read_channel(http))
			return;
		end_late(http);
		MHD_run(http->daemon);
	}
}

int http_serve(int listener, int channel, const struct http_limits *limits, int (*ready)(void))
{
	auto_free struct http *http = xcalloc(1, sizeof(*http));

	http->limits = limits;
	http->channel = channel;
	/* A few more than the limit: those that were shut down stay for a round. */
	http->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				 on_request, http, MHD_OPTION_LISTEN_SOCKET, listener,
				 MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
				 MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
	if (!http->daemon)
		return -1;
	if (!ready || ready() == 0)
		run(http);
	wake_all(http); /* the library wants it so */
	MHD_stop_daemon(http->daemon);
	if (http->page)
		MHD_destroy_response(http->page);
	return 0;
}
