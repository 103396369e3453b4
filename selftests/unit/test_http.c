/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The exporter's server: the pages that it answers from, its time limits, and the connections that
 * it closes. The server runs in a child with short limits; this side is its agent and its visitors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "export/http.h"
#include "export/listen.h"

#include <cmocka.h>

#define MS           1000000ull
#define OF_A_PEER    4
#define FRESH        (300 * MS)
#define PAGE_TIMEOUT (200 * MS)
#define REQUEST      (700 * MS)
#define GRACE        (100 * MS)
#define LONG         20000 /* milliseconds: nothing here takes as long */

static const struct http_limits limits = {
	.connections = 6,
	.of_a_peer = OF_A_PEER,
	.grace = GRACE,
	.request = REQUEST,
	.answer = REQUEST,
	.fresh = FRESH,
	.page_timeout = PAGE_TIMEOUT,
	.stale = 1500 * MS,
};

struct server {
	pid_t pid;
	int channel;
	uint16_t port;
};

static int start(void **state)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	struct error e = {};
	int ends[2], listener = http_listen("127.0.0.1", 0, &e);

	if (listener < 0 || getsockname(listener, (struct sockaddr *)&addr, &size) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		return -1;
	server->port = ntohs(addr.sin_port);
	server->channel = ends[0];
	server->pid = fork();
	if (server->pid == 0) {
		close(ends[0]);
		_exit(http_serve(listener, ends[1], &limits, NULL) == 0 ? 0 : 1);
	}
	close(ends[1]);
	close(listener);
	*state = server;
	return server->pid < 0 ? -1 : 0;
}

/* Its end is that of the channel, and without an error, which the sanitizers would be. */
static int stop(void **state)
{
	struct server *server = *state;
	int status = -1;

	close(server->channel);
	waitpid(server->pid, &status, 0);
	free(server);
	return status;
}

/* --- the agent's side --- */

static bool readable(int fd, int ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, ms) == 1;
}

static bool asked(const struct server *server, int ms)
{
	char packet = 0;

	return readable(server->channel, ms) && recv(server->channel, &packet, 1, 0) == 1 &&
	       packet == HTTP_ASK;
}

static void give_page(const struct server *server, const char *text)
{
	char kind = HTTP_PAGE, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = {&kind, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *beside = CMSG_FIRSTHDR(&message);
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	beside->cmsg_level = SOL_SOCKET;
	beside->cmsg_type = SCM_RIGHTS;
	beside->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(beside), &fd, sizeof(fd));
	assert_int_equal(sendmsg(server->channel, &message, 0), 1);
	close(fd);
}

/* --- a visitor's side --- */

static int visit(const struct server *server, const char *from, const char *text)
{
	struct sockaddr_in own = {.sin_family = AF_INET}, to = own;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, from, &own.sin_addr);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	to.sin_port = htons(server->port);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

#define GET "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

/* Reads to the end, closes; the status, or 0 without an answer. */
static int finish(int fd, char text[4096])
{
	size_t used = 0;
	ssize_t got;
	int status = 0;

	while (readable(fd, LONG) && (got = recv(fd, text + used, 4095 - used, 0)) > 0)
		used += got;
	close(fd);
	text[used] = '\0';
	sscanf(text, "HTTP/1.1 %d", &status);
	return status;
}

static int get(const struct server *server, const char *request, char text[4096])
{
	return finish(visit(server, "127.0.0.1", request), text);
}

static uint64_t closed_after(int fd)
{
	uint64_t start = monotonic_ns();
	char octet;

	assert_true(readable(fd, LONG));
	assert_true(recv(fd, &octet, 1, 0) <= 0);
	close(fd);
	return monotonic_ns() - start;
}

static bool is_open(int fd)
{
	return !readable(fd, 0);
}

/* --- tests --- */

