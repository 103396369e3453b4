/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A ring is read for a bounded time: however much is in it, the reader comes back to its other
 * work, is woken again for the rest, and reads every record once.
 */
#include <poll.h>
#include <time.h>

#include "agent/ring.h"
#include "kernel/bans.h"
#include "newcomers.h"

#define PACKETS 60
#define SLOW_NS (RING_TIME / 8)

static unsigned int records;
static uint32_t last_port;

/* As if much had to be done for each. */
static void slowly(void *context, const void *data, size_t size)
{
	const struct timespec pause = {.tv_nsec = SLOW_NS};
	const struct sw_event *event = data;

	(void)context;
	assert_true(size >= sizeof(*event));
	assert_int_equal(event->sport, last_port + 1);
	last_port = event->sport;
	records++;
	nanosleep(&pause, NULL);
}

static bool readable(const struct ring *ring)
{
	struct pollfd fd = {.fd = ring_fd(ring), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void test_reading_a_ring_is_bounded(void **state)
{
	auto_rig struct rig rig;
	struct prefix source = {.length = 32};
	struct ring ring = {};
	struct error e = {};
	unsigned int readings = 1;

	(void)state;
	rig_open(&rig, "events: {rate: 10000/s}\n" YAML_PLAIN
		       "zones: [{name: public, newcomers: {rate: 1000/s}}]\n");
	rig.test_run.now = monotonic_ns();
	source.addr = rig.from.addr;
	assert_int_equal(ban_add(&rig.test_run.state, &source, BAN_FOREVER, "", NULL, &e), 0);
	last_port = rig.from.port = 20000;
	for (int i = 0; i < PACKETS; i++) {
		rig.from.port++;
		sends_method(&rig, "INVITE", i, SW_REASON_BAN);
	}
	assert_int_equal(ring_open(&ring, rig.test_run.state.fds[STATE_EVENTS], "events", slowly,
				   NULL, &e),
			 0);
	assert_true(readable(&ring));
	for (; !ring_read(&ring); readings++) {
		assert_true(readable(&ring));
		assert_true(readings < PACKETS);
	}
	assert_int_equal(records, PACKETS);
	assert_true(readings >= PACKETS * SLOW_NS / RING_TIME);
	assert_false(readable(&ring));
	ring_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_a_ring_is_bounded),
	};

	return cmocka_run_group_tests_name("rings", tests, NULL, NULL);
}
