/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Policies as files: good ones of selftests/policies become the models that they describe. Runs
 * from the root of the tree.
 */
#include "policy/names.h"
#include "policy/prefix.h"
#include "policy/text.h"
#include "policy_asserts.h"

/* Exactly these reasons are in shadow. */
static void assert_shadow(const struct policy *p, const enum sw_reason *reasons, size_t count)
{
	uint64_t wanted[array_size(p->shadow)] = {0};

	for (size_t i = 0; i < count; i++)
		wanted[reasons[i] / 64] |= 1ull << reasons[i] % 64;
	assert_memory_equal(p->shadow, wanted, sizeof(wanted));
}

static void assert_service(const struct service *s, enum sw_transport transport, uint16_t first,
			   uint16_t last)
{
	assert_int_equal(s->transport, transport);
	assert_int_equal(s->port_first, first);
	assert_int_equal(s->port_last, last);
}

static const struct zone *find_zone(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->zone_count; i++) {
		if (strcmp(p->zones[i].name, name) == 0)
			return &p->zones[i];
	}
	fail_msg("no zone %s", name);
	return NULL;
}

static void test_minimal(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/minimal.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.mode, SW_MODE_ENFORCE);
	assert_int_equal(p.interface_count, 0);
	assert_int_equal(p.service_count, 3);
	assert_service(&p.services[0], SW_UDP, 5060, 5060);
	assert_service(&p.services[1], SW_TCP, 5060, 5060);
	assert_service(&p.services[2], SW_TLS, 5061, 5061);
	assert_int_equal(p.zone_count, 1);
	assert_int_equal(p.zones[0].mode, SW_MODE_ENFORCE);
	assert_int_equal(p.zones[0].methods, ALL_METHODS);
	assert_int_equal(p.zones[0].profile, SW_PROFILE_DEFAULT);
	assert_int_equal(p.zones[0].bounds.message, 16384);
	assert_int_equal(p.zones[0].bounds.headers, 128);
	assert_int_equal(p.zones[0].bounds.header, 4096);
	assert_int_equal(p.zones[0].bounds.via, 70);
	assert_int_equal(p.zones[0].bounds.method, 64);
	assert_int_equal(p.zones[0].bounds.uri, 2048);
	assert_false(p.zones[0].zone_rate.set);
	for (int i = 0; i < SW_RATE_COUNT; i++)
		assert_false(p.zones[0].source_rates[i].set);
	assert_int_equal(p.list_count, 0);
	assert_int_equal(p.shadow[0] | p.shadow[1], 0);
	assert_false(p.fragments_drop);
	assert_int_equal(p.tables.entries[TABLE_BANS], 65536);
	assert_int_equal(p.tables.entries[TABLE_SOURCES], 65536);
	assert_int_equal(p.tables.entries[TABLE_FRAGMENTS], 16384);
	/* A table that no rule reads takes no memory. */
	assert_int_equal(p.tables.entries[TABLE_PREFIXES], 16);
	assert_int_equal(p.tables.entries[TABLE_DIALOGS], 16);
	assert_int_equal(p.tables.entries[TABLE_LOOPS], 16);
	assert_int_equal(p.tables.entries[TABLE_DIALERS], 16);
	assert_rate(&p.events, 200, SW_NS_PER_SEC, 200);
	assert_int_equal(p.log.to, EVENT_LOG_OFF);
	assert_rate(&p.log.rate, 100, SW_NS_PER_SEC, 100);
	assert_int_equal(p.hep.port, 0);
	assert_rate(&p.hep.rate, 100, SW_NS_PER_SEC, 100);
	for (int i = 0; i < HOOK_COUNT; i++)
		assert_null(p.hooks.programs[i].path);
	assert_string_equal(p.hooks.user, "nobody");
	assert_int_equal(p.hooks.calm, 60 * SW_NS_PER_SEC);
	assert_string_equal(p.metrics_host, "127.0.0.1");
	assert_int_equal(p.metrics_port, 9538);
}

static void test_embedded(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(NULL, &p);
	assert_sound(&p);
	assert_int_equal(p.mode, SW_MODE_MONITOR);
	assert_int_equal(p.service_count, 3);
	assert_service(&p.services[0], SW_UDP, 5060, 5060);
	assert_service(&p.services[1], SW_TCP, 5060, 5060);
	assert_service(&p.services[2], SW_TLS, 5061, 5061);
	assert_int_equal(p.zone_count, 1);
	assert_int_equal(p.zones[0].mode, SW_MODE_MONITOR);
	assert_true(p.zones[0].zone_rate.set);
	for (int i = 0; i < SW_RATE_COUNT; i++)
		assert_true(p.zones[0].source_rates[i].set == (rate_name(i) != NULL));
	assert_int_equal(p.interface_count, 0);
}

