/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Countries and networks out of a MaxMind DB file. libmaxminddb, which others wrote, is the judge
 * of good files; bad ones must end in an error, and in nothing else.
 */
#include <arpa/inet.h>
#include <maxminddb.h>

#include "mmdb_write.h"
#include "policy/mmdb.h"
#include "policy_asserts.h"

static const struct mmdb_entry world[] = {
	{"10.0.0.0/8", "DE", 64500},
	{"10.1.0.0/16", "FR", 64501},
	{"192.0.2.0/25", "DE", 0},
	{"192.0.2.128/25", "DE", 64500},
	{"198.51.100.7/32", NULL, 64500},
	{"203.0.113.0/24", "DE", 4200000000},
	{"2001:db8::/32", "DE", 64500},
	{"2001:db8:1::/48", NULL, 64501},
	{"2a00::/12", "FR", 64501},
	{"fd00:1:2:3::/64", "DE", 64500},
	{"fd00:1:2:3::7/128", "FR", 4200000000},
};
#define WORLD_V4 6

struct found {
	struct prefix *all;
	size_t count;
};

static void add(const struct prefix *prefix, void *context)
{
	struct found *found = context;

	append(found->all, found->count, *prefix);
}

static void found_free(struct found *found)
{
	free(found->all);
}

static int find(const uint8_t *octets, size_t size, const char *country, uint32_t system,
		struct found *found, struct error *e)
{
	struct mmdb_wanted wanted = {.system = system};

	if (country)
		memcpy(wanted.country, country, 3);
	return mmdb_find("FILE", octets, size, &wanted, add, found, e);
}

static bool holds(const struct found *found, const struct sw_addr *addr)
{
	bool any = false;

	for (size_t i = 0; i < found->count; i++)
		any |= prefix_holds(&found->all[i], addr);
	return any;
}

/* The judge's word. */
static bool judged(const MMDB_s *db, const struct sw_addr *addr, const char *country,
		   uint32_t system, bool plain)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	MMDB_lookup_result_s result;
	MMDB_entry_data_s data;
	char text[16];
	int error, got;

	memcpy(&v6.sin6_addr, addr->octets, 16);
	memcpy(&v4.sin_addr, addr->octets + 12, 4);
	result = MMDB_lookup_sockaddr(
		db, addr_is_ipv4(addr) ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, &error);
	assert_int_equal(error, MMDB_SUCCESS);
	if (!result.found_entry)
		return false;
	if (country)
		got = plain ? MMDB_get_value(&result.entry, &data, "country", NULL) :
			      MMDB_get_value(&result.entry, &data, "country", "iso_code", NULL);
	else
		got = MMDB_get_value(&result.entry, &data,
				     plain ? "asn" : "autonomous_system_number", NULL);
	if (got != MMDB_SUCCESS || !data.has_data)
		return false;
	if (!country && !plain)
		return data.uint32 == system;
	snprintf(text, sizeof(text), "AS%u", system);
	if (country)
		snprintf(text, sizeof(text), "%s", country);
	return data.data_size == strlen(text) &&
	       memcmp(data.utf8_string, text, data.data_size) == 0;
}

/* The addresses at both ends of each prefix, those beside them, and some others. */
static void each_address(const MMDB_s *db, const struct found *found, const char *country,
			 uint32_t system, const struct mmdb_form *form)
{
	for (size_t i = 0; i < 4 * array_size(world) + 2000; i++) {
		struct prefix prefix = {.ipv6 = i & 1};
		struct sw_addr addr;
		int bit = 127, last;

		if (i < 4 * array_size(world)) {
			prefix_read(world[i / 4].prefix, &prefix);
			addr = prefix.addr;
			last = prefix.length + (prefix.ipv6 ? 0 : 96);
			for (int j = last; i % 2 && j < 128; j++)
				addr.octets[j / 8] |= 0x80 >> j % 8;
			/* One before the start, one behind the end. */
			for (; i % 4 / 2 && bit >= 0; bit--) {
				addr.octets[bit / 8] ^= 0x80 >> bit % 8;
				if (!(addr.octets[bit / 8] & 0x80 >> bit % 8) != !(i % 2 == 0))
					continue;
				break;
			}
		} else {
			for (int j = 0; j < 16; j++)
				addr.octets[j] = rand() % 4 ? rand() : 0;
			if (i & 1)
				prefix_read("10.0.0.0/8", &prefix), addr = prefix.addr,
								    addr.octets[13] = rand(),
								    addr.octets[14] = rand();
		}
		if (form->ipv4 && !addr_is_ipv4(&addr))
			continue;
		/* The other names of IPv4 are not looked up by anybody. */
		if (!addr_is_ipv4(&addr) && addr.octets[0] == 0x20 && addr.octets[1] == 0x02)
			continue;
		assert_int_equal(holds(found, &addr),
				 judged(db, &addr, country, system, form->plain));
	}
}

