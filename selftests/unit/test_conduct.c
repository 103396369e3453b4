/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counting offences: windows, thresholds, who is one and who are two, and how long a ban lasts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "agent/conduct.h"
#include "kernel/bans.h"

#include <cmocka.h>

#define SECOND SW_NS_PER_SEC

static const struct threshold ten = {.count = 10, .period = 60 * SECOND};

static struct sw_offence offence(int kind, uint64_t who, uint64_t seconds)
{
	struct sw_offence o = {.kind = kind,
			       .who = who,
			       .time = (1000 + seconds) * SECOND,
			       .proved = 1,
			       .source.length = 32};

	o.source.addr.words[2] = 0xffff0000;
	o.source.addr.words[3] = 7;
	return o;
}

static void free_it(struct conduct **conduct)
{
	conduct_free(conduct);
}

static void test_window_slides(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 9; i++) {
		o = offence(SW_OFFENCE_SANITY, 0, i);
		assert_int_equal(conduct_note(conduct, &o, &ten), i + 1);
	}
	/* At 60 s the first has left the window, and at 59 s not. */
	o = offence(SW_OFFENCE_SANITY, 0, 60);
	assert_int_equal(conduct_note(conduct, &o, &ten), 9);
	conduct_forget(conduct, &o);
	for (unsigned int i = 0; i < 9; i++) {
		o = offence(SW_OFFENCE_SANITY, 0, 100 + i);
		conduct_note(conduct, &o, &ten);
	}
	o = offence(SW_OFFENCE_SANITY, 0, 159);
	assert_int_equal(conduct_note(conduct, &o, &ten), 10);
	/* One every 7 s is never ten within a minute. */
	for (unsigned int i = 0; i < 100; i++) {
		o = offence(SW_OFFENCE_SANITY, 0, 1000 + 7 * i);
		assert_true(conduct_note(conduct, &o, &ten) < 10);
	}
}

static void test_logins_apart(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 9; i++)
		for (unsigned int who = 1; who < 20; who++) {
			o = offence(SW_OFFENCE_AUTH, who, i);
			o.failures = i + 1;
			assert_int_equal(conduct_note(conduct, &o, &ten), i + 1);
		}
	/* There was a success, for its failures are counted anew. */
	o = offence(SW_OFFENCE_AUTH, 5, 10);
	o.failures = 1;
	assert_int_equal(conduct_note(conduct, &o, &ten), 1);
	o.who = 6;
	o.failures = 10;
	assert_int_equal(conduct_note(conduct, &o, &ten), 10);
}

static void test_same_user_counts_once(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		o = offence(SW_OFFENCE_ENUMERATION, 1 + i % 3, i);
		assert_true(conduct_note(conduct, &o, &ten) <= 3);
	}
	for (unsigned int i = 4; i <= 10; i++) {
		o = offence(SW_OFFENCE_ENUMERATION, i, 50);
		assert_int_equal(conduct_note(conduct, &o, &ten), i);
	}
	/* Asked for again, it is as young as its last time. */
	conduct_forget(conduct, &o);
	o = offence(SW_OFFENCE_ENUMERATION, 1, 100);
	conduct_note(conduct, &o, &ten);
	o = offence(SW_OFFENCE_ENUMERATION, 1, 150);
	conduct_note(conduct, &o, &ten);
	o = offence(SW_OFFENCE_ENUMERATION, 2, 170);
	assert_int_equal(conduct_note(conduct, &o, &ten), 2);
}

static void test_sources_and_kinds_apart(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o = offence(SW_OFFENCE_SANITY, 0, 0);

	(void)state;
	assert_int_equal(conduct_note(conduct, &o, &ten), 1);
	o.source.addr.words[3] = 8;
	assert_int_equal(conduct_note(conduct, &o, &ten), 1);
	o.kind = SW_OFFENCE_ENUMERATION;
	assert_int_equal(conduct_note(conduct, &o, &ten), 1);
	o.source.length = 64;
	assert_int_equal(conduct_note(conduct, &o, &ten), 1);
}