static void test_example(void **state)
{
	auto_policy struct policy p = {0};
	const struct zone *z;

	(void)state;
	load_good(EXAMPLE, &p);
	assert_sound(&p);
	assert_int_equal(p.interface_count, 1);
	assert_string_equal(p.interfaces[0], "eth0");
	assert_service(&p.services[1], SW_TCP, 5060, 5062);
	assert_service(&p.services[2], SW_TLS, 5063, 5063);
	assert_int_equal(p.services[2].address_count, 2);
	assert_int_equal(p.services[0].address_count, 0);
	assert_shadow(&p, (enum sw_reason[]){SW_REASON_VIA_COUNT, SW_REASON_TCP_FLAGS}, 2);
	assert_int_equal(p.zone_count, 3);
	z = &p.zones[1];
	assert_string_equal(z->name, "carrier-a");
	assert_int_equal(z->source_count, 2);
	assert_prefix(&z->sources[0], "203.0.113.0/24");
	assert_prefix(&z->sources[1], "2001:db8:a::/48");
	assert_int_equal(z->trust, SW_TRUST_PEER);
	assert_int_equal(z->mode, SW_MODE_MONITOR);
	assert_int_equal(z->methods, SW_METHODS_ALWAYS | SW_MESSAGE_BIT(INVITE) |
					     SW_MESSAGE_BIT(REFER) | SW_MESSAGE_BIT(UPDATE) |
					     SW_MESSAGE_BIT(INFO) | SW_MESSAGE_BIT(OPTIONS) |
					     SW_MESSAGE_BIT(MESSAGE) | SW_MESSAGE_BIT(OTHER));
	assert_rate(&z->zone_rate, 2000, SW_NS_PER_SEC, 4000);
	assert_rate(&z->source_rates[SW_RATE_ANY], 500, SW_NS_PER_SEC, 1000);
	assert_rate(&z->source_rates[SW_RATE_REGISTER], 10, 60 * SW_NS_PER_SEC, 1);
	assert_rate(&z->source_rates[SW_RATE_SUBSCRIBE], 60, 60 * SW_NS_PER_SEC, 20);
	assert_rate(&z->source_rates[SW_RATE_MESSAGE], 1, SW_NS_PER_SEC / 2, 2);
	assert_rate(&z->source_rates[SW_RATE_STUN], 100, SW_NS_PER_SEC, 100);
	assert_int_equal(z->profile, SW_PROFILE_STRICT);
	assert_int_equal(z->bounds.via, 20);
	assert_int_equal(z->bounds.uri, 2048);
	assert_int_equal(p.mode, SW_MODE_MONITOR);
	assert_int_equal(p.zones[0].mode, SW_MODE_MONITOR);
	assert_int_equal(p.zones[0].profile, SW_PROFILE_DEFAULT);
	assert_int_equal(p.list_count, 3);
}