static void test_page_is_kept(void **state)
{
	const struct server *server = *state;
	char text[4096];
	int first = visit(server, "127.0.0.1", GET), second = visit(server, "127.0.0.1", GET);

	assert_true(asked(server, LONG));
	assert_false(asked(server, 50));
	give_page(server, "sipward_up 1\n");
	assert_int_equal(finish(first, text), 200);
	assert_non_null(strstr(text, "\r\n\r\nsipward_up 1\n"));
	assert_int_equal(finish(second, text), 200);
	/* From the page that is there, as long as it is fresh. */
	assert_int_equal(get(server, GET, text), 200);
	assert_false(asked(server, FRESH / MS));
	first = visit(server, "127.0.0.1", GET);
	assert_true(asked(server, LONG));
	give_page(server, "sipward_up 2\n");
	assert_int_equal(finish(first, text), 200);
	assert_non_null(strstr(text, "sipward_up 2"));
}

static void test_busy_agent(void **state)
{
	const struct server *server = *state;
	char text[4096];
	uint64_t start = monotonic_ns();
	int first;

	assert_int_equal(get(server, GET, text), 503);
	assert_true(monotonic_ns() - start >= PAGE_TIMEOUT);
	give_page(server, "sipward_up 1\n");
	usleep(FRESH / 1000 + 50000);
	/* Not fresh, but better than none. */
	assert_int_equal(get(server, GET, text), 200);
	usleep(limits.stale / 1000);
	assert_int_equal(get(server, GET, text), 503);
	while (asked(server, FRESH / MS))
		;
	first = visit(server, "127.0.0.1", GET);
	assert_true(asked(server, LONG));
	assert_int_equal(send(server->channel, "fno memory", 10, 0), 10);
	assert_int_equal(finish(first, text), 500);
	assert_non_null(strstr(text, "no memory"));
}

