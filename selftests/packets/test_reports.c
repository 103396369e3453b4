/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports do not bury the events of what was refused: of one address and reason one is told in a
 * minute, and half of the budget is not for them. Counters have all.
 */
#include "agent/ring.h"
#include "outbound.h"

static const char *const zones =
	"events: {rate: 100/s}\n"
	YAML_PLAIN
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], privacy: {report: [addresses]}}\n"
	"  - {name: public, headers: {report: [Diversion]}, methods: [INVITE, MESSAGE]}\n";

#define CARRIER "203.0.113.5"
#define OTHER   "203.0.113.6"

static unsigned int told[SW_REASONS_MAX];

static void count_event(void *context, const void *data, size_t size)
{
	const struct sw_event *event = data;

	(void)context;
	assert_true(size >= sizeof(*event));
	told[event->reason % SW_REASONS_MAX]++;
}

/* How many of this reason were told since the last question. */
static unsigned int told_of(struct rig *rig, enum sw_reason reason)
{
	struct ring ring = {};
	struct error e = {};

	memset(told, 0, sizeof(told));
	assert_int_equal(ring_open(&ring, rig->test_run.state.fds[STATE_EVENTS], "events",
				   count_event, NULL, &e),
			 0);
	while (!ring_read(&ring))
		;
	ring_close(&ring);
	return told[reason];
}

static void answers(struct rig *rig, const char *to, int count)
{
	const struct sent what = {
		.headers = "Record-Route: <sip:10.0.0.1;lr>\r\n",
	};
	uint64_t before = counted(rig, SW_MODE_MONITOR, SW_REASON_PRIVACY_ADDRESS);

	for (int i = 0; i < count; i++)
		assert_int_equal((int)leaves(rig, to, &what), TC_ACT_UNSPEC);
	assert_int_equal(counted(rig, SW_MODE_MONITOR, SW_REASON_PRIVACY_ADDRESS) - before, count);
}

static void diverted(struct rig *rig, const char *from, int count)
{
	char text[1024];

	rig->from.addr = address(from);
	for (int i = 0; i < count; i++) {
		size_t size = request(text, sizeof(text), "INVITE", i, NULL) - 2;

		size += snprintf(text + size, sizeof(text) - size,
				 "Diversion: <sip:1@example.com>\r\n\r\n");
		sends_shadowed(rig, text, size, SW_REASON_HEADER);
	}
}

static void test_once_a_minute(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	rig.test_run.now = 100000 * SECOND;
	answers(&rig, CARRIER, 30);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	answers(&rig, OTHER, 3);
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	rig.test_run.now += 59 * SECOND;
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 0);
	rig.test_run.now += SECOND;
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	/* What comes in likewise; another reason of the same address is told. */
	diverted(&rig, "198.51.100.7", 10);
	assert_int_equal(told_of(&rig, SW_REASON_HEADER), 1);
	/* What is refused is told each time. */
	for (int i = 0; i < 10; i++)
		sends_method(&rig, "OPTIONS", i, SW_REASON_METHOD);
	assert_int_equal(told_of(&rig, SW_REASON_METHOD), 10);
	/* Reports of many addresses. */
	rig.test_run.now += 10 * SECOND;
	for (int i = 0; i < 90; i++) {
		char from[32];

		snprintf(from, sizeof(from), "192.0.2.%d", 100 + i);
		diverted(&rig, from, 1);
	}
	assert_in_range(told_of(&rig, SW_REASON_HEADER), 45, 55);
	for (int i = 0; i < 40; i++)
		sends_method(&rig, "OPTIONS", i, SW_REASON_METHOD);
	assert_int_equal(told_of(&rig, SW_REASON_METHOD), 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_a_minute),
	};

	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