static void test_order(void **state)
{
	auto_policy struct policy p = {0};
	const struct zone *a, *b;

	(void)state;
	load_good(GOOD "/order.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.zone_count, 3);
	a = find_zone(&p, "a");
	b = find_zone(&p, "b");
	assert_ptr_equal(b, &p.zones[1]);
	assert_int_equal(b->mode, SW_MODE_MONITOR); /* the policy's wins */
	assert_int_equal(b->methods, SW_METHODS_ALWAYS);
	assert_int_equal(b->profile, SW_PROFILE_STRICT);
	assert_int_equal(b->bounds.via, 7);
	assert_int_equal(b->bounds.headers, 64);
	assert_int_equal(b->bounds.uri, 16);
	assert_int_equal(a->profile, SW_PROFILE_OFF);
	assert_int_equal(a->bounds.via, 70);
	assert_int_equal(a->source_count, 3);
	assert_prefix(&a->sources[0], "198.51.100.0/24");
	assert_prefix(&a->sources[1], "192.0.2.0/25");
	assert_prefix(&a->sources[2], "192.0.2.1");
	assert_int_equal(p.zones[0].profile, SW_PROFILE_STRICT);
	assert_int_equal(p.zones[0].mode, SW_MODE_MONITOR);
}

static void test_exports(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/exports.yaml", &p);
	assert_sound(&p);
	assert_rate(&p.events, 500, SW_NS_PER_SEC, 500);
	assert_int_equal(p.log.to, EVENT_LOG_SYSLOG);
	assert_rate(&p.log.rate, 20, SW_NS_PER_SEC, 100);
	assert_string_equal(p.hep.host, "2001:db8::1");
	assert_int_equal(p.hep.port, 9060);
	assert_int_equal(p.hep.id, UINT32_MAX);
	assert_rate(&p.hep.rate, 1, 60 * SW_NS_PER_SEC, 1);
	assert_string_equal(p.hooks.programs[HOOK_BAN].path, "/usr/local/sbin/announce");
	assert_null(p.hooks.programs[HOOK_UNBAN].path);
	assert_null(p.hooks.programs[HOOK_ATTACK_BEGIN].path);
	assert_string_equal(p.hooks.programs[HOOK_ATTACK_END].path, "/usr/local/sbin/page me");
	assert_string_equal(p.hooks.user, "exabgp");
	assert_int_equal(p.hooks.calm, SW_NS_PER_SEC);
}

static void test_words(void **state)
{
	static const char *const interfaces[] = {"on", "0x10", "1e3", "2026-01-01", "~"};
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/words.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.interface_count, array_size(interfaces));
	for (size_t i = 0; i < array_size(interfaces); i++)
		assert_string_equal(p.interfaces[i], interfaces[i]);
	assert_int_equal(p.metrics_port, 0);
	assert_string_equal(p.metrics_host, "");
	assert_int_equal(find_zone(&p, "no")->profile, SW_PROFILE_OFF);
	assert_int_equal(find_zone(&p, "yes")->profile, SW_PROFILE_DEFAULT);
	assert_prefix(&find_zone(&p, "null")->sources[0], "2001:db8::/32");
}

static void test_limits(void **state)
{
	auto_policy struct policy p = {0};
	const struct rate *rates;

	(void)state;
	load_good(GOOD "/limits.yaml", &p);
	assert_sound(&p);
	assert_string_equal(p.interfaces[0], "abcdefghijklmno");
	assert_int_equal(p.service_count, SW_SERVICES_MAX);
	assert_service(&p.services[14], SW_TCP, 1, 65535);
	assert_int_equal(p.zone_count, SW_ZONES_MAX);
	assert_string_equal(p.zones[63].name, "z63");
	assert_prefix(&p.zones[63].sources[0], "10.63.0.0/16");
	assert_rate(&p.zones[0].zone_rate, 1000000000, SW_NS_PER_SEC, 1000000000);
	rates = p.zones[0].source_rates;
	assert_rate(&rates[SW_RATE_SUBSCRIBE], 1, 24 * 3600 * SW_NS_PER_SEC, 1);
	assert_rate(&rates[SW_RATE_INVITE], 1, 3600 * SW_NS_PER_SEC, 8760);
	assert_rate(&rates[SW_RATE_REGISTER], 1, SW_NS_PER_SEC / 1000, 1000);
	assert_rate(&rates[SW_RATE_DIALOG], 1000000000, SW_NS_PER_SEC, 1000000000);
	assert_true(p.fragments_drop);
	assert_rate(&p.events, 1, 60 * SW_NS_PER_SEC, 1);
	assert_string_equal(p.metrics_host, "::1");
	assert_int_equal(p.metrics_port, 1);
	assert_int_equal(p.tables.entries[TABLE_BANS], 16);
	assert_int_equal(p.tables.entries[TABLE_SOURCES], 16777216);
	assert_int_equal(p.tables.entries[TABLE_FRAGMENTS], 17);
}