static void compare_with_judge(const struct mmdb_form *form)
{
	char path[] = "/tmp/sipward-mmdb.XXXXXX";
	size_t size, count = form->ipv4 ? WORLD_V4 : array_size(world);
	auto_free uint8_t *octets = mmdb_write(form, world, count, &size);
	auto_fd int fd = mkstemp(path);
	MMDB_s db;

	assert_int_equal(write(fd, octets, size), size);
	assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
	unlink(path);
	for (int i = 0; i < 6; i++) {
		static const char *const countries[] = {"DE", "FR", "XX"};
		static const uint32_t systems[] = {64500, 4200000000, 1};
		const char *country = i < 3 ? countries[i] : NULL;
		uint32_t system = i < 3 ? 0 : systems[i - 3];
		cleanup(found_free) struct found found = {};
		struct error e = {};

		if (find(octets, size, country, system, &found, &e) < 0)
			fail_msg("%s", e.text);
		each_address(&db, &found, country, system, form);
	}
	MMDB_close(&db);
}

static void test_judge(void **state)
{
	(void)state;
	srand(1);
	for (unsigned int bits = 24; bits <= 32; bits += 4)
		for (int i = 0; i < 4; i++)
			compare_with_judge(&(struct mmdb_form){
				.record_bits = bits, .ipv4 = i & 1, .plain = i & 2});
	compare_with_judge(&(struct mmdb_form){.record_bits = 28, .gap = 1 << 24});
	compare_with_judge(&(struct mmdb_form){.record_bits = 32, .gap = 1 << 24});
}

/* Halves become one, and the other names of IPv4 are not told. */
static void test_merged(void **state)
{
	static const char *const expect[] = {"10.0.0.0/16",   "10.2.0.0/15",  "10.4.0.0/14",
					     "10.8.0.0/13",   "10.16.0.0/12", "10.32.0.0/11",
					     "10.64.0.0/10",  "10.128.0.0/9", "192.0.2.0/24",
					     "203.0.113.0/24"};
	const struct mmdb_form form = {.record_bits = 28, .ipv4 = true}, both = {.record_bits = 24};
	auto_free uint8_t *v4 = NULL, *v6 = NULL;
	cleanup(found_free) struct found found = {}, other = {};
	struct error e = {};
	size_t size, v4_count = 0;

	(void)state;
	v4 = mmdb_write(&form, world, WORLD_V4, &size);
	assert_int_equal(find(v4, size, "DE", 0, &found, &e), 0);
	assert_int_equal(found.count, array_size(expect));
	for (size_t i = 0; i < array_size(expect); i++) {
		bool there = false;

		for (size_t j = 0; j < found.count; j++) {
			char text[64];

			there |= strcmp(prefix_text(&found.all[j], text, 64), expect[i]) == 0;
		}
		if (!there)
			fail_msg("%s is missing", expect[i]);
	}
	v6 = mmdb_write(&both, world, array_size(world), &size);
	assert_int_equal(find(v6, size, "DE", 0, &other, &e), 0);
	for (size_t i = 0; i < other.count; i++)
		v4_count += !other.all[i].ipv6;
	assert_int_equal(v4_count, array_size(expect));
}

/* Cut short anywhere, and with any octets changed: an error, or another answer, and under the
 * sanitizers nothing else. */
