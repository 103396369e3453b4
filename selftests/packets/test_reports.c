/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports do not bury the events of what was refused: of one address and reason one is told in a
 * minute, and half of the budget is not for them. Counters have all.
 */
#include <bpf/bpf.h>

#include "agent/ring.h"
#include "kernel/skeleton.h"
#include "lib/token.h"
#include "outbound.h"

static const char *const zones =
	"events: {rate: 100/s}\n" YAML_PLAIN "zones:\n"
	"  - {name: carrier, sources: [203.0.0.0/16], privacy: {report: [addresses]}}\n"
	"  - {name: public, headers: {report: [Diversion]}, methods: [INVITE, MESSAGE]}\n";

#define CARRIER "203.0.113.5"

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

/* Which cell of reports_told remembers this address and reason; see events.h. */
static uint32_t report_cell(struct rig *rig, const char *addr, enum sw_reason reason)
{
	struct bpf_map *map = rig->test_run.skel->maps.reports_told;
	struct sw_addr a = address(addr);
	struct sw_meta meta = {};
	struct token t;
	uint32_t zero = 0;

	assert_int_equal(bpf_map_lookup_elem(rig->test_run.state.fds[STATE_META], &zero, &meta), 0);
	token_start(&t, meta.seed, TOKEN_REPORT);
	token_addr(&t, &a);
	token_word(&t, reason);
	return token_end(&t) & (bpf_map__max_entries(map) - 1);
}

/* Writes an address of the carrier whose cell is the one of CARRIER, or is another one. */
static void find_other(struct rig *rig, bool same, char *text, size_t size)
{
	uint32_t cell = report_cell(rig, CARRIER, SW_REASON_PRIVACY_ADDRESS);

	for (int i = 1; i < 65536; i++) {
		snprintf(text, size, "203.0.%d.%d", 114 + i / 256 % 100, i % 256);
		if ((report_cell(rig, text, SW_REASON_PRIVACY_ADDRESS) == cell) == same)
			return;
	}
	fail_msg("no address was found");
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
	char other[32];

	(void)state;
	rig_open(&rig, zones);
	find_other(&rig, false, other, sizeof(other));
	rig.test_run.now = 100000 * SECOND;
	answers(&rig, CARRIER, 30);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	answers(&rig, other, 3);
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	rig.test_run.now += 59 * SECOND;
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 0);
	rig.test_run.now += SECOND;
	answers(&rig, CARRIER, 3);
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 1);
	/* The same holds for packets that come in; another reason of the same address is told. */
	diverted(&rig, "198.51.100.7", 10);
	assert_int_equal(told_of(&rig, SW_REASON_HEADER), 1);
	/* A refusal is told each time. */
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

/* Each report of an address takes over the cell of the other one, and both are told. */
static void test_same_cell(void **state)
{
	auto_rig struct rig rig;
	char other[32];

	(void)state;
	rig_open(&rig, zones);
	find_other(&rig, true, other, sizeof(other));
	rig.test_run.now = 100000 * SECOND;
	for (int i = 0; i < 3; i++) {
		answers(&rig, CARRIER, 3);
		answers(&rig, other, 3);
	}
	assert_int_equal(told_of(&rig, SW_REASON_PRIVACY_ADDRESS), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_a_minute),
		cmocka_unit_test(test_same_cell),
	};

	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