static void test_services(void **state)
{
	auto_policy struct policy p = {0};
	char text[64];

	(void)state;
	load_good(GOOD "/services.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.service_count, 5);
	assert_int_equal(p.services[0].address_count, 1);
	assert_int_equal(p.services[1].address_count, 2);
	assert_int_equal(p.services[2].address_count, 0);
	assert_string_equal(addr_text(&p.services[0].addresses[0], text, sizeof(text)),
			    "192.0.2.1");
}

static void test_newcomers(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/newcomers.yaml", &p);
	assert_sound(&p);
	assert_rate(&p.zones[0].newcomers, 500, SW_NS_PER_SEC, 500);
	assert_int_equal(p.zones[0].greylist, SW_GREYLIST_AUTO);
	assert_true(p.zones[0].probe);
	assert_rate(&p.zones[1].newcomers, 10, SW_NS_PER_SEC, 20);
	assert_int_equal(p.zones[1].greylist, SW_GREYLIST_ALWAYS);
	assert_false(p.zones[1].probe);
	assert_int_equal(p.known_for, 90 * 60 * SW_NS_PER_SEC);
	assert_rate(&p.emergency, 5, SW_NS_PER_SEC, 5);
	assert_int_equal(p.emergency_count, 2);
	assert_string_equal(p.emergency_numbers[1], "+1911");
	assert_int_equal(p.tables.entries[TABLE_KNOWN], 1024);
	assert_int_equal(p.tables.entries[TABLE_PROOFS], 2048);
	assert_int_equal(p.tables.entries[TABLE_GREYLIST], 4096);
}

static void test_policy_of_the_design(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/design.yaml", &p);
	assert_sound(&p);
	assert_shadow(&p, (enum sw_reason[]){SW_REASON_VIA_COUNT, SW_REASON_BAN, SW_REASON_UTF8},
		      3);
	assert_rate(&p.zones[0].source_rates[SW_RATE_REGISTER], 20, SW_NS_PER_SEC, 100);
	assert_rate(&p.zones[1].source_rates[SW_RATE_RESPONSE], 5000, SW_NS_PER_SEC, 5000);
	assert_int_equal(p.zones[1].trust, SW_TRUST_PEER);
	assert_int_equal(p.zones[1].at.line, 9);
	assert_int_equal(p.zones[1].at.column, 5);
	assert_int_equal(p.zones[1].source_rates[SW_RATE_INVITE].at.line, 13);
	assert_int_equal(p.zones[1].source_rates[SW_RATE_INVITE].at.column, 67);
}

static void test_crlf(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/crlf.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.mode, SW_MODE_MONITOR);
	assert_rate(&p.zones[0].zone_rate, 10, 60 * SW_NS_PER_SEC, 1);
}

static void test_lists(void **state)
{
	static const struct {
		const char *prefix;
		enum sw_list list;
	} expect[] = {
		{"0.0.0.0/0", SW_LIST_DENY},    {"10.0.0.0/8", SW_LIST_ALLOW},
		{"192.0.2.1", SW_LIST_DENY},    {"198.51.100.0/24", SW_LIST_DENY},
		{"198.51.100.1", SW_LIST_DENY}, {"198.51.100.2", SW_LIST_ALLOW},
		{"::/0", SW_LIST_DENY},         {"2001:db8:1::/48", SW_LIST_DENY},
	};
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/lists.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.list_count, array_size(expect));
	for (size_t i = 0; i < array_size(expect); i++) {
		assert_prefix(&p.list[i].prefix, expect[i].prefix);
		assert_int_equal(p.list[i].list, expect[i].list);
	}
}

static void test_edge_values(void **state)
{
	auto_policy struct policy p = {0}, unsaid = {0};

	(void)state;
	load_good(GOOD "/edges.yaml", &p);
	assert_sound(&p);
	assert_rate(&p.zones[0].newcomers, 600, 60 * SW_NS_PER_SEC, 10);
	assert_rate(&p.zones[0].source_rates[SW_RATE_INVITE], 10, SW_NS_PER_SEC, 100);
	assert_string_equal(p.state_file, "/var/lib/sipward/other");
	assert_int_equal(p.state_every, SW_NS_PER_SEC);
	load_good(GOOD "/minimal.yaml", &unsaid);
	assert_null(unsaid.state_file);
	assert_false(unsaid.state_off);
	assert_int_equal(unsaid.state_every, 300 * SW_NS_PER_SEC);
}