static void test_other_requests(void **state)
{
	const struct server *server = *state;
	char text[4096];

	assert_int_equal(get(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", text), 404);
	assert_int_equal(get(server,
			     "POST /metrics HTTP/1.1\r\nHost: x\r\n"
			     "Content-Length: 3\r\n\r\nabc",
			     text),
			 405);
	assert_false(asked(server, 0));
	give_page(server, "sipward_up 1\n");
	usleep(50000);
	assert_int_equal(get(server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", text), 200);
	assert_null(strstr(text, "sipward_up"));
	/* One request for each connection: the others in it are not answered. */
	assert_int_equal(get(server, GET GET GET, text), 200);
	assert_null(strstr(strstr(text, "sipward_up"), "HTTP/1.1"));
}

static void test_request_without_end(void **state)
{
	const struct server *server = *state;
	int fd = visit(server, "127.0.0.1", "GET /metrics HTTP/1.1\r\n");
	uint64_t start = monotonic_ns();

	/* A line every now and then does not help. */
	while (is_open(fd) && monotonic_ns() - start < LONG * MS) {
		send(fd, "X: y\r\n", 6, MSG_NOSIGNAL);
		usleep(100000);
	}
	close(fd);
	assert_in_range(monotonic_ns() - start, REQUEST - 50 * MS, LONG / 2 * MS);
	fd = visit(server, "127.0.0.1", "");
	assert_in_range(closed_after(fd), REQUEST - 50 * MS, LONG / 2 * MS);
}

static void test_bound_for_a_peer(void **state)
{
	const struct server *server = *state;
	int slow[OF_A_PEER + 1], other = visit(server, "127.0.0.2", "GET /");
	char text[4096];

	give_page(server, "sipward_up 1\n");
	for (size_t i = 0; i < array_size(slow); i++)
		slow[i] = visit(server, "127.0.0.1", "GET /");
	/* The oldest goes, long before its deadline, but not before it had time to ask. */
	assert_in_range(closed_after(slow[0]), GRACE / 2, REQUEST / 2);
	/* The others stay, and so does another peer's. */
	for (size_t i = 1; i < array_size(slow); i++)
		assert_true(is_open(slow[i]));
	assert_int_equal(get(server, GET, text), 200);
	assert_true(is_open(other));
	for (size_t i = 1; i < array_size(slow); i++)
		close(slow[i]);
	close(other);
}

static void test_bound_for_all(void **state)
{
	const struct server *server = *state;
	static const char *const peers[] = {"127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.4",
					    "127.0.0.5", "127.0.0.6", "127.0.0.7"};
	int slow[array_size(peers)];

	for (size_t i = 0; i < array_size(peers); i++)
		slow[i] = visit(server, peers[i], "GET /");
	/* One connection too many: the peer that has most loses its oldest. */
	assert_in_range(closed_after(slow[1]), GRACE / 2, REQUEST / 2);
	for (size_t i = 0; i < array_size(peers); i++) {
		if (i == 1)
			continue;
		assert_true(is_open(slow[i]));
		close(slow[i]);
	}
}

/* Connections that come faster than they are answered do not push each other out. */
static void test_storm(void **state)
{
	const struct server *server = *state;
	int fds[4 * OF_A_PEER];
	char text[4096];

	for (size_t i = 0; i < array_size(fds); i++)
		fds[i] = visit(server, "127.0.0.1", GET);
	assert_true(asked(server, LONG));
	give_page(server, "sipward_up 1\n");
	for (size_t i = 0; i < array_size(fds); i++)
		assert_int_equal(finish(fds[i], text), 200);
}

static void test_slow_reader(void **state)
{
	const struct server *server = *state;
	size_t size = 32 << 20; /* more than sockets keep */
	auto_free char *page = xcalloc(1, size + 1);
	char text[4096];
	int fd;

	memset(page, '#', size);
	give_page(server, page);
	fd = visit(server, "127.0.0.1", GET);
	usleep(50000);
	/* It holds nobody, and has its time. */
	assert_int_equal(get(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", text), 404);
	usleep(REQUEST / 1000 + 600000);
	for (size_t got = 0;;) {
		ssize_t part = recv(fd, page, size, 0);

		if (part <= 0)
			break;
		got += part;
		assert_true(got < size);
	}
	close(fd);
}

/* Not the same socket: both listen, and neither is left when both are closed. */
static void test_second_listener_takes_over(void **state)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	struct error e = {};
	int first = http_listen("127.0.0.1", 0, &e), second, third;
	uint16_t port;

	(void)state;
	assert_int_equal(getsockname(first, (struct sockaddr *)&addr, &size), 0);
	port = ntohs(addr.sin_port);
	second = http_listen("0.0.0.0", port, &e);
	assert_int_equal(second, -1);
	assert_non_null(strstr(e.text, "another program has it"));
	e = (struct error){};
	second = http_listen_beside(first, "0.0.0.0", port, &e);
	assert_true(second >= 0);
	close(first);
	/* The process that took over the port shares it with nobody. */
	assert_int_equal(http_listen("127.0.0.1", port, NULL), -1);
	third = http_listen_beside(second, "::", port, &e);
	assert_true(third >= 0);
	close(second);
	close(third);
}

/* The exporter of a killed agent goes a moment after it: a start does not fail for that. */
static void test_exporter_of_a_killed_agent(void **state)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	struct error e = {};
	int first = http_listen("127.0.0.1", 0, &e), second;
	pid_t exporter;

	(void)state;
	assert_int_equal(getsockname(first, (struct sockaddr *)&addr, &size), 0);
	exporter = fork();
	if (!exporter) {
		poll(NULL, 0, 300);
		_exit(0);
	}
	close(first);
	second = http_listen_beside(-1, "127.0.0.1", ntohs(addr.sin_port), &e);
	assert_int_equal(second, -1); /* within the loop nothing waits */
	e = (struct error){};
	second = http_listen("127.0.0.1", ntohs(addr.sin_port), &e);
	assert_int_equal(waitpid(exporter, NULL, 0), exporter);
	if (second < 0)
		fail_msg("%s", e.text);
	close(second);
}

#define served(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		served(test_page_is_kept),
		served(test_busy_agent),
		served(test_other_requests),
		served(test_request_without_end),
		served(test_bound_for_a_peer),
		served(test_bound_for_all),
		served(test_storm),
		served(test_slow_reader),
		cmocka_unit_test(test_second_listener_takes_over),
		cmocka_unit_test(test_exporter_of_a_killed_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
