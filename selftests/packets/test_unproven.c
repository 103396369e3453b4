/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Floods of everything that passes without a proof, from spoofed sources: only as many packets as
 * the ceiling of the zone get through, known endpoints and patient newcomers do not notice, and no
 * table forgets a real sender for it.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <netinet/in.h>

#include "kernel/known.h"
#include "kernel/skeleton.h"

#include "rig.h"

static unsigned int next = 1;

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Where the n-th spoofed packet says that it comes from: never the endpoint of the rig. */
static struct endpoint spoofed(unsigned int n)
{
	struct endpoint from = {.addr = address("1.0.0.0"), .port = 1024 + mix(n) % 60000};
	uint32_t low = htonl(mix(n + 1));

	memcpy(from.addr.octets + 12, &low, sizeof(low));
	from.addr.octets[12] |= 1; /* 198 is even */
	return from;
}

/* --- what a flood consists of --- */

struct flood_class {
	const char *name;
	const char *method; /* NULL: no SIP */
	const char *tag;
	bool response;
	enum sw_reason reason;
};

static const struct flood_class classes[] = {
	{"keepalive", NULL, NULL, false, SW_REASON_UNPROVEN_KEEPALIVE},
	{"stun", NULL, NULL, false, SW_REASON_UNPROVEN_STUN},
	{"response", "INVITE", NULL, true, SW_REASON_UNPROVEN_RESPONSE},
	{"ack", "ACK", "t", false, SW_REASON_UNPROVEN_ACK},
	{"dialog", "BYE", "t", false, SW_REASON_UNPROVEN_DIALOG},
	{"dialog", "CANCEL", NULL, false, SW_REASON_UNPROVEN_DIALOG},
	{"dialog", "PRACK", "t", false, SW_REASON_UNPROVEN_DIALOG},
	{"dialog", "INVITE", "t", false, SW_REASON_UNPROVEN_DIALOG},
	{"dialog", "INFO", "t", false, SW_REASON_UNPROVEN_DIALOG},
};

static bool is_sip(const struct flood_class *class)
{
	return class->method != NULL;
}

static size_t payload(const struct flood_class *class, char *text, size_t size, unsigned int n)
{
	static const char stun[20] = {0, 1, 0, 0, 0x21, 0x12, (char)0xa4, 0x42};

	if (class->response)
		return response(text, size, 200, class->method, n);
	if (is_sip(class))
		return request(text, size, class->method, n, class->tag);
	if (class->reason == SW_REASON_UNPROVEN_STUN)
		memcpy(text, stun, sizeof(stun));
	else
		memcpy(text, "\r\n\r\n", 4);
	return class->reason == SW_REASON_UNPROVEN_STUN ? sizeof(stun) : 4;
}

static bool arrives(struct rig *rig, const struct flood_class *class, unsigned int n)
{
	char text[2048];
	size_t size = payload(class, text, sizeof(text), n);

	return gets_in(rig, text, size);
}

/* How many of `count` packets get in, each from another source, `step` apart. */
static unsigned int flood(struct rig *rig, const struct flood_class *class, unsigned int count,
			  uint64_t step)
{
	struct endpoint own = rig->from;
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++, rig->test_run.now += step) {
		rig->from = spoofed(next);
		passed += arrives(rig, class, next++);
	}
	rig->from = own;
	return passed;
}

/* Likewise of new requests, each with a method of its own limits. */
static unsigned int flood_requests(struct rig *rig, unsigned int count, uint64_t step)
{
	static const struct flood_class options = {.method = "OPTIONS"};

	return flood(rig, &options, count, step);
}

/* --- what is left of it --- */

static void make_known(struct rig *rig)
{
	struct sw_source key = {
		.addr = rig->from.addr, .port = htons(rig->from.port), .length = 32};
	struct sw_known entry = {.since = rig->test_run.now,
				 .seen = rig->test_run.now,
				 .ttl = 64,
				 .grade = SW_GRADE_PROVED};

	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN], &key, &entry,
					     BPF_ANY),
			 0);
}

static unsigned int entries(const struct rig *rig, enum state_map map)
{
	int fd = rig->test_run.state.fds[map];
	char key[64], *from = NULL;
	unsigned int count = 0;

	while (bpf_map_get_next_key(fd, from, key) == 0) {
		from = key;
		count++;
	}
	return count;
}

