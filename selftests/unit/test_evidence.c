/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the agent keeps of refused packets when a flood comes: the rows of a source, and the last
 * events of each reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "agent/history.h"
#include "kernel/bans.h"

#include <cmocka.h>

#define SECOND SW_NS_PER_SEC
#define FLOOD  1000000

static struct sw_addr ipv4(uint32_t number)
{
	struct sw_addr addr = {.words = {0, 0, __builtin_bswap32(0xffff)}};

	addr.words[3] = __builtin_bswap32(number);
	return addr;
}

static struct sw_event refused(struct sw_addr addr, enum sw_reason reason, uint64_t time)
{
	return (struct sw_event){.time = time, .reason = reason, .src = addr};
}

static void free_evidence(struct evidence **evidence)
{
	evidence_free(*evidence);
}
#define auto_evidence cleanup(free_evidence)

static size_t rows_of(const struct evidence *evidence, struct sw_addr addr,
		      struct evidence_row rows[EVIDENCE_ROWS])
{
	struct sw_source source;

	ban_source(&addr, &source);
	return evidence_of(evidence, &source, rows);
}

#define PHONE ipv4(0xc6336417)

static void add(struct evidence *evidence, struct sw_addr addr, enum sw_reason reason,
		uint64_t time)
{
	struct sw_event event = refused(addr, reason, time);

	evidence_add(evidence, &event);
}

/* From random sources, `each` packets of each, so far apart; `rate` sources a second. Returns when
 * it ends. */
static uint64_t flood(struct evidence *evidence, uint64_t from, unsigned int count,
		      unsigned int each, uint64_t apart, unsigned int rate)
{
	uint32_t number = 12345;

	for (unsigned int i = 0; i < count; i++) {
		number = number * 1664525 + 1013904223; /* each number once */
		for (unsigned int j = 0; j < each; j++)
			add(evidence, ipv4(number), SW_REASON_GREYLIST,
			    from + i * (SECOND / rate) + j * apart);
	}
	return from + count * (SECOND / rate);
}

static void test_rows(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];
	struct sw_event event = refused(PHONE, SW_REASON_METHOD, 5 * SECOND);

	(void)state;
	assert_int_equal(rows_of(evidence, PHONE, rows), 0);
	add(evidence, PHONE, SW_REASON_METHOD, 1 * SECOND);
	add(evidence, PHONE, SW_REASON_METHOD, 3 * SECOND);
	add(evidence, PHONE, SW_REASON_BAN, 4 * SECOND);
	event.mode = SW_MODE_MONITOR;
	evidence_add(evidence, &event);
	assert_int_equal(rows_of(evidence, PHONE, rows), 3);
	assert_int_equal(rows[0].count, 2);
	assert_int_equal(rows[0].first, 1 * SECOND);
	assert_int_equal(rows[0].last.time, 3 * SECOND);
	assert_int_equal(rows[1].last.reason, SW_REASON_BAN);
	assert_int_equal(rows[2].last.mode, SW_MODE_MONITOR);
	/* The oldest of many makes room. */
	for (unsigned int i = 0; i < EVIDENCE_ROWS; i++)
		add(evidence, PHONE, SW_REASON_START_LINE + i, (10 + i) * SECOND);
	assert_int_equal(rows_of(evidence, PHONE, rows), EVIDENCE_ROWS);
	for (unsigned int i = 0; i < EVIDENCE_ROWS; i++)
		assert_in_range(rows[i].last.reason, SW_REASON_START_LINE,
				SW_REASON_START_LINE + EVIDENCE_ROWS - 1);
}

static void test_whose(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];
	struct sw_addr a = {.octets = {0x20, 1, [7] = 1, [15] = 1}}, b = a, c = a;
	struct sw_event out = {.time = 1, .dst = PHONE, .direction = SW_EGRESS};
	struct sw_event repair = {.time = 1, .kind = SW_EVENT_REPAIR};

	(void)state;
	b.octets[15] = 2;
	c.octets[7] = 2;
	add(evidence, a, SW_REASON_METHOD, 1);
	assert_int_equal(rows_of(evidence, b, rows), 1);
	assert_int_equal(rows_of(evidence, c, rows), 0);
	/* What the server sends is about the phone that it is for. */
	evidence_add(evidence, &out);
	assert_int_equal(rows_of(evidence, PHONE, rows), 1);
	assert_int_equal(rows_of(evidence, out.src, rows), 0);
	evidence_add(evidence, &repair);
	assert_int_equal(rows_of(evidence, repair.src, rows), 0);
}

/* A phone that tried three times, and then a million sources. */
static void test_flood(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];
	uint64_t end;

	(void)state;
	for (int i = 0; i < 3; i++)
		add(evidence, PHONE, SW_REASON_METHOD, (1 + 2 * i) * SECOND);
	add(evidence, PHONE, SW_REASON_RATE_SOURCE, 8 * SECOND);
	end = flood(evidence, 9 * SECOND, FLOOD, 1, 0, 500);
	assert_in_range(end, 2000 * SECOND, 2100 * SECOND);
	assert_int_equal(rows_of(evidence, PHONE, rows), 2);
	assert_int_equal(rows[0].count, 3);
	/* Likewise when each of them sends a burst. */
	flood(evidence, end, FLOOD / 10, 10, 1000, 500);
	assert_int_equal(rows_of(evidence, PHONE, rows), 2);
}

/* A burst of two is more than one packet, as long as the flood sends no bursts. */
static void test_burst_in_a_flood(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];

	(void)state;
	add(evidence, PHONE, SW_REASON_METHOD, SECOND);
	add(evidence, PHONE, SW_REASON_METHOD, SECOND + 1);
	flood(evidence, 2 * SECOND, FLOOD, 1, 0, 20000);
	assert_int_equal(rows_of(evidence, PHONE, rows), 1);
	assert_int_equal(rows[0].count, 2);
}

