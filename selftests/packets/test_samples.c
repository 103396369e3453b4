/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples of packets: nobody pays for them until somebody wants them; what a sample says; how many
 * there are, and that they end by themselves.
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <math.h>

#include "export/summary.h"
#include "kernel/samples.h"
#include "policy/text.h"
#include "rig.h"

#define PERIOD (1ull << SW_SAMPLE_PERIOD_BITS)

static const char *const yaml =
	"mode: enforce\n" YAML_PLAIN "lists: {deny: [203.0.113.66]}\n"
	"zones:\n"
	"  - {name: watched, sources: [203.0.113.0/24], methods: [INVITE], mode: monitor}\n"
	"  - {name: public, methods: [INVITE]}\n";

/* What was read. */
static struct sw_sample last;
static size_t count;
static double weights;

static void visit(const struct sw_sample *sample, void *context)
{
	(void)context;
	last = *sample;
	count++;
	weights += sample->weight;
}

static size_t reads(struct samples *samples)
{
	size_t visited;

	count = weights = 0;
	visited = samples_read(samples, visit, NULL);
	assert_int_equal(visited, count);
	return count;
}

static void opens(struct samples *samples, const struct rig *rig)
{
	struct error e = {};

	if (samples_open(samples, &rig->test_run.state, &e) < 0)
		fail_msg("%s", e.text);
}

static void wants(struct samples *samples, const struct rig *rig, uint32_t weight)
{
	samples_want(samples, weight, rig->test_run.now + 3600 * SECOND);
}

static void test_only_while_wanted(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	assert_int_equal(reads(&samples), 0);
	samples_want(&samples, 1, rig.test_run.now + SECOND);
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
	assert_int_equal(reads(&samples), 1);
	rig.test_run.now += SECOND - 1;
	sends_method(&rig, "INVITE", 3, SW_REASON_NONE);
	assert_int_equal(reads(&samples), 1);
	/* Whoever wanted them was killed. The packet that finds it switches the samples off. */
	rig.test_run.now++;
	sends_method(&rig, "INVITE", 4, SW_REASON_NONE);
	assert_int_equal(reads(&samples), 0);
	assert_int_equal(samples.sampling->until, 0);
	assert_int_equal(samples.lost, 0);
}

static void is(enum sw_sampled verdict, enum sw_reason reason, const char *payload)
{
	assert_int_equal(count, 1);
	assert_int_equal(last.verdict, verdict);
	assert_int_equal(last.reason, reason);
	assert_int_equal(last.octets, strlen(payload));
	assert_int_equal(last.length, strlen(payload));
	assert_memory_equal(last.payload, payload, strlen(payload));
	assert_int_equal(last.weight, 1);
}

static void test_what_it_says(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};
	struct sw_addr from;
	char text[1024];

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, 1);
	from = rig.from.addr;
	sends(&rig, text, request(text, sizeof(text), "INVITE", 1, NULL), SW_REASON_NONE);
	reads(&samples);
	is(SW_SAMPLED_PASS, SW_REASON_NONE, text);
	assert_memory_equal(&last.src, &from, sizeof(from));
	assert_int_equal(last.sport, 5060);
	assert_int_equal(last.transport, SW_UDP);
	assert_int_equal(last.zone, SW_ZONE_PUBLIC);
	sends(&rig, text, request(text, sizeof(text), "OPTIONS", 2, NULL), SW_REASON_METHOD);
	reads(&samples);
	is(SW_SAMPLED_DROP, SW_REASON_METHOD, text);
	rig.from.addr = address("203.0.113.7");
	assert_true(gets_in(&rig, text, strlen(text)));
	reads(&samples);
	is(SW_SAMPLED_WOULD_DROP, SW_REASON_METHOD, text);
	assert_int_not_equal(last.zone, SW_ZONE_PUBLIC);
	/* Refused before its UDP header is read. */
	rig.from.addr = address("203.0.113.66");
	assert_true(gets_in(&rig, text, strlen(text)));
	reads(&samples);
	is(SW_SAMPLED_WOULD_DROP, SW_REASON_DENY_LIST, text);
}