/* Entries of `sources` that belong to somebody. */
static unsigned int owned(const struct rig *rig)
{
	struct sw_cell_line line;
	unsigned int count = 0;

	for (uint32_t i = 0;
	     bpf_map_lookup_elem(rig->test_run.state.fds[STATE_SOURCES], &i, &line) == 0; i++)
		for (int way = 0; way < SW_WAYS; way++)
			count += line.tags[way] != 0;
	return count;
}

/* Where only proofs, or what gets in, may leave something. */
static unsigned int noted(const struct rig *rig)
{
	static const enum state_map maps[] = {
		STATE_KNOWN,    STATE_KNOWN_CELLS,  STATE_QUOTAS,        STATE_PROOFS,
		STATE_BRANCHES, STATE_REFUSALS,     STATE_AUTHENTICATED, STATE_DIALOGS,
		STATE_DIALERS,  STATE_TRANSACTIONS, STATE_OPENINGS,      STATE_OWNERS,
	};
	unsigned int count = 0;

	for (size_t i = 0; i < array_size(maps); i++)
		count += entries(rig, maps[i]);
	return count;
}

/* --- a zone with newcomers --- */

static void known_goes_on(const struct flood_class *class)
{
	auto_free char *yaml = xasprintf(
		YAML_PLAIN
		"zones: [{name: public, newcomers: {rate: 20/s burst 20}, "
		"rates: {source: {any: 100/s, dialog: 100/s, response: 100/s, keepalive: 100/s, "
		"stun: 100/s}}, unproven: {%s: 50/s burst 50}}]\n",
		class->name);
	auto_rig struct rig rig;
	unsigned int passed, before;

	rig_open(&rig, yaml);
	make_known(&rig);
	before = noted(&rig);
	passed = flood(&rig, class, 3000, MS);
	/* 50 and 50 a second for 3 s; of messages only what the newcomers' budget lets through. */
	if (is_sip(class))
		assert_in_range(passed, 60, 20 + 3 * 20 + 1);
	else
		assert_in_range(passed, 195, 201);
	assert_int_equal(outcome.reason, is_sip(class) ? SW_REASON_GREYLIST : class->reason);
	assert_int_equal(noted(&rig), before);
	assert_true(owned(&rig) <= passed);
	for (int i = 0; i < 50; i++) {
		assert_true(arrives(&rig, class, next++));
		assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	}
	assert_in_range(flood(&rig, class, 100, 0), 0, 1);
}

static void test_known_go_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(classes); i++)
		known_goes_on(&classes[i]);
}

/* Above the ceiling nothing is read in full, and a retransmission is recognised by its branch
 * alone. */
static void test_not_read_in_full(void **state)
{
	(void)state;
	for (size_t i = 2; i < array_size(classes); i++) {
		const struct flood_class *class = &classes[i]; /* behind those that are no SIP */
		auto_free char *yaml =
			xasprintf(YAML_PLAIN
				  "zones: [{name: public, newcomers: {rate: 20/s burst 20}, "
				  "unproven: {%s: 1/s burst 1}}]\n",
				  class->name);
		auto_rig struct rig rig;
		unsigned int again;

		rig_open_all(&rig, yaml);
		flood(&rig, class, 100, 0);
		again = next++;
		assert_false(arrives(&rig, class, again));
		assert_int_equal(outcome.reason, SW_REASON_GREYLIST);
		assert_int_equal(test_run_message(&rig.test_run)->value[SIP_CALL_ID].length, 0);
		rig.test_run.now += 500 * MS;
		flood(&rig, class, 100, 0);
		assert_true(arrives(&rig, class, again));
		assert_true(test_run_message(&rig.test_run)->value[SIP_CALL_ID].length > 0);
	}
}

/* A packet that answers the server needs no budget, up to a ceiling of its own. Beyond the ceiling
 * it counts as a newcomer's. */
static void test_responses_to_the_server(void **state)
{
	auto_rig struct rig rig;
	unsigned int first = next, again;
	char text[2048];

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, newcomers: {rate: 5/s burst 5, probe: off}, "
			    "unproven: {belonging: 7/s burst 7}}]\n");
	for (next = first; next < first + 20; next++)
		sends_out(&rig, text, request(text, sizeof(text), "INVITE", next, NULL));
	flood_requests(&rig, 50, 0);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(arrives(&rig, &classes[2], first + i), i < 7);
	assert_int_equal(outcome.reason, SW_REASON_GREYLIST);
	again = first + 19;
	rig.test_run.now += 500 * MS;
	flood(&rig, &classes[2], 50, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(arrives(&rig, &classes[2], first + i));
	assert_true(arrives(&rig, &classes[2], again));
	/* Those of others, however many: none is in the way. */
	rig.test_run.now += SECOND;
	flood(&rig, &classes[2], 500, 0);
	for (unsigned int i = 0; i < 7; i++)
		assert_true(arrives(&rig, &classes[2], first + i));
}