static void test_bans(void **state)
{
	auto_policy struct policy p = {};
	const struct bans *bans;

	(void)state;
	load_good(GOOD "/bans.yaml", &p);
	bans = &p.zones[SW_ZONE_PUBLIC].bans;
	assert_true(bans->set);
	assert_int_equal(bans->thresholds[SW_OFFENCE_AUTH].count, 10);
	assert_int_equal(bans->thresholds[SW_OFFENCE_AUTH].period, 60 * SW_NS_PER_SEC);
	assert_int_equal(bans->thresholds[SW_OFFENCE_ENUMERATION].count, 20);
	assert_int_equal(bans->thresholds[SW_OFFENCE_SANITY].count, 30);
	assert_int_equal(bans->duration, 600 * SW_NS_PER_SEC);
	assert_int_equal(bans->escalate, 4);
	assert_int_equal(bans->max, 24 * 3600 * SW_NS_PER_SEC);
	bans = &p.zones[1].bans;
	assert_int_equal(bans->thresholds[SW_OFFENCE_AUTH].count, 0);
	assert_int_equal(bans->thresholds[SW_OFFENCE_SANITY].count, 1000);
	assert_int_equal(bans->duration, 600 * SW_NS_PER_SEC);
	assert_int_equal(bans->escalate, 4);
}

static void test_ceilings(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/ceilings.yaml", &p);
	assert_sound(&p);
	assert_rate(&p.services[0].rate, 5000, SW_NS_PER_SEC, 6000);
	assert_rate(&p.services[1].rate, 100, SW_NS_PER_SEC, 100);
	assert_false(p.services[2].rate.set);
	assert_int_equal(p.tables.entries[TABLE_PREFIXES], 4096);
	assert_rate(&p.zones[0].prefix_rate, 500, SW_NS_PER_SEC, 500);
	assert_int_equal(p.zones[0].count.v4, 32);
	assert_int_equal(p.zones[0].count.v6, 64);
	assert_false(p.zones[0].count.port);
	assert_true(p.zones[1].count.port);
	assert_int_equal(p.zones[1].count.v4, 32);
	assert_false(p.zones[1].prefix_rate.set);
	assert_int_equal(p.zones[2].count.v4, 28);
	assert_int_equal(p.zones[2].count.v6, 48);
	assert_int_equal(p.zones[3].count.v4, 32);
	assert_int_equal(p.zones[3].count.v6, 128);
	assert_rate(&p.zones[3].source_rates[SW_RATE_SYN], 5, SW_NS_PER_SEC, 5);
	assert_rate(&p.zones[3].source_rates[SW_RATE_TLS], 6, SW_NS_PER_SEC, 6);
	assert_rate(&p.zones[3].source_rates[SW_RATE_MALFORMED], 7, SW_NS_PER_SEC, 7);
}

/* Every zone has every ceiling: the one that it sets, ten times the rate that it has, or enough. */
static void test_unproven(void **state)
{
	auto_policy struct policy p = {0};
	const struct rate *r;

	(void)state;
	load_good(GOOD "/unproven.yaml", &p);
	assert_sound(&p);
	r = find_zone(&p, "public")->unproven;
	assert_rate(&r[SW_UNPROVEN_KEEPALIVE], 7, SW_NS_PER_SEC, 9);
	assert_rate(&r[SW_UNPROVEN_ACK], 1000, 60 * SW_NS_PER_SEC, 17);
	assert_rate(&r[SW_UNPROVEN_SEGMENT], 50000, SW_NS_PER_SEC, 50000);
	assert_rate(&r[SW_UNPROVEN_BELONGING], 3, SW_NS_PER_SEC, 3);
	assert_rate(&r[SW_UNPROVEN_STUN], 3000, SW_NS_PER_SEC, 3000);
	assert_rate(&r[SW_UNPROVEN_DIALOG], 3000, SW_NS_PER_SEC, 3000);
	assert_rate(&r[SW_UNPROVEN_FRAGMENT], 20000, SW_NS_PER_SEC, 20000);
	/* A peer has no newcomers. */
	r = find_zone(&p, "trunk")->unproven;
	assert_rate(&r[SW_UNPROVEN_KEEPALIVE], 5000, SW_NS_PER_SEC, 5000);
	assert_rate(&r[SW_UNPROVEN_RESPONSE], 5000, SW_NS_PER_SEC, 5000);
	r = find_zone(&p, "slow")->unproven;
	assert_rate(&r[SW_UNPROVEN_KEEPALIVE], 2000, SW_NS_PER_SEC, 2000);
	assert_rate(&r[SW_UNPROVEN_DIALOG], 1000, SW_NS_PER_SEC, 1000);
	assert_rate(&r[SW_UNPROVEN_SYN], 1000, SW_NS_PER_SEC, 1000);
	r = find_zone(&p, "free")->unproven;
	for (int i = 0; i < SW_UNPROVEN_COUNT; i++)
		assert_rate(&r[i], 20000, SW_NS_PER_SEC, 20000);
}

