/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Events go on to Homer after what happens to a socket: a Homer that was down, an address of the
 * host that is another one now, a thread that cannot be made.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/hep_sender.h"
#include "export/json.h"

#include <cmocka.h>

#include "threads.h"

struct scene {
	struct loop loop;
	struct hep_sender hep;
	int homer;
};

static int open_homer(uint16_t *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void follow(struct scene *s, const char *host, uint16_t port)
{
	struct policy policy = {
		.hep = {.port = port, .rate = {true, 1000, SW_NS_PER_SEC, 1000, {}}},
	};

	strcpy(policy.hep.host, host);
	hep_follow(&s->hep, &policy);
}

static int set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct error e = {};
	uint16_t port = 0;

	s->hep = (struct hep_sender)HEP_SENDER_CLOSED;
	s->hep.loop = &s->loop;
	if (loop_open(&s->loop, &e) < 0)
		return -1;
	s->homer = open_homer(&port);
	follow(s, "127.0.0.1", port);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	hep_close(&s->hep);
	loop_close(&s->loop);
	close_fd(&s->homer);
	free(s);
	return 0;
}

static void send_event(struct scene *s)
{
	auto_json struct json_object *o = json_object_new_object();
	const struct sw_event event = {.transport = SW_UDP};

	json_text(o, "reason", "method");
	hep_send(&s->hep, &event, NULL, 0, o);
}

static unsigned int arrived(const struct scene *s)
{
	char packet[8192];
	unsigned int count = 0;

	while (recv(s->homer, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		count++;
	return count;
}

/* Seconds until the next lookup. */
static int looks_in(const struct scene *s)
{
	return (int64_t)(s->hep.look_at - monotonic_ns()) / 1e9 + 0.5;
}

/* A socket whose own address the host has no more fails for ever; so does this one. */
static void test_a_dead_socket(void **state)
{
	struct scene *s = *state;

	send_event(s);
	assert_int_equal(arrived(s), 1);
	assert_int_equal(looks_in(s), 300);
	assert_int_equal(shutdown(s->hep.fd, SHUT_WR), 0);
	send_event(s);
	assert_int_equal(s->hep.counts.failed, 1);
	assert_int_equal(s->hep.fd, -1);
	assert_int_equal(looks_in(s), 10);
	/* Until then, events fail, and say why. */
	hep_tick(&s->hep);
	send_event(s);
	assert_int_equal(s->hep.counts.failed, 2);
	assert_non_null(strstr(s->hep.trouble, "the last packet was not sent: Broken pipe"));
	s->hep.look_at = monotonic_ns();
	hep_tick(&s->hep);
	send_event(s);
	assert_int_equal(arrived(s), 1);
	assert_int_equal(s->hep.counts.sent, 2);
	assert_string_equal(s->hep.trouble, "");
	assert_int_equal(looks_in(s), 300);
}

/* A Homer that is down is sent to on, and gets events as soon as it is back. */
static void test_homer_is_down(void **state)
{
	struct scene *s = *state;
	uint16_t port = s->hep.target.port;
	int fd = s->hep.fd;

	close(s->homer);
	for (int i = 0; i < 4; i++)
		send_event(s);
	assert_true(s->hep.counts.failed > 0);
	assert_int_equal(s->hep.fd, fd);
	assert_int_equal(looks_in(s), 300);
	s->homer = open_homer(&port);
	send_event(s);
	send_event(s);
	assert_true(arrived(s) > 0);
}

/* A name needs a thread: it is tried again after a while, and not each second. */
static void test_no_thread(void **state)
{
	struct scene *s = *state;

	threads_can_be_made(false);
	follow(s, "homer.invalid", 9060);
	threads_can_be_made(true);
	assert_false(s->hep.worker.open);
	assert_non_null(strstr(s->hep.trouble, "the thread sipward-hep cannot be made"));
	assert_int_equal(looks_in(s), 10);
	hep_tick(&s->hep);
	assert_false(s->hep.worker.open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_dead_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_homer_is_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_thread, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("HEP sender", tests, NULL, NULL);
}