static void test_streams(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};
	char text[1024];
	size_t size = request(text, sizeof(text), "OPTIONS", 1, NULL);

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, 1);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	gets_in_frame(&rig);
	reads(&samples);
	is(SW_SAMPLED_WOULD_DROP, SW_REASON_METHOD, text);
	assert_int_equal(last.transport, SW_TCP);
	/* Nobody can read what TLS carries. */
	rig.to.port = 5061;
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	gets_in_frame(&rig);
	assert_int_equal(reads(&samples), 1);
	assert_int_equal(last.transport, SW_TLS);
	assert_int_equal(last.length, size);
	assert_int_equal(last.octets, 0);
	/* What is not for a service is no packet of ours. */
	rig.to.port = 80;
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	ignores_frame(&rig);
	assert_int_equal(reads(&samples), 0);
}

static void test_long_ones_are_cut(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};
	char text[SW_SAMPLE_OCTETS + 200];
	const size_t sizes[] = {1, SW_SAMPLE_OCTETS - 1, SW_SAMPLE_OCTETS, SW_SAMPLE_OCTETS + 1,
				sizeof(text)};

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, 1);
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < array_size(sizes); i++) {
		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, text, sizes[i]));
		gets_in_frame(&rig);
		assert_int_equal(reads(&samples), 1);
		assert_int_equal(last.length, sizes[i]);
		assert_int_equal(last.octets,
				 sizes[i] < SW_SAMPLE_OCTETS ? sizes[i] : SW_SAMPLE_OCTETS);
		assert_memory_equal(last.payload, text, last.octets);
	}
}

/* A UDP header that says too much, before and behind the stage that judges it. */
static void test_lengths_that_lie(void **state)
{
	const uint16_t lies[] = {htons(0), htons(7), htons(8), htons(9), htons(0xffff)};
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, 1);
	for (size_t i = 0; i < 2 * array_size(lies); i++) {
		rig.from.addr = address(i % 2 ? "203.0.113.66" : "198.51.100.7");
		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, "abcdefgh", 8));
		memcpy(rig.frame.octets + rig.frame.transport + 4, &lies[i / 2], 2);
		gets_in_frame(&rig);
		assert_int_equal(reads(&samples), 1);
		assert_in_range(last.length, 0, 8);
		assert_int_equal(last.octets, last.length);
		assert_memory_equal(last.payload, "abcdefgh", last.octets);
	}
}

/* Of a flood, whose counters nobody looks at. */
static void floods(struct rig *rig)
{
	struct error e = {};

	assert_int_equal(test_run_inbound(&rig->test_run, rig->frame.octets, rig->frame.size,
					  &outcome, &e),
			 XDP_PASS);
}

/* A flood that begins: the rest of the period is sampled much less, and counts for more. */
static void test_burst(void **state)
{
	enum { FLOOD = 8000 };
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	rig.test_run.now = 1000 * PERIOD;
	wants(&samples, &rig, 1);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	for (int i = 1; i < FLOOD; i++)
		floods(&rig);
	reads(&samples);
	assert_int_equal(samples.lost, 0);
	assert_int_equal(last.weight, SW_SAMPLE_LESS);
	/* 124 are expected; the standard deviation is 11. */
	assert_in_range(count, SW_SAMPLE_BURST + 70, SW_SAMPLE_BURST + 180);
	assert_in_range((int)weights, FLOOD * 5 / 10, FLOOD * 15 / 10);
	/* The next period has samples again, as soon as the gap is over. */
	rig.test_run.now += PERIOD;
	do
		floods(&rig);
	while (!reads(&samples));
	floods(&rig);
	assert_int_equal(reads(&samples), 1);
	assert_int_equal(last.weight, 1);
}