static void test_guard(void **state)
{
	auto_policy struct policy p = {0};
	const struct zone *z;

	(void)state;
	load_good(GOOD "/guard.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.services[0].tls_min, SW_TLS_1_0);
	assert_int_equal(p.services[1].tls_min, SW_TLS_1_2);
	z = find_zone(&p, "ims");
	assert_int_equal(z->require, SW_REQUIRE_IPSEC);
	assert_rate(&z->cleartext, 20, SW_NS_PER_SEC, 50);
	z = find_zone(&p, "handsets");
	assert_rate(&z->cleartext, 100, SW_NS_PER_SEC, 100);
	z = find_zone(&p, "trunk");
	assert_int_equal(z->require, SW_REQUIRE_TLS);
	assert_int_equal(z->guard.teardown, SW_ACTION_DENY);
	assert_int_equal(z->guard.digest_leak, SW_ACTION_REPORT);
	assert_int_equal(z->guard.loop, SW_ACTION_DENY);
	assert_int_equal(z->guard.sweep, SW_ACTION_DENY);
	assert_int_equal(z->guard.destinations.count, 30);
	assert_int_equal(z->guard.destinations.period, 600 * SW_NS_PER_SEC);
	assert_int_equal(z->guard.privacy[SW_ACTION_REPORT], 1 | 4);
	assert_int_equal(z->guard.privacy[SW_ACTION_DENY], 2 | 8);
	assert_int_equal(p.host_count, 2);
	assert_string_equal(p.hosts[0], "core.example.net");
	z = find_zone(&p, "public");
	assert_int_equal(z->guard.teardown, SW_ACTION_PASS);
	assert_int_equal(z->guard.sweep, SW_ACTION_REPORT);
	assert_false(z->guard.destinations.set);
	assert_int_equal(p.tables.entries[TABLE_OPENINGS], 1000);
	assert_int_equal(p.tables.entries[TABLE_DIALOGS], 2000);
	assert_int_equal(p.tables.entries[TABLE_LOOPS], 3000);
	assert_int_equal(p.tables.entries[TABLE_DIALERS], 4000);
	assert_int_equal(find_zone(&p, "public")->require, SW_REQUIRE_ANY);
}

/* Older policies call them `callers` and `sights`; each is written once, by one name. */
static void test_former_names(void **state)
{
	static const char old[] = "version: 1\ntables: {callers: 64, sights: 1024}\n";
	static const char both[] = "version: 1\ntables: {callers: 64, dialers: 64}\n";
	auto_policy struct policy p = {0}, none = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(policy_parse("text", old, strlen(old), &p, &e), 0);
	assert_int_equal(p.tables.entries[TABLE_DIALERS], 64);
	assert_int_equal(p.tables.entries[TABLE_GREYLIST], 1024);
	assert_int_equal(p.tables_at[TABLE_DIALERS].line, 2);
	assert_int_equal(policy_parse("text", both, strlen(both), &none, &e), -1);
	assert_non_null(strstr(e.text, "already written"));
}

static void test_spared_tables(void **state)
{
	static const char text[] = "version: 1\n"
				   "zones: [{name: public, teardown: report, "
				   "rates: {prefix: 9/s}}]\n";
	auto_policy struct policy p = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(policy_parse("text", text, strlen(text), &p, &e), 0);
	assert_int_equal(p.tables.entries[TABLE_DIALOGS], 65536);
	assert_int_equal(p.tables.entries[TABLE_PREFIXES], 16384);
	assert_int_equal(p.tables.entries[TABLE_LOOPS], 16);
	assert_int_equal(p.tables.entries[TABLE_DIALERS], 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minimal),       cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_example),       cmocka_unit_test(test_order),
		cmocka_unit_test(test_unproven),      cmocka_unit_test(test_guard),
		cmocka_unit_test(test_exports),       cmocka_unit_test(test_words),
		cmocka_unit_test(test_limits),        cmocka_unit_test(test_services),
		cmocka_unit_test(test_newcomers),     cmocka_unit_test(test_policy_of_the_design),
		cmocka_unit_test(test_crlf),          cmocka_unit_test(test_lists),
		cmocka_unit_test(test_edge_values),   cmocka_unit_test(test_bans),
		cmocka_unit_test(test_ceilings),      cmocka_unit_test(test_former_names),
		cmocka_unit_test(test_spared_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
