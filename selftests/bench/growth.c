/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The same packet with small tables and with large ones.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>

#include "bench.h"
#include "kernel/bans.h"
#include "policy/prefix.h"

static const char plain[] =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], callee: {deny: [\"+882\"]},\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n"
	"  - {name: public, newcomers: {rate: 1000000000/s, probe: off}}\n";

#define DENIED "198.51.100.9"

/* 11.0.0.0 and what follows. */
static struct sw_addr nth_address(uint32_t n)
{
	struct sw_addr addr = {.words = {0, 0, htonl(0xffff), htonl(0x0b000000 + n)}};

	return addr;
}

static uint32_t wanted; /* of the scene that is being opened */

static void size_bans(struct policy *policy)
{
	policy->tables.entries[TABLE_BANS] = wanted + wanted / 4 + 1024;
}

void open_bans(struct scene *scene, uint32_t count)
{
	struct sw_ban ban = {.end = BAN_FOREVER, .reason = SW_REASON_BAN};
	struct prefix denied = {.length = 32};

	wanted = count;
	scene_open(scene, plain, size_bans);
	if (addr_parse(DENIED, &denied.addr) < 0 ||
	    ban_add(&scene->test_run.state, &denied, BAN_FOREVER, "bench", NULL, NULL) < 0)
		die("there is no ban");
	for (uint32_t i = 1; i < count; i++) {
		struct sw_source key = {.addr = nth_address(i), .length = SW_SUBSCRIBER_V4};

		if (bpf_map_update_elem(scene->test_run.state.fds[STATE_BANS], &key, &ban,
					BPF_NOEXIST))
			die("the table of bans takes %u", i);
	}
}

static void deny_hosts(struct policy *policy)
{
	struct list_entry entry = {.prefix = {.length = 32}, .list = SW_LIST_DENY};

	policy->list = xcalloc(wanted, sizeof(*policy->list));
	for (uint32_t i = 0; i < wanted; i++) {
		entry.prefix.addr = nth_address(i);
		if (i == 0)
			addr_parse(DENIED, &entry.prefix.addr);
		policy->list[policy->list_count++] = entry;
	}
}

void open_lists(struct scene *scene, uint32_t count)
{
	wanted = count;
	scene_open(scene, plain, deny_hosts);
}

/* Zone prefixes of 28 bits, each in another place. */
static void add_sources(struct policy *policy)
{
	struct zone *zone = &policy->zones[1];

	for (uint32_t i = 1; i < wanted; i++) {
		struct prefix prefix = {.addr = nth_address(i * 16), .length = 28};

		append(zone->sources, zone->source_count, prefix);
	}
}

static void add_zones(struct policy *policy)
{
	while (policy->zone_count < wanted) {
		struct prefix prefix = {.length = 32, .addr = nth_address(policy->zone_count)};
		struct zone zone = policy->zones[1];

		snprintf(zone.name, sizeof(zone.name), "zone-%zu", policy->zone_count);
		zone.sources = NULL;
		zone.source_count = 0;
		append(zone.sources, zone.source_count, prefix);
		append(policy->zones, policy->zone_count, zone);
	}
}

/* Numbers of eight digits: no call in the bench has one. */
static void add_numbers(struct policy *policy)
{
	for (uint32_t i = 1; i < wanted; i++) {
		struct number_rule rule = {
			.zone = 1, .direction = SW_CALLEE, .action = SW_ACTION_DENY};
		uint32_t n = i;

		rule.prefix.international = true;
		rule.prefix.length = 8;
		for (int digit = 7; digit >= 0; digit--, n /= 10)
			rule.prefix.digits[digit] = n % 10;
		rule.prefix.digits[0] = 7;
		append(policy->numbers, policy->number_count, rule);
	}
}

static void fill(const struct scene *scene, enum state_map map, const void *value)
{
	uint32_t entries = state_entries(&scene->test_run.state, map);

	for (uint32_t i = 0; i < entries; i++) {
		struct sw_source key = {.addr = nth_address(i), .length = 32};

		if (bpf_map_update_elem(scene->test_run.state.fds[map], &key, value, BPF_ANY))
			break;
	}
}

/* As full as they get, of sources that are not the bench's. */
static void fill_tables(const struct scene *scene)
{
	uint32_t lines = state_entries(&scene->test_run.state, STATE_SOURCES);
	uint64_t now = monotonic_ns(), far = now + 3600 * SW_NS_PER_SEC;
	struct sw_ban ban = {.end = BAN_FOREVER, .reason = SW_REASON_BAN};
	struct sw_known known = {.since = now, .seen = now, .ttl = 64, .grade = SW_GRADE_PROVED};
	struct sw_cell_line line = {};

	fill(scene, STATE_BANS, &ban);
	fill(scene, STATE_KNOWN, &known);
	for (int way = 0; way < SW_WAYS; way++) {
		line.tags[way] = way + 2;
		line.cells[way].tat[SW_RATE_UNTIL] = far;
	}
	for (uint32_t i = 0; i < lines; i++)
		bpf_map_update_elem(scene->test_run.state.fds[STATE_SOURCES], &i, &line, BPF_ANY);
}

static const struct growth {
	const char *name;
	uint32_t small, large;
	void (*tune)(struct policy *policy);
} growths[] = {
	{"zone prefixes", 10, 10000, add_sources},
	{"zones", 2, 60, add_zones},
	{"number prefixes", 10, 100000, add_numbers},
};

static void add_size(struct table *table, struct scene *scene, const struct growth *growth,
		     uint32_t size)
{
	char name[64];

	wanted = size;
	scene_open(scene, plain, growth->tune);
	snprintf(name, sizeof(name), "%s: %u", growth->name, size);
	table_add(table, scene, name, MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
}

void measure_growth(const struct scene *full,
		    void (*finish)(struct table *table, const char *title))
{
	auto_table struct table table = {};
	auto_scene struct scene empty = {}, filled = {};
	struct scene scenes[2 * array_size(growths)];

	table_open(&table, full);
	for (size_t i = 0; i < array_size(growths); i++) {
		add_size(&table, &scenes[2 * i], &growths[i], growths[i].small);
		add_size(&table, &scenes[2 * i + 1], &growths[i], growths[i].large);
	}
	scene_open(&empty, plain, NULL);
	scene_open(&filled, plain, NULL);
	fill_tables(&filled);
	table_add(&table, &empty, "tables: empty", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &filled, "tables: filled", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &empty, "tables: empty, stranger", MESSAGE_INVITE, "198.51.100.77",
		  XDP_PASS);
	table_add(&table, &filled, "tables: filled, stranger", MESSAGE_INVITE, "198.51.100.77",
		  XDP_PASS);
	finish(&table, "growth");
	for (size_t i = 0; i < array_size(scenes); i++)
		scene_close(&scenes[i]);
}
