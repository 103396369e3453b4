/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Addresses that lists allow: the longest prefix wins, whatever lies in what; and a search in a
 * list of a million entries looks at few of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "agent/allowed.h"

#include <cmocka.h>

#define ROUNDS   200
#define PREFIXES 60

static uint32_t random_state = 1;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* Few bits of difference, so that many prefixes lie in others. */
static struct sw_addr random_address(bool ipv6)
{
	struct sw_addr addr = {};

	if (ipv6) {
		addr.octets[0] = 0x20;
		addr.octets[1] = draw(3);
		addr.octets[7] = draw(4) << 6;
		addr.octets[15] = draw(256);
		return addr;
	}
	addr.octets[10] = addr.octets[11] = 0xff;
	addr.octets[12] = 10;
	addr.octets[13] = draw(2) << 7;
	addr.octets[15] = draw(256);
	return addr;
}

static void mask(struct sw_addr *addr, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++)
		addr->octets[i / 8] &= ~(0x80 >> i % 8);
}

static struct list_entry random_entry(void)
{
	bool ipv6 = draw(2);
	struct list_entry entry = {
		.prefix = {.addr = random_address(ipv6),
			   .ipv6 = ipv6,
			   .length = draw(ipv6 ? 129 : 33)},
		.list = draw(3) ? SW_LIST_DENY : SW_LIST_ALLOW,
	};

	mask(&entry.prefix.addr, entry.prefix.length + (ipv6 ? 0 : 96));
	return entry;
}

static unsigned int bits_of(const struct list_entry *entry)
{
	return entry->prefix.length + (entry->prefix.ipv6 ? 0 : 96);
}

/* No prefix twice, as in a policy. */
static size_t random_list(struct list_entry *list)
{
	size_t count = 0;

	while (count < PREFIXES) {
		struct list_entry entry = random_entry();
		bool twice = false;

		for (size_t i = 0; i < count; i++)
			twice |= bits_of(&list[i]) == bits_of(&entry) &&
				 memcmp(&list[i].prefix.addr, &entry.prefix.addr, 16) == 0;
		if (!twice)
			list[count++] = entry;
	}
	return count;
}

static bool allowed_by_looking(const struct list_entry *list, size_t count,
			       const struct sw_addr *addr)
{
	const struct list_entry *best = NULL;

	for (size_t i = 0; i < count; i++) {
		struct sw_addr masked = *addr;

		mask(&masked, bits_of(&list[i]));
		if (memcmp(&masked, &list[i].prefix.addr, 16) == 0 &&
		    (!best || bits_of(&list[i]) > bits_of(best)))
			best = &list[i];
	}
	return best && best->list == SW_LIST_ALLOW;
}

static void test_longest_prefix(void **state)
{
	struct list_entry list[PREFIXES];
	struct policy policy = {.list = list};
	size_t yes = 0, no = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		cleanup(allowed_free) struct allowed allowed;

		policy.list_count = random_list(list);
		allowed_make(&allowed, &policy);
		for (int i = 0; i < 500; i++) {
			struct sw_addr addr = random_address(draw(2));
			bool wanted = allowed_by_looking(list, policy.list_count, &addr);

			assert_int_equal(allowed_holds(&allowed, &addr), wanted);
			wanted ? yes++ : no++;
		}
	}
	assert_true(yes > 1000 && no > 1000);
}

static void test_nobody_is_allowed(void **state)
{
	struct list_entry deny = {.prefix = {.ipv6 = true}, .list = SW_LIST_DENY};
	struct policy policy = {.list = &deny, .list_count = 1};
	struct sw_addr addr = random_address(false);
	struct allowed allowed;

	(void)state;
	allowed_make(&allowed, &policy);
	assert_int_equal(allowed.count, 0);
	assert_false(allowed_holds(&allowed, &addr));
	allowed_free(&allowed);
}

/* A million hosts are denied, and a network around them is allowed: the way from an entry to what
 * it lies in is short, however many stand beside it. */
static void test_million_denied_hosts(void **state)
{
	const size_t count = 1000001;
	auto_free struct list_entry *list = xcalloc(count, sizeof(*list));
	struct policy policy = {.list = list, .list_count = count};
	cleanup(allowed_free) struct allowed allowed;
	struct sw_addr addr = {.octets = {[10] = 0xff, [11] = 0xff, [12] = 10}};
	uint32_t longest = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct list_entry){
			.prefix = {.addr = addr, .length = i ? 32 : 8},
			.list = i ? SW_LIST_DENY : SW_LIST_ALLOW,
		};
		list[i].prefix.addr.words[3] = __builtin_bswap32((10u << 24) + (i ? 2 * i : 0));
	}
	allowed_make(&allowed, &policy);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t steps = 0;

		for (uint32_t at = i; allowed.entries[at].outer != at; steps++)
			at = allowed.entries[at].outer;
		longest = steps > longest ? steps : longest;
	}
	assert_int_equal(longest, 1);
	addr.words[3] = __builtin_bswap32((10u << 24) + 2 * 777777);
	assert_false(allowed_holds(&allowed, &addr));
	addr.octets[15] ^= 1;
	assert_true(allowed_holds(&allowed, &addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_prefix),
		cmocka_unit_test(test_nobody_is_allowed),
		cmocka_unit_test(test_million_denied_hosts),
	};

	return cmocka_run_group_tests_name("allowed", tests, NULL, NULL);
}