/* A million sources do not grow the table, and a source that goes on is counted. */
static void test_table_does_not_grow(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o;
	uint32_t count = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000000; i++) {
		o = offence(SW_OFFENCE_SANITY, 0, 0);
		o.time += i * 10000ull;
		o.source.addr.words[3] = 100 + i;
		conduct_note(conduct, &o, &ten);
		if (i % 1000)
			continue;
		o.source.addr.words[3] = 7;
		count = conduct_note(conduct, &o, &ten);
	}
	assert_int_equal(count, 10);
}

/* Masks of four bits by which two addresses differ. For one choice of signs of eight, the products
 * of both with a factor that everybody can read are nearly the same. A hash that mixes in a seed by
 * XOR, before multiplications alone, puts such addresses into one set, whatever the seed is. */
static bool is_near(const int bits[4])
{
	const uint64_t factor = 0x9e3779b97f4a7c15ull, top = 1ull << 42;

	for (int signs = 0; signs < 8; signs++) {
		uint64_t by = 1ull << bits[3], shift;

		for (int i = 0; i < 3; i++)
			by += signs >> i & 1 ? 1ull << bits[i] : -(1ull << bits[i]);
		shift = by * factor & (top - 1);
		if (shift < 1ull << 31 || shift > top - (1ull << 31))
			return true;
	}
	return false;
}

static size_t neighbours(uint32_t *masks, size_t max)
{
	size_t count = 0;

	for (uint64_t mask = 15; mask < 1ull << 32 && count < max;) {
		uint64_t low = mask & -mask, next = mask + low;
		int bits[4], found = 0;

		for (int bit = 0; bit < 32; bit++)
			if (mask >> bit & 1)
				bits[found++] = bit;
		if (is_near(bits))
			masks[count++] = mask;
		mask = next | ((mask ^ next) / low >> 2); /* the next one with four bits */
	}
	return count;
}

/* An enumerator sends, behind 19 names, requests with spoofed addresses that are to push it out of
 * its set. It knows this code, and not the seed. */
static void test_nobody_is_pushed_out(void **state)
{
	static const struct threshold twenty = {.count = 20, .period = 60 * SECOND};
	uint32_t masks[160];
	size_t count = neighbours(masks, array_size(masks));

	(void)state;
	assert_int_equal(count, array_size(masks));
	for (int seed = 0; seed < 100; seed++) {
		cleanup(free_it) struct conduct *conduct = conduct_new();
		struct sw_offence mine = offence(SW_OFFENCE_ENUMERATION, 0, 0), other = mine;
		uint32_t noted = 0;

		for (unsigned int i = 0; i < 20; i++) {
			mine.who = i;
			mine.time += SECOND;
			noted = conduct_note(conduct, &mine, &twenty);
			for (size_t k = 0; i == 18 && k < count; k++) {
				other.time = mine.time + k + 1;
				other.source.addr.words[3] = mine.source.addr.words[3] ^ masks[k];
				conduct_note(conduct, &other, &twenty);
			}
		}
		assert_int_equal(noted, 20);
	}
}

struct server {
	uint64_t good; /* a bit for each username that logged in since */
	unsigned int asked;
};

static bool stands(void *context, uint64_t who)
{
	struct server *server = context;

	server->asked++;
	return !(server->good >> who & 1);
}

static uint32_t sprays(struct conduct *conduct, struct server *server, uint64_t who, uint32_t first,
		       uint64_t seconds)
{
	struct sw_offence o = offence(CONDUCT_SPRAY, who, seconds);

	o.first = first;
	return conduct_spray(conduct, &o, &ten, stands, server);
}

/* A name counts once. One that was refused first with an old nonce counts when its grace is over,
 * or when it is refused again. */