static void test_another_rate_at_once(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, SW_SAMPLE_WEIGHT);
	for (int i = 0; i < 10; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	assert_in_range(reads(&samples), 0, 1);
	wants(&samples, &rig, 1);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	assert_int_equal(reads(&samples), 1);
	assert_int_equal(last.weight, 1);
}

static void test_two_readers(void **state)
{
	auto_rig struct rig rig;
	auto_samples struct samples one = {}, other = {}, late = {};

	(void)state;
	rig_open(&rig, yaml);
	opens(&one, &rig);
	opens(&other, &rig);
	wants(&one, &rig, 1);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	for (uint64_t i = 1; i < SW_SAMPLES + 5; i++) {
		rig.test_run.now += PERIOD;
		floods(&rig);
		if (i == 4)
			assert_int_equal(reads(&one), 5);
	}
	opens(&late, &rig);
	assert_int_equal(reads(&one), SW_SAMPLES);
	assert_int_equal(one.lost, 0);
	assert_int_equal(reads(&other), SW_SAMPLES);
	assert_int_equal(other.lost, 5);
	assert_int_equal(reads(&late), 0);
	assert_int_equal(late.lost, 0);
}

/* --- a flood, counted twice --- */

#define SOURCES 1000000

static void sum_up(const struct sw_sample *sample, void *context)
{
	struct summary_text key = summary_text(&sample->src.words[3], sizeof(uint32_t));

	summary_add(context, &key, sample->weight);
}

/* A heavy tail: each power of two of a million sources has as many packets as the one before. */
static uint32_t heavy_tail(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15ull;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return exp((x * 0x2545f4914f6cdd1dull >> 32) / 4294967296.0 * log(SOURCES)) - 1;
}

static double worst_share(const struct summary *summary, const uint32_t *exact, double packets)
{
	double worst = 0;

	for (size_t i = 0; i < summary->count; i++) {
		uint32_t octets;

		memcpy(&octets, summary->items[i].key.octets, sizeof(octets));
		worst = fmax(worst, fabs(summary->items[i].count / summary->total -
					 exact[ntohl(octets) & 0xffffff] / packets));
	}
	return worst;
}

/* The shares that top would print are as right as it would say. One flood in 20 may be worse, so
 * one of three may. */
static void test_flood(void **state)
{
	enum { PACKETS = 30000, WEIGHT = 16 };
	auto_free uint32_t *exact = xcalloc(SOURCES, sizeof(*exact));
	auto_rig struct rig rig;
	auto_samples struct samples samples = {};
	cleanup(summary_close) struct summary summary = {};
	int worse = 0;

	(void)state;
	rig_open(&rig, yaml);
	opens(&samples, &rig);
	wants(&samples, &rig, WEIGHT);
	samples.sampling->less = samples.sampling->rate;
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	summary_open(&summary);
	for (int run = 0; run < 3; run++) {
		samples_read(&samples, sum_up, &summary);
		summary_clear(&summary);
		memset(exact, 0, SOURCES * sizeof(*exact));
		for (int i = 0; i < PACKETS; i++) {
			uint32_t source = heavy_tail(), address = htonl(0x0b000000 | source);

			exact[source]++;
			memcpy(rig.frame.octets + rig.frame.ip + 12, &address, sizeof(address));
			floods(&rig);
			if (i % 1000 == 999)
				samples_read(&samples, sum_up, &summary);
		}
		printf("# 1 of %d: %.0f samples, +/- %.2f %%, %.2f %% at worst\n", WEIGHT,
		       summary.samples, 100 * summary_error(&summary),
		       100 * worst_share(&summary, exact, PACKETS));
		/* 1,875 are expected; the standard deviation is 42. */
		assert_in_range((int)summary.samples, 1660, 2090);
		worse += worst_share(&summary, exact, PACKETS) > summary_error(&summary);
	}
	assert_in_range(worse, 0, 1);
	assert_int_equal(samples.lost, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_while_wanted),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_long_ones_are_cut),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_another_rate_at_once),
		cmocka_unit_test(test_two_readers),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