/* --- a zone without newcomers, or a peer --- */

static const char *const without[] = {
	"{name: public, unproven: {%s: 50/s burst 50}}",
	"{name: public, rates: {zone: 5/s}, unproven: {%s: 50/s burst 50}}",
	"{name: public}, {name: trunk, sources: [0.0.0.0/1, 128.0.0.0/1], trust: peer, "
	"newcomers: {rate: 1/s}, rates: {source: {any: 5/s}}, unproven: {%s: 50/s burst 50}}",
};

static void zone_has_its_ceiling(const char *zones, const struct flood_class *class)
{
	auto_free char *zone = xasprintf(zones, class->name);
	auto_free char *yaml = xasprintf(YAML_PLAIN "zones: [%s]\n", zone);
	auto_rig struct rig rig;
	unsigned int again = next++, before;

	rig_open(&rig, yaml);
	before = noted(&rig);
	assert_in_range(flood(&rig, class, 3000, MS), 195, 201);
	assert_int_equal(outcome.reason, class->reason);
	assert_int_equal(noted(&rig), before);
	flood(&rig, class, 5, 0);
	assert_false(arrives(&rig, class, again));
	rig.test_run.now += 500 * MS;
	flood(&rig, class, 100, 0);
	/* A call goes on: its messages are sent again. Of keepalives there will be another one. */
	assert_int_equal(arrives(&rig, class, again), is_sip(class));
	/* Too soon for a client that keeps the rules. */
	assert_false(arrives(&rig, class, again));
	/* Requests that begin a dialog do not count here. */
	assert_true(flood_requests(&rig, 1, 0) == 1);
}

static void test_zones_without_newcomers(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(classes); i++)
		for (size_t j = 0; j < array_size(without); j++)
			zone_has_its_ceiling(without[j], &classes[i]);
}

/* A flood that is sent again has the ceiling once more, not more. */
static void test_flood_that_repeats_itself(void **state)
{
	const struct flood_class *class = &classes[4];
	unsigned int first = next, passed = 0;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, unproven: {dialog: 50/s burst 50}}]\n");
	assert_int_equal(flood(&rig, class, 1000, 0), 50);
	rig.test_run.now += 600 * MS;
	for (unsigned int i = first; i < first + 1000; i++) {
		rig.from = spoofed(i);
		passed += arrives(&rig, class, i);
	}
	assert_in_range(passed, 30, 30 + 50);
}

/* Nobody writes them, and they are there. */
static void test_usual_ceilings(void **state)
{
	static const struct {
		const char *zone;
		unsigned int dialog, keepalive;
	} zones[] = {
		{"{name: public}", 20000, 20000},
		{"{name: public, rates: {zone: 100/s burst 300}}", 1000, 2000},
		{"{name: public, rates: {zone: 1000/s}}", 10000, 10000},
		{"{name: public}, {name: trunk, sources: [0.0.0.0/1, 128.0.0.0/1], trust: peer, "
		 "rates: {zone: 100/s}}",
		 1000, 2000},
	};

	(void)state;
	for (size_t i = 0; i < array_size(zones); i++) {
		auto_free char *yaml = xasprintf(YAML_PLAIN "zones: [%s]\n", zones[i].zone);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		assert_int_equal(flood(&rig, &classes[7], 25000, 0), zones[i].dialog);
		assert_int_equal(flood(&rig, &classes[0], 25000, 0), zones[i].keepalive);
	}
}

static void test_shadow_and_monitor(void **state)
{
	static const char *const heads[] = {"shadow: [unproven_stun, unproven_dialog]\n",
					    "mode: monitor\n"};

	(void)state;
	for (size_t i = 0; i < array_size(heads); i++) {
		auto_free char *yaml =
			xasprintf(YAML_PLAIN
				  "%szones: [{name: public, unproven: {stun: 5/s burst 5, "
				  "dialog: 5/s burst 5}}]\n",
				  heads[i]);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		assert_int_equal(flood(&rig, &classes[1], 50, 0), 50);
		assert_int_equal(flood(&rig, &classes[4], 50, 0), 50);
		assert_int_equal(flood(&rig, &classes[8], 50, 0), 50);
		assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_UNPROVEN_STUN), 45);
		assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_UNPROVEN_DIALOG), 95);
	}
}