static void test_spray(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct server server = {};

	(void)state;
	for (unsigned int who = 1; who < 10; who++)
		for (int again = 0; again < 3; again++)
			assert_int_equal(sprays(conduct, &server, who, SW_FIRST_FRESH, 0), 0);
	assert_int_equal(sprays(conduct, &server, 10, SW_FIRST_STALE, 1), 0);
	assert_int_equal(sprays(conduct, &server, 10, SW_FIRST_STALE, 5), 0);
	assert_int_equal(server.asked, 0); /* the server is asked for nothing that is too few */
	assert_int_equal(sprays(conduct, &server, 9, SW_FIRST_FRESH, 6), 10);
	/* The first nine leave the window. */
	assert_int_equal(sprays(conduct, &server, 11, SW_FIRST_FRESH, 60), 0);
	for (unsigned int who = 12; who < 19; who++)
		assert_int_equal(sprays(conduct, &server, who, SW_FIRST_FRESH, 60), 0);
	assert_int_equal(sprays(conduct, &server, 19, SW_FIRST_STALE, 60), 0);
	assert_int_equal(sprays(conduct, &server, 19, SW_FIRST_NOT, 60), 10);
}

/* A user that logs in after all is no longer counted; and old nonces, however many, push out no
 * user that is counted. */
static void test_spray_of_phones(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct server server = {.good = 0x3fe};

	(void)state;
	for (unsigned int who = 1; who < 10; who++)
		sprays(conduct, &server, who, SW_FIRST_FRESH, 0);
	assert_int_equal(sprays(conduct, &server, 10, SW_FIRST_FRESH, 1), 1);
	for (unsigned int who = 11; who < 19; who++)
		sprays(conduct, &server, who, SW_FIRST_FRESH, 2);
	for (unsigned int who = 100; who < 160; who++)
		sprays(conduct, &server, who, SW_FIRST_STALE, 3);
	assert_int_equal(sprays(conduct, &server, 19, SW_FIRST_FRESH, 4), 10);
}

/* Usernames that are refused count once each. */
static void test_refused_usernames_count_once(void **state)
{
	cleanup(free_it) struct conduct *conduct = conduct_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		o = offence(CONDUCT_REFUSED, 1 + i % 3, i);
		assert_int_equal(conduct_note(conduct, &o, &ten), i < 3 ? i + 1 : 3);
	}
}

static void test_length_of_bans(void **state)
{
	struct bans bans = {.duration = 600 * SECOND, .escalate = 4, .max = 24 * 3600 * SECOND};

	(void)state;
	assert_int_equal(ban_length(&bans, 0), 600 * SECOND);
	assert_int_equal(ban_length(&bans, 1), 2400 * SECOND);
	assert_int_equal(ban_length(&bans, 2), 9600 * SECOND);
	assert_int_equal(ban_length(&bans, 3), 38400 * SECOND);
	assert_int_equal(ban_length(&bans, 4), 24 * 3600 * SECOND);
	assert_int_equal(ban_length(&bans, UINT16_MAX), 24 * 3600 * SECOND);
	bans.escalate = 1;
	assert_int_equal(ban_length(&bans, 1000), 600 * SECOND);
	bans.escalate = 100;
	bans.max = 10ull * 365 * 24 * 3600 * SECOND;
	assert_int_equal(ban_length(&bans, 100), bans.max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_slides),
		cmocka_unit_test(test_logins_apart),
		cmocka_unit_test(test_same_user_counts_once),
		cmocka_unit_test(test_sources_and_kinds_apart),
		cmocka_unit_test(test_table_does_not_grow),
		cmocka_unit_test(test_nobody_is_pushed_out),
		cmocka_unit_test(test_spray),
		cmocka_unit_test(test_spray_of_phones),
		cmocka_unit_test(test_refused_usernames_count_once),
		cmocka_unit_test(test_length_of_bans),
	};

	return cmocka_run_group_tests_name("conduct", tests, NULL, NULL);
}