static void test_hostile(void **state)
{
	const struct mmdb_form form = {.record_bits = 24};
	size_t size, wrong = 0;
	auto_free uint8_t *octets = mmdb_write(&form, world, array_size(world), &size);

	(void)state;
	for (size_t cut = 0; cut < size; cut += cut < 300 || size - cut < 300 ? 1 : 97) {
		auto_free uint8_t *copy = xcalloc(1, cut);
		cleanup(found_free) struct found found = {};
		struct error e = {};

		memcpy(copy, octets, cut);
		assert_int_equal(find(copy, cut, "DE", 0, &found, &e), -1);
		assert_int_equal(e.code, EXIT_POLICY);
	}
	srand(2);
	for (int i = 0; i < 20000; i++) {
		auto_free uint8_t *copy = xcalloc(1, size);
		cleanup(found_free) struct found found = {};
		struct error e = {};

		memcpy(copy, octets, size);
		for (int j = 0; j < 1 + i % 8; j++)
			copy[size - 1 - rand() % (i % 2 ? 1200 : size)] = rand();
		wrong += find(copy, size, i % 3 ? "DE" : NULL, 64500, &found, &e) < 0;
	}
	assert_in_range(wrong, 100, 20000);
}

static void test_loop(void **state)
{
	const struct mmdb_form form = {.record_bits = 24, .ipv4 = true};
	size_t size;
	auto_free uint8_t *octets = mmdb_write(&form, world, WORLD_V4, &size);
	cleanup(found_free) struct found found = {};
	uint8_t most[3] = {};
	struct error e = {};

	(void)state;
	memset(octets + 6, 0, 6); /* both sides of a node: the root */
	assert_int_equal(find(octets, size, "DE", 0, &found, &e), -1);
	assert_string_equal(e.text, "FILE: is no MaxMind DB file that can be read: its tree has "
				    "loops");
	/* No loop, and 2^31 ways from the root to an entry. */
	e = (struct error){};
	for (int i = 0; i < 6 * 70; i += 3)
		if (memcmp(octets + i, most, 3) > 0)
			memcpy(most, octets + i, 3);
	memcpy(octets + 6 * 31, most, 3);
	memcpy(octets + 6 * 31 + 3, most, 3);
	for (int i = 0; i < 31; i++) {
		octets[6 * i] = octets[6 * i + 1] = octets[6 * i + 3] = octets[6 * i + 4] = 0;
		octets[6 * i + 2] = octets[6 * i + 5] = i + 1;
	}
	assert_int_equal(find(octets, size, "DE", 0, &found, &e), -1);
}

/* Looks at the entries have an end for all of them together. */
static void test_long(void **state)
{
	const struct mmdb_form form = {.record_bits = 24, .ipv4 = true};
	struct mmdb_wanted wanted = {.country = "DE", .looks = 30};
	size_t size;
	auto_free uint8_t *octets = mmdb_write(&form, world, WORLD_V4, &size);
	cleanup(found_free) struct found few = {}, all = {};
	struct error e = {};

	(void)state;
	assert_int_equal(mmdb_find("FILE", octets, size, &wanted, add, &few, &e), -1);
	assert_string_equal(e.text, "FILE: is no MaxMind DB file that can be read: its entries "
				    "take too long to read");
	e = (struct error){};
	wanted.looks = 1000;
	assert_int_equal(mmdb_find("FILE", octets, size, &wanted, add, &all, &e), 0);
	assert_int_equal(all.count, 10);
}

static void test_no_database(void **state)
{
	static const char text[] = "<html>This is no database</html>";
	cleanup(found_free) struct found found = {};
	struct error e = {};

	(void)state;
	assert_int_equal(find((const uint8_t *)text, sizeof(text), "DE", 0, &found, &e), -1);
	assert_string_equal(e.text, "FILE: is no MaxMind DB file that can be read: it has no "
				    "metadata at its end, so it may be cut short");
}

/* --- in a policy --- */

static void write_octets(const char *path, const uint8_t *octets, size_t size)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, size, f), size);
}

static const struct zone *zone_of(const struct policy *p, const char *address)
{
	const struct zone *best = &p->zones[0];
	struct prefix host;
	int length = -1;

	prefix_read(address, &host);
	for (size_t i = 1; i < p->zone_count; i++)
		for (size_t j = 0; j < p->zones[i].source_count; j++) {
			const struct prefix *prefix = &p->zones[i].sources[j];

			if (prefix_holds(prefix, &host.addr) && prefix->length > length) {
				best = &p->zones[i];
				length = prefix->length;
			}
		}
	return best;
}

