/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The event of a refused packet carries the beginning of its message, and never more than that.
 */
#include "agent/ring.h"
#include "kernel/bans.h"
#include "newcomers.h"

static struct sw_told last;
static unsigned int told;

static void keep(void *context, const void *data, size_t size)
{
	(void)context;
	assert_int_equal(size, sizeof(last));
	memcpy(&last, data, size);
	told++;
}

/* Reads the one event that there is. */
static const struct sw_told *read_event(struct rig *rig)
{
	struct ring ring = {};
	struct error e = {};

	told = 0;
	memset(&last, 0xa5, sizeof(last));
	assert_int_equal(ring_open(&ring, rig->test_run.state.fds[STATE_EVENTS], "events", keep,
				   NULL, &e),
			 0);
	while (!ring_read(&ring))
		;
	ring_close(&ring);
	assert_int_equal(told, 1);
	return &last;
}

/* Who may only call, and whose packet is read before that is said. */
static void open_rig(struct rig *rig)
{
	rig_open(rig, "events: {rate: 10000/s}\n" YAML_PLAIN
		      "zones: [{name: public, methods: [INVITE]}]\n");
	rig->test_run.now = monotonic_ns();
}

static void carries(struct rig *rig, const char *payload, size_t size, enum sw_reason reason)
{
	size_t most = size < SW_TOLD_MAX ? size : SW_TOLD_MAX;
	const struct sw_told *event;

	sends(rig, payload, size, reason);
	event = read_event(rig);
	assert_int_equal(event->event.length, size);
	assert_int_equal(event->carried, most);
	assert_memory_equal(event->payload, payload, most);
}

static void test_the_message_is_carried(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	open_rig(&rig);
	carries(&rig, text, request(text, sizeof(text), "MESSAGE", 1, NULL), SW_REASON_METHOD);
}

static void test_a_long_message_is_cut(void **state)
{
	static char text[SW_TOLD_MAX + 300];
	auto_rig struct rig rig;

	(void)state;
	open_rig(&rig);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = 'a' + i % 23;
	carries(&rig, text, 20, SW_REASON_START_LINE);
	carries(&rig, text, SW_TOLD_MAX - 1, SW_REASON_START_LINE);
	carries(&rig, text, SW_TOLD_MAX, SW_REASON_START_LINE);
	carries(&rig, text, SW_TOLD_MAX + 1, SW_REASON_START_LINE);
	carries(&rig, text, sizeof(text), SW_REASON_START_LINE);
}

/* Bans are looked up before the payload is found. */
static void test_a_banned_sender_is_told_without_it(void **state)
{
	struct prefix source = {.length = 32};
	auto_rig struct rig rig;
	struct error e = {};

	(void)state;
	open_rig(&rig);
	source.addr = rig.from.addr;
	assert_int_equal(ban_add(&rig.test_run.state, &source, BAN_FOREVER, "", NULL, &e), 0);
	sends_method(&rig, "MESSAGE", 1, SW_REASON_BAN);
	assert_int_equal(read_event(&rig)->carried, 0);
}

/* What was not read as a transport's has no payload, whatever it holds. */
static void test_a_broken_header_carries_nothing(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.test_run.now = monotonic_ns();
	frame_message(&rig.frame, &rig.from, &rig.to, false, "abcdef", 6);
	rig.frame.octets[rig.frame.transport + 5] = 7; /* the UDP length: less than its header */
	sends_frame(&rig, SW_REASON_UDP_LENGTH);
	assert_int_equal(read_event(&rig)->carried, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_message_is_carried),
		cmocka_unit_test(test_a_long_message_is_cut),
		cmocka_unit_test(test_a_banned_sender_is_told_without_it),
		cmocka_unit_test(test_a_broken_header_carries_nothing),
	};

	return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