/* --- a peer's address on spoofed packets --- */

#define WAS_READ(rig) (test_run_message(&(rig)->test_run)->value[SIP_CALL_ID].length > 0)

static size_t emergency(char *text, size_t size, unsigned int n)
{
	char rest[1024];

	request(text, size, "INVITE", n, NULL);
	snprintf(rest, sizeof(rest), "%s", strstr(text, " SIP/2.0"));
	return snprintf(text, size, "INVITE urn:service:sos%s", rest);
}

/* A packet over a spent limit is refused before it is read, with the reason that it had anyway.
 * Within the ceiling of dialogs it is read, for it may be inside a dialog. */
static void test_spent_limits_save_the_scan(void **state)
{
	static const struct {
		const char *rates;
		enum sw_reason reason;
	} limits[] = {
		{"zone: 10/s burst 10", SW_REASON_RATE_ZONE},
		{"source: {any: 10/s burst 10}", SW_REASON_RATE_SOURCE},
		{"source: {INVITE: 10/s burst 10}", SW_REASON_RATE_SOURCE_METHOD},
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < array_size(limits); i++) {
		auto_free char *yaml = xasprintf(
			YAML_PLAIN
			"zones: [{name: public, rates: {%s}, unproven: {dialog: 20/s burst 20}}]\n",
			limits[i].rates);
		auto_rig struct rig rig;

		rig_open_all(&rig, yaml);
		for (unsigned int n = 0; n < 50; n++) {
			sends_method(&rig, "INVITE", next++,
				     n < 10 ? SW_REASON_NONE : limits[i].reason);
			assert_int_equal(WAS_READ(&rig), n < 30);
		}
		/* A re-INVITE is one of those that are read when they come again. */
		sends(&rig, text, request(text, sizeof(text), "INVITE", 1 << 28, "t"),
		      limits[i].reason);
		rig.test_run.now += 500 * MS;
		for (unsigned int n = 0; n < 50; n++)
			gets_in(&rig, text, request(text, sizeof(text), "INVITE", next++, NULL));
		sends(&rig, text, request(text, sizeof(text), "INVITE", 1 << 28, "t"),
		      SW_REASON_NONE);
		sends(&rig, text, emergency(text, sizeof(text), next++), SW_REASON_NONE);
	}
}

static void test_spent_dialogs_save_the_scan(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open_all(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {any: 9/s burst 9, "
				      "dialog: 10/s burst 10, response: 10/s burst 10}}}]\n");
	for (unsigned int n = 0; n < 30; n++) {
		sends(&rig, text, request(text, sizeof(text), "BYE", next++, "t"),
		      n < 10 ? SW_REASON_NONE : SW_REASON_RATE_DIALOG);
		assert_int_equal(WAS_READ(&rig), n < 10);
		sends(&rig, text, response(text, sizeof(text), 200, "INVITE", next++),
		      n < 10 ? SW_REASON_NONE : SW_REASON_RATE_RESPONSE);
		assert_int_equal(WAS_READ(&rig), n < 10);
	}
	/* Neither inside nor outside anything is left of it. */
	for (unsigned int n = 0; n < 20; n++) {
		sends_method(&rig, "INVITE", next++,
			     n < 9 ? SW_REASON_NONE : SW_REASON_RATE_SOURCE);
		assert_int_equal(WAS_READ(&rig), n < 9);
	}
	/* Another source does not notice. */
	rig.from.addr.octets[15]++;
	sends(&rig, text, request(text, sizeof(text), "BYE", next++, "t"), SW_REASON_NONE);
}

/* --- tables that are full --- */

#define SMALL "tables: {sources: 16, prefixes: 16, dialers: 16}\n"

/* A limit that a source has spent stays spent, however many others come. */
static void test_full_table_of_sources(void **state)
{
	static const char *const zones[] = {
		"newcomers: {rate: 100000/s}, ",
		"",
		"count: address+port, ",
	};

	(void)state;
	for (size_t i = 0; i < array_size(zones); i++) {
		auto_free char *yaml = xasprintf(
			YAML_PLAIN SMALL
			"zones: [{name: public, %srates: {source: {any: 10/60s burst 10}}}]\n",
			zones[i]);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		for (unsigned int n = 0; n < 12; n++)
			sends_method(&rig, "OPTIONS", next++,
				     n < 10 ? SW_REASON_NONE : SW_REASON_RATE_SOURCE);
		flood_requests(&rig, 2000, MS);
		assert_int_equal(owned(&rig), 16);
		sends_method(&rig, "OPTIONS", next++, SW_REASON_RATE_SOURCE);
		/* When it says nothing any more, others have it; then it begins anew. */
		rig.test_run.now += 120 * SECOND;
		flood_requests(&rig, 2000, MS);
		rig.test_run.now += 120 * SECOND;
		for (unsigned int n = 0; n < 10; n++)
			sends_method(&rig, "OPTIONS", next++, SW_REASON_NONE);
		sends_method(&rig, "OPTIONS", next++, SW_REASON_RATE_SOURCE);
	}
}

/* A newcomer with a full line shares the cells of another, of which a flood spends little. */
static void test_newcomer_beside_a_full_table(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "tables: {sources: 1024}\n"
			    "zones: [{name: public, rates: {source: {any: 10/s burst 10}}}]\n");
	flood_requests(&rig, 3000, MS / 100);
	assert_in_range(owned(&rig), 1000, 1024);
	for (int i = 0; i < 100; i++) {
		rig.from = spoofed(1000000 + i);
		passed += gets_in(&rig, "", 0) && flood_requests(&rig, 1, 0);
	}
	assert_in_range(passed, 95, 100);
}

