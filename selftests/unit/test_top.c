/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sipward top`: samples become lists; and the page at every size, in every view: no line is longer
 * than the screen, nothing of a stranger reaches the terminal as it came.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "base/base.h"
#include "export/json.h"
#include "export/top_json.h"
#include "export/top_page.h"
#include "export/top_samples.h"
#include "export/top_views.h"
#include "policy/names.h"

#include <cmocka.h>

#define HOSTILE                                                  \
	"evil \x1b[31m\x1b]0;title\x07 <b>&\xff\xfe\xc3\xa4\x9b" \
	"2J%s%n|~"

/* Any of these may be missing. */
static void samples(struct top *top, const char *start, const char *more, uint32_t last_octet,
		    enum sw_sampled verdict)
{
	struct sw_sample sample = {
		.weight = 2,
		.zone = 1,
		.reason = verdict == SW_SAMPLED_PASS ? SW_REASON_NONE : SW_REASON_METHOD,
		.verdict = verdict,
	};
	auto_free char *text = xasprintf("%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
					 "To: <sip:x@y>\r\n%s\r\n",
					 start, more);

	sample.src.words[2] = htonl(0xffff);
	sample.src.words[3] = htonl(0xc6336400 | last_octet);
	sample.octets = sample.length = strlen(text);
	memcpy(sample.payload, text, sample.octets);
	top_add_sample(top, &sample);
}

static void add_rate(struct top_rates *rates, const char *name, double drop, double would_drop)
{
	struct top_rate rate = {.pass = 12.5, .drop = drop, .would_drop = would_drop, .total = 99};

	snprintf(rate.name, sizeof(rate.name), "%s", name);
	append(rates->items, rates->count, rate);
}

static void opens(struct top *top)
{
	memset(top, 0, sizeof(*top));
	summary_open(&top->sources);
	summary_open(&top->called);
	summary_open(&top->prefixes);
	summary_open(&top->agents);
	strcpy(top->zone_names[0], "public");
	strcpy(top->zone_names[1], "carrier");
}

static void closes(struct top *top)
{
	summary_close(&top->sources);
	summary_close(&top->called);
	summary_close(&top->prefixes);
	summary_close(&top->agents);
	free(top->zones.items);
	free(top->reasons.items);
	free(top->known);
	free(top->tables);
}

/* Much of everything. */
static void fills(struct top *top)
{
	struct top_known known = {.since = 99999, .proofs = 3, .good = true};
	struct top_table table = {.name = "known", .filled = 5, .capacity = 262144};
	char text[64];

	opens(top);
	strcpy(top->interfaces, "eth0 native enforce");
	top->pass = 1e7;
	top->behind = true;
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "zone-%d", i);
		add_rate(&top->zones, text, i, 0);
		add_rate(&top->reasons, reason_name(i % 3 ? SW_REASON_METHOD : SW_REASON_BAN), 0,
			 i);
		summary_age(&top->sources, 0.1);
		snprintf(text, sizeof(text), "INVITE sip:+4930%d\x1b[2J@b SIP/2.0",
			 1000000 + i % 40);
		samples(top, text, "User-Agent: " HOSTILE "\r\n", i, i % 3);
		memset(&known.endpoint.addr, 0xfe - i, sizeof(known.endpoint.addr));
		append(top->known, top->known_count, known);
		append(top->tables, top->table_count, table);
	}
}

static void fits(const struct page *page)
{
	assert_true(page->count <= page->height);
	for (size_t i = 0; i < page->count; i++) {
		const char *text = page->lines[i].text;

		if (strlen(text) > page->width)
			fail_msg("%zu x %zu, line %zu: %zu columns: %s", page->width, page->height,
				 i, strlen(text), text);
		for (; *text; text++)
			assert_in_range(*text, ' ', '~');
	}
}

static void renders(struct page *page, const struct top *top, const struct top_choice *choice,
		    size_t width, size_t height)
{
	*page = (struct page){.width = width, .height = height};
	page_render(page, top, choice);
	fits(page);
}

static bool shows(const struct page *page, const char *text)
{
	for (size_t i = 0; i < page->count; i++)
		if (strstr(page->lines[i].text, text))
			return true;
	return false;
}

static void test_every_size(void **state)
{
	static const size_t widths[] = {1, 9, 10, 17, 39, 40, 79, 80, 100, 120, 300};
	cleanup(closes) struct top full = {}, empty = {};
	struct top_choice choice = {};

	(void)state;
	fills(&full);
	opens(&empty);
	for (size_t i = 0; i < array_size(widths); i++)
		for (size_t height = 1; height < 60; height += height < 26 ? 1 : 7)
			for (int view = 0; view < TOP_VIEW_COUNT; view++) {
				auto_page struct page page = {}, none = {};

				choice.view = view;
				choice.sort[view] = height % 3;
				choice.zone = height % 5 == 0 ? 1 : -1;
				choice.help = height % 7 == 0;
				choice.paused = height % 2;
				renders(&page, &full, &choice, widths[i], height);
				renders(&none, &empty, &choice, widths[i], height);
				if (height >= 3 && widths[i] >= 10)
					assert_int_equal(page.count, height);
			}
}

static void test_usual_sizes(void **state)
{
	cleanup(closes) struct top top = {};
	struct top_choice choice = {.view = TOP_SOURCES, .zone = -1};
	auto_page struct page usual = {}, large = {}, small = {}, called = {}, zones = {};

	(void)state;
	fills(&top);
	renders(&usual, &top, &choice, 80, 24);
	assert_true(shows(&usual, "[2 sources]"));
	assert_true(shows(&usual, "samples: 1 of 2, "));
	assert_true(shows(&usual, "q quit"));
	assert_true(shows(&usual, "SERVER FALLS BEHIND"));
	assert_int_equal(usual.lines[1].style, PAGE_ALERT);
	assert_false(shows(&usual, "last User-Agent"));
	renders(&large, &top, &choice, 120, 40);
	assert_true(shows(&large, "last User-Agent"));
	assert_true(shows(&large, "evil \\x1b[31m"));
	renders(&small, &top, &choice, 40, 10);
	assert_true(shows(&small, "would %"));
	assert_true(shows(&small, "198.51.100."));
	choice.view = TOP_CALLED;
	renders(&called, &top, &choice, 80, 24);
	assert_true(shows(&called, "+4930*"));
	assert_true(shows(&called, "+49301000"));
	choice.view = TOP_ZONES;
	renders(&zones, &top, &choice, 40, 10);
	assert_true(shows(&zones, "would-drop/s"));
	assert_true(shows(&zones, "zone-59"));
}

static void test_pipe(void **state)
{
	cleanup(closes) struct top top = {};
	auto_page struct page page = {.width = 120, .height = SIZE_MAX};
	auto_json struct json_object *o = NULL;

	(void)state;
	fills(&top);
	page_all(&page, &top);
	fits(&page);
	assert_true(shows(&page, "zone-0"));
	assert_true(shows(&page, "User-Agent"));
	assert_true(shows(&page, "when full"));
	o = top_json(&top);
	assert_null(strchr(json_object_to_json_string(o), '\x1b'));
	assert_null(strchr(json_object_to_json_string(o), '\xff'));
	assert_int_equal(json_object_array_length(json_object_object_get(o, "zones")), 60);
}

static const struct summary_item *only(const struct summary *summary, const char *key)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->items[i].key.size == strlen(key) &&
		    memcmp(summary->items[i].key.octets, key, strlen(key)) == 0)
			return &summary->items[i];
	fail_msg("there is no '%s'", key);
	return NULL;
}

static void test_samples(void **state)
{
	cleanup(closes) struct top top = {};
	const struct summary_item *item;

	(void)state;
	opens(&top);
	samples(&top, "INVITE sip:+49(30)123-45;x=y@h SIP/2.0", "User-Agent: phone\r\n", 7,
		SW_SAMPLED_PASS);
	samples(&top, "INVITE sip:+49(30)123-45;x=y@h SIP/2.0", "User-Agent: phone\r\n", 7,
		SW_SAMPLED_DROP);
	samples(&top, "INVITE tel:+49-30-99 SIP/2.0", "User-Agent: phone\r\n", 8,
		SW_SAMPLED_WOULD_DROP);
	item = only(&top.sources, "198.51.100.7");
	assert_true(item->count == 4 && item->drop == 2 && item->would_drop == 0);
	assert_int_equal(item->reason, SW_REASON_METHOD);
	assert_memory_equal(item->note.octets, "phone", 5);
	item = only(&top.agents, "phone");
	assert_true(item->count == 6 && item->drop == 2 && item->would_drop == 2);
	assert_true(only(&top.prefixes, "+4930*")->count == 6);
	assert_true(only(&top.called, "+49-30-99")->count == 2);
	/* No call begins with these, and they have no number. */
	samples(&top, "OPTIONS sip:100@h SIP/2.0", "", 9, SW_SAMPLED_PASS);
	samples(&top, "INVITE sip:h SIP/2.0", "", 9, SW_SAMPLED_PASS);
	samples(&top, "SIP/2.0 200 OK", "User-Agent: server\r\n", 9, SW_SAMPLED_PASS);
	samples(&top, "\x16\x03\x01", "", 9, SW_SAMPLED_PASS);
	assert_int_equal(top.called.count, 2);
	assert_true(only(&top.agents, "(none)")->count == 4);
	assert_int_equal(top.agents.count, 2);
	assert_true(top.sources.total == 14);
	/* An alphabetic user, and one with too few digits, have no prefix. */
	samples(&top, "INVITE sip:alice@h SIP/2.0", "", 9, SW_SAMPLED_PASS);
	samples(&top, "INVITE sip:1234@h SIP/2.0", "", 9, SW_SAMPLED_PASS);
	assert_int_equal(top.called.count, 4);
	assert_int_equal(top.prefixes.count, 1);
}

/* Payloads at random, cut anywhere: the sanitizers watch. */
static void test_any_payload(void **state)
{
	static const char start[] = "INVITE sip:+49301234567@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n"
				    "User-Agent: x\r\n\r\n";
	cleanup(closes) struct top top = {};
	uint32_t x = 1;

	(void)state;
	opens(&top);
	for (int i = 0; i < 20000; i++) {
		struct sw_sample sample = {.weight = 1, .verdict = i % 3};

		memcpy(sample.payload, start, sizeof(start));
		sample.octets = i % SW_SAMPLE_OCTETS;
		for (int j = 0; j < 3; j++) {
			x = x * 1664525 + 1013904223;
			sample.payload[(x >> 8) % (sizeof(start) + 20)] = x >> 24;
		}
		top_add_sample(&top, &sample);
	}
	assert_true(top.sources.total == 20000);
}

static void test_numbers(void **state)
{
	static const struct {
		double number;
		const char *text;
	} numbers[] = {
		{0, "0"},         {0.04, "0"},      {0.4, "0.4"},    {9.94, "9.9"}, {9.96, "10"},
		{12345, "12345"}, {123456, "123k"}, {1.2e6, "1.2M"}, {3e9, "3.0G"},
	};

	(void)state;
	for (size_t i = 0; i < array_size(numbers); i++)
		assert_string_equal(top_number(numbers[i].number).text, numbers[i].text);
	assert_true(top_percent_up(0.0101) > 1.09 && top_percent_up(0.0101) < 1.11);
	assert_true(top_percent_up(0) == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),  cmocka_unit_test(test_usual_sizes),
		cmocka_unit_test(test_pipe),        cmocka_unit_test(test_samples),
		cmocka_unit_test(test_any_payload), cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