/* Each comes again, later, as a phone does: one that tried for longer stays. */
static void test_flood_that_repeats(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];

	(void)state;
	for (int i = 0; i < 6; i++)
		add(evidence, PHONE, SW_REASON_METHOD, (1 + 2 * i) * SECOND);
	flood(evidence, 20 * SECOND, FLOOD / 4, 4, 2 * SECOND, 500);
	assert_int_equal(rows_of(evidence, PHONE, rows), 1);
	assert_int_equal(rows[0].count, 6);
}

/* A ban is earned: it stays though its source was refused once. */
static void test_ban_stays(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];
	struct sw_event ban = refused(PHONE, SW_REASON_AUTH_FAILURES, SECOND);

	(void)state;
	ban.kind = SW_EVENT_BAN;
	evidence_add(evidence, &ban);
	flood(evidence, 2 * SECOND, FLOOD / 4, 4, 2 * SECOND, 500);
	assert_int_equal(rows_of(evidence, PHONE, rows), 1);
}

/* The flood was there first, and the phone tries once in half a minute. */
static void test_phone_beside_flood(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];
	uint32_t number = 1;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		number = number * 1664525 + 1013904223;
		add(evidence, ipv4(number), SW_REASON_GREYLIST, i * (SECOND / 500));
		if (i > 100000 && i % 15000 == 0)
			add(evidence, PHONE, SW_REASON_METHOD, i * (SECOND / 500) + 1);
	}
	assert_int_equal(rows_of(evidence, PHONE, rows), 1);
	assert_in_range(rows[0].count, 5, 7);
}

/* What is an hour old makes room for what is of today. */
static void test_quiet_make_room(void **state)
{
	auto_evidence struct evidence *evidence = evidence_new();
	struct evidence_row rows[EVIDENCE_ROWS];

	(void)state;
	for (int i = 0; i < 6; i++)
		add(evidence, PHONE, SW_REASON_METHOD, (1 + 2 * i) * SECOND);
	flood(evidence, 3700 * SECOND, 100000, 1, 0, 500);
	assert_int_equal(rows_of(evidence, PHONE, rows), 0);
}

/* --- the history --- */

static void nobody(void *context, const struct sw_event *event, const void *payload, size_t size)
{
	(void)context, (void)event, (void)payload, (void)size;
}

static void history_make(struct history *history)
{
	*history = (struct history){
		.events = xcalloc(HISTORY_SIZE, sizeof(*history->events)),
		.evidence = evidence_new(),
		.seen = nobody,
	};
}

/* All that are kept, by their numbers, which must rise: how many have this reason? */
static size_t kept(const struct history *history, enum sw_reason reason, size_t *all)
{
	const struct sw_event *event;
	uint64_t before = 0;
	size_t count = 0;

	*all = 0;
	for (uint64_t i = 0; (event = history_next(history, &i)); i++) {
		assert_true(i >= before && i < history->count);
		before = i + 1;
		/* The tests write the number there. */
		assert_int_equal(event->time, i);
		++*all;
		count += event->reason == reason;
	}
	return count;
}

static void happens(struct history *history, enum sw_reason reason, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sw_event event = refused(ipv4(i), reason, history->count);

		history_add(history, &event);
	}
}

static void test_share_of_each_reason(void **state)
{
	cleanup(history_close) struct history history;
	size_t all;

	(void)state;
	history_make(&history);
	assert_int_equal(kept(&history, SW_REASON_METHOD, &all), 0);
	assert_int_equal(all, 0);
	happens(&history, SW_REASON_METHOD, 3);
	happens(&history, SW_REASON_SCANNER, 100);
	assert_int_equal(kept(&history, SW_REASON_METHOD, &all), 3);
	assert_int_equal(all, 103);
	happens(&history, SW_REASON_GREYLIST, HISTORY_SIZE);
	assert_int_equal(kept(&history, SW_REASON_METHOD, &all), 3);
	assert_int_equal(kept(&history, SW_REASON_SCANNER, &all), HISTORY_SHARE);
	assert_int_equal(all, HISTORY_SIZE + HISTORY_SHARE + 3);
	happens(&history, SW_REASON_GREYLIST, FLOOD);
	assert_int_equal(kept(&history, SW_REASON_METHOD, &all), 3);
	assert_int_equal(kept(&history, SW_REASON_GREYLIST, &all), HISTORY_SIZE);
	/* A share that reaches into the last ones is not told twice. */
	happens(&history, SW_REASON_METHOD, 10);
	assert_int_equal(kept(&history, SW_REASON_METHOD, &all), 13);
	assert_int_equal(all, HISTORY_SIZE + HISTORY_SHARE + 3);
}

static void test_left_out(void **state)
{
	cleanup(history_close) struct history history;
	struct sw_event event = refused(PHONE, SW_REASON_METHOD, 7 * SECOND);

	(void)state;
	history_make(&history);
	history_add(&history, &event);
	assert_int_equal(history.left_out, 0);
	event.suppressed = 40;
	history_add(&history, &event);
	/* There, the number of a ban or a repair says something else. */
	event.kind = SW_EVENT_BAN;
	history_add(&history, &event);
	event.kind = SW_EVENT_REPAIR;
	history_add(&history, &event);
	assert_int_equal(history.left_out, 40);
	assert_int_equal(history.left_out_at, 7 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_burst_in_a_flood),
		cmocka_unit_test(test_flood_that_repeats),
		cmocka_unit_test(test_ban_stays),
		cmocka_unit_test(test_phone_beside_flood),
		cmocka_unit_test(test_quiet_make_room),
		cmocka_unit_test(test_share_of_each_reason),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