/* What is written wins over a network, and a network over a country, whatever is longer. */
static void test_order(void **state)
{
	static const struct mmdb_entry entries[] =
		{
			{"10.0.0.0/9", "DE", 0},  {"10.128.0.0/16", "DE", 0},
			{"11.0.0.0/24", "DE", 0}, {"12.0.0.0/8", "FR", 0},
			{"64.0.0.0/3", "FR", 0},  {"2a00::/12", "FR", 0},
		},
				       systems[] = {{"10.128.0.0/12", NULL, 64500},
						    {"11.0.0.0/8", NULL, 64500}};
	static const struct {
		const char *address, *zone;
	} cases[] = {
		{"10.1.0.1", "home"}, {"10.128.0.1", "carrier"}, {"11.0.0.1", "carrier"},
		{"11.5.0.1", "own"},  {"12.0.0.1", "public"},
	};
	const struct mmdb_form form = {.record_bits = 24};
	const struct scratch *s = *state;
	auto_free char *asn = xasprintf("%s/asn", s->directory);
	auto_policy struct policy p = {};
	size_t size, asn_size;
	auto_free uint8_t *countries = mmdb_write(&form, entries, array_size(entries), &size);
	auto_free uint8_t *networks = mmdb_write(&form, systems, 2, &asn_size);

	write_octets(s->list, countries, size);
	write_octets(asn, networks, asn_size);
	write_file(s->policy, "version: 1\ngeo: {country: list.txt, asn: asn}\nzones:\n"
			      "  - {name: home, sources: [country:DE]}\n"
			      "  - {name: carrier, sources: [as:64500]}\n"
			      "  - {name: own, sources: [11.5.0.0/16]}\n"
			      "lists: {deny: [country:FR]}\n");
	load_good(s->policy, &p);
	for (size_t i = 0; i < array_size(cases); i++)
		assert_string_equal(zone_of(&p, cases[i].address)->name, cases[i].zone);
	/* Of any length, other than in a file that somebody writes. */
	assert_int_equal(p.list_count, 3);
	assert_prefix(&p.list[0].prefix, "12.0.0.0/8");
	assert_prefix(&p.list[1].prefix, "64.0.0.0/3");
	assert_prefix(&p.list[2].prefix, "2a00::/12");
	assert_int_equal(p.feed_count, 3);
	unlink(asn);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *geo, *source, *expect;
	} cases[] = {
		{"", "country:DE",
		 "'country:DE' needs a database; write geo: {country: FILE} at the "
		 "top level, with a MaxMind DB file of countries"},
		{"geo: {country: list.txt}\n", "as:1",
		 "'as:1' needs a database; write geo: {asn: "
		 "FILE} at the top level, with a MaxMind DB "
		 "file of autonomous systems"},
		{"geo: {country: list.txt}\n", "country:XX",
		 "'country:XX' has no prefix in the "
		 "database; look whether its code is "
		 "right"},
		{"geo: {country: list.txt}\n", "country:de",
		 "'country:de' is no country or network"},
		{"geo: {asn: list.txt}\n", "as:0", "'as:0' is no country or network"},
		{"geo: {asn: list.txt}\n", "as:4294967296", "'as:4294967296' is no country"},
		{"geo: {country: none}\n", "country:DE", "/none: cannot be read: No such file"},
		{"geo: {country: .}\n", "country:DE", "/.: is a directory; name a file"},
	};
	const struct mmdb_form form = {.record_bits = 24};
	const struct scratch *s = *state;
	size_t size;
	auto_free uint8_t *octets = mmdb_write(&form, world, array_size(world), &size);

	write_octets(s->list, octets, size);
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_free char *text =
			xasprintf("version: 1\n%szones: [{name: a, sources: [%s]}]\n", cases[i].geo,
				  cases[i].source);
		struct policy p = {};
		struct error e = {};

		write_file(s->policy, text);
		assert_int_equal(policy_load(s->policy, &p, &e), -1);
		assert_int_equal(e.code, EXIT_POLICY);
		if (!strstr(e.text, cases[i].expect))
			fail_msg("'%s' is not in: %s", cases[i].expect, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_no_database),
		cmocka_unit_test_setup_teardown(test_order, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_wrong, make_scratch, drop_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