static void test_full_table_of_networks(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN SMALL "zones: [{name: public, rates: {prefix: 10/60s burst 10}}]\n");
	for (unsigned int n = 0; n < 12; n++) {
		rig.from.addr.octets[15] = n;
		sends_method(&rig, "OPTIONS", next++,
			     n < 10 ? SW_REASON_NONE : SW_REASON_RATE_PREFIX);
	}
	flood_requests(&rig, 2000, MS);
	sends_method(&rig, "OPTIONS", next++, SW_REASON_RATE_PREFIX);
	rig.test_run.now += 120 * SECOND;
	sends_method(&rig, "OPTIONS", next++, SW_REASON_NONE);
}

static size_t calls(char *text, size_t size, unsigned int number)
{
	char rest[1024];

	request(text, size, "INVITE", next++, NULL);
	snprintf(rest, sizeof(rest), "%s", strstr(text, "@"));
	return snprintf(text, size, "INVITE sip:+4930%07u%s", number, rest);
}

/* A source that called as many numbers as it may is not forgotten; a source that finds no room is
 * not watched. */
static void test_full_table_of_dialers(void **state)
{
	struct endpoint own;
	auto_rig struct rig rig;
	char text[2048];
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN SMALL "zones: [{name: public, fraud: {destinations: 5/10m}}]\n");
	own = rig.from;
	for (unsigned int n = 0; n < 8; n++)
		passed += gets_in(&rig, text, calls(text, sizeof(text), 7919 * n));
	assert_in_range(passed, 5, 6); /* a sketch, in which two numbers may be one */
	for (unsigned int n = 0; n < 2000; n++, rig.test_run.now += MS) {
		rig.from = spoofed(n);
		assert_true(gets_in(&rig, text, calls(text, sizeof(text), 104729 * n)));
	}
	rig.from = own;
	/* A number may look like one that was called. A caller who is forgotten calls five. */
	passed = 0;
	for (unsigned int n = 0; n < 8; n++)
		passed += gets_in(&rig, text, calls(text, sizeof(text), 1234567 + 7907 * n));
	assert_in_range(passed, 0, 3);
	/* The window is over. */
	rig.test_run.now += 1200 * SECOND;
	sends(&rig, text, calls(text, sizeof(text), 1234567), SW_REASON_NONE);
}

/* --- TCP, fragments --- */

static bool syn(struct rig *rig, const struct endpoint *from, uint32_t sequence)
{
	uint32_t be = htonl(sequence);

	frame_ethernet(&rig->frame, ETH_P_IP);
	frame_ip(&rig->frame, &from->addr, &rig->to.addr, IPPROTO_TCP);
	frame_tcp(&rig->frame, from->port, rig->to.port, 0x02);
	memcpy(rig->frame.octets + rig->frame.transport + 4, &be, sizeof(be));
	frame_finish(&rig->frame);
	return gets_in_frame(rig);
}

static unsigned int flood_syn(struct rig *rig, unsigned int count)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++, next++) {
		struct endpoint from = spoofed(next);

		passed += syn(rig, &from, mix(next));
	}
	return passed;
}

/* RFC 6298 5.5, RFC 9293 3.8.1: it is sent again after a second, the same one. */
static void test_syn_is_sent_again(void **state)
{
	static const uint16_t ports[] = {5060, 5061};

	(void)state;
	for (size_t i = 0; i < array_size(ports); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, YAML_PLAIN
			 "zones: [{name: public, newcomers: {rate: 5/s}, "
			 "rates: {source: {syn: 100/s}}, unproven: {syn: 30/s burst 30}}]\n");
		rig.to.port = ports[i];
		assert_int_equal(flood_syn(&rig, 1000), 30);
		assert_int_equal(outcome.reason, SW_REASON_UNPROVEN_SYN);
		assert_int_equal(entries(&rig, STATE_OPENINGS), 30);
		assert_int_equal(owned(&rig), 30);
		assert_false(syn(&rig, &rig.from, 4711));
		rig.test_run.now += SECOND;
		flood_syn(&rig, 1000);
		assert_false(syn(&rig, &rig.from, 4712));
		assert_true(syn(&rig, &rig.from, 4711));
		rig.from.port++;
		assert_false(syn(&rig, &rig.from, 4711));
	}
}

static bool later_fragment(struct rig *rig, const char *to, unsigned int n)
{
	struct endpoint from = spoofed(n);
	struct sw_addr dst = address(to);
	struct iphdr *ip;

	frame_ethernet(&rig->frame, ETH_P_IP);
	frame_ip(&rig->frame, &from.addr, &dst, IPPROTO_UDP);
	ip = (struct iphdr *)(rig->frame.octets + rig->frame.ip);
	ip->id = htons(n);
	ip->frag_off = htons(100);
	assert_true(frame_append(&rig->frame, "the rest of it..", 16));
	frame_finish(&rig->frame);
	return gets_in_frame(rig);
}

static void test_later_fragments(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, unproven: {fragment: 30/s burst 30}}]\n");
	for (unsigned int i = 0; i < 1000; i++)
		passed += later_fragment(&rig, "192.0.2.1", i);
	assert_int_equal(passed, 30);
	assert_int_equal(outcome.reason, SW_REASON_UNPROVEN_FRAGMENT);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_UNPROVEN_FRAGMENT), 970);
	assert_int_equal(entries(&rig, STATE_FRAGMENTS), 0);
	rig.test_run.now += SECOND;
	assert_true(later_fragment(&rig, "192.0.2.1", 1));
	assert_int_equal(outcome.verdict, SW_TEST_RUN_NOT_OURS);
}

static void test_fragments_in_shadow(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\n"
		       "services: [{transport: udp, port: 5060, addresses: [192.0.2.1]}]\n"
		       "shadow: [unproven_fragment]\n"
		       "zones: [{name: public, unproven: {fragment: 1/s burst 1}}]\n");
	assert_true(later_fragment(&rig, "192.0.2.1", 1));
	assert_int_equal(outcome.verdict, SW_TEST_RUN_NOT_OURS);
	assert_true(later_fragment(&rig, "192.0.2.1", 2));
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_UNPROVEN_FRAGMENT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_go_on),
		cmocka_unit_test(test_not_read_in_full),
		cmocka_unit_test(test_responses_to_the_server),
		cmocka_unit_test(test_zones_without_newcomers),
		cmocka_unit_test(test_flood_that_repeats_itself),
		cmocka_unit_test(test_usual_ceilings),
		cmocka_unit_test(test_shadow_and_monitor),
		cmocka_unit_test(test_spent_limits_save_the_scan),
		cmocka_unit_test(test_spent_dialogs_save_the_scan),
		cmocka_unit_test(test_full_table_of_sources),
		cmocka_unit_test(test_newcomer_beside_a_full_table),
		cmocka_unit_test(test_full_table_of_networks),
		cmocka_unit_test(test_full_table_of_dialers),
		cmocka_unit_test(test_syn_is_sent_again),
		cmocka_unit_test(test_later_fragments),
		cmocka_unit_test(test_fragments_in_shadow),
	};

	return cmocka_run_group_tests_name("unproven", tests, NULL, NULL);
}
