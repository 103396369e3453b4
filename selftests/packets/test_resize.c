/* SPDX-License-Identifier: GPL-2.0-only
 *
 * While a table changes its size, it has two maps, and both may know an entry. The newest state of
 * either map survives, and an entry that was removed stays removed.
 */
#include "rig.h"

#include <bpf/bpf.h>

#include "kernel/merge.h"
#include "kernel/resize.h"

static int table(uint32_t entries, size_t value_size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "table", sizeof(struct sw_source), value_size,
				entries, &opts);

	assert_true(fd >= 0);
	return fd;
}

static struct sw_source source(uint32_t number)
{
	struct sw_source key = {.length = 32};

	key.addr.words[3] = number;
	return key;
}

static struct sw_ban ban(uint64_t start, uint64_t hits)
{
	return (struct sw_ban){
		.start = start,
		.end = ~0ull,
		.hits = hits,
		.reason = SW_REASON_BAN,
	};
}

static void put(int fd, uint32_t number, const void *value)
{
	struct sw_source key = source(number);

	assert_int_equal(bpf_map_update_elem(fd, &key, value, BPF_ANY), 0);
}

static bool get(int fd, uint32_t number, void *value)
{
	struct sw_source key = source(number);

	return bpf_map_lookup_elem(fd, &key, value) == 0;
}

/* The new table was filled; then the old one was written to until the swap. */
static void test_bans(void **state)
{
	auto_fd int before = table(8, sizeof(struct sw_ban));
	auto_fd int after = table(8, sizeof(struct sw_ban));
	struct sw_ban old = ban(10, 5), again = ban(20, 0), got;

	(void)state;
	put(before, 1, &old);   /* as it was, and dropped more since */
	put(before, 2, &old);   /* made since */
	put(before, 4, &again); /* taken out, and made anew */
	old.hits = 3;
	put(after, 1, &old);
	put(after, 3, &old); /* taken out since */
	put(after, 4, &old);
	assert_int_equal(table_settle(STATE_BANS, before, after, NULL), 0);
	assert_true(get(after, 1, &got));
	assert_int_equal(got.hits, 5);
	assert_true(get(after, 2, &got));
	assert_false(get(after, 3, &got));
	assert_true(get(after, 4, &got));
	assert_int_equal(got.start, 20);
}

/* After a mixed past nobody knows what was taken out: both tables count. */
static void test_merged(void **state)
{
	auto_fd int before = table(8, sizeof(struct sw_ban));
	auto_fd int after = table(8, sizeof(struct sw_ban));
	struct sw_ban one = ban(10, 0), got;

	(void)state;
	put(before, 1, &one);
	put(after, 2, &one);
	assert_int_equal(table_merge(STATE_BANS, before, after, NULL), 0);
	assert_true(get(after, 1, &got) && get(after, 2, &got));
}

/* Bans that hold find room before those that are only remembered, and the number of bans without
 * room is told. */
static void test_no_room(void **state)
{
	auto_fd int before = table(8, sizeof(struct sw_ban));
	auto_fd int after = table(2, sizeof(struct sw_ban));
	struct sw_ban holds = ban(10, 0), over = ban(5, 0), got;

	(void)state;
	over.end = 6;
	for (uint32_t i = 0; i < 4; i++)
		put(before, i, &over);
	put(before, 10, &holds);
	put(before, 11, &holds);
	assert_int_equal(table_settle(STATE_BANS, before, after, NULL), 0);
	assert_true(get(after, 10, &got) && get(after, 11, &got));
	put(before, 12, &holds);
	assert_int_equal(table_settle(STATE_BANS, before, after, NULL), 1);
}

static void test_known(void **state)
{
	auto_fd int before = table(8, sizeof(struct sw_known));
	auto_fd int after = table(8, sizeof(struct sw_known));
	struct sw_known old = {.since = 1,
			       .seen = 9,
			       .ttl = 60,
			       .grade = SW_GRADE_PROVED,
			       .proofs = 7},
			now = old, got;

	(void)state;
	put(before, 1, &old); /* seen by the old program last */
	now.seen = 5;
	now.ttl = 50;
	now.grade = SW_GRADE_GOOD;
	put(after, 1, &now);
	old.seen = 5;
	put(before, 2, &old); /* seen by the new one last */
	now.seen = 9;
	put(after, 2, &now);
	put(after, 3, &now); /* known since the swap */
	assert_int_equal(table_settle(STATE_KNOWN, before, after, NULL), 0);
	assert_true(get(after, 1, &got));
	assert_true(got.seen == 9 && got.ttl == 60 && got.grade == SW_GRADE_GOOD);
	assert_true(get(after, 2, &got));
	assert_true(got.seen == 9 && got.ttl == 50 && got.proofs == 7);
	assert_true(get(after, 3, &got));
}

/* A value that went to two addresses proves nothing, whichever table noted which of them. */
static void test_proofs(void **state)
{
	struct sw_proof one = {.expires = 5, .methods = 1}, other = one, two = one;

	(void)state;
	one.addr.words[3] = 1;
	two = one;
	two.methods = 2;
	two.expires = 4;
	assert_true(entry_merge(STATE_PROOFS, &one, &two, sizeof(two)));
	assert_true(two.methods == 3 && two.expires == 5 && !two.shared);
	assert_false(entry_merge(STATE_PROOFS, &one, &two, sizeof(two)));
	other.addr.words[3] = 2;
	assert_true(entry_merge(STATE_PROOFS, &one, &other, sizeof(other)));
	assert_true(other.shared);
}

static void test_dialogs(void **state)
{
	struct sw_dialog before = {.expires = 9, .count = 2}, now = {.expires = 5, .count = 1};

	(void)state;
	before.parties[0].words[3] = 1;
	before.parties[1].words[3] = 2;
	before.spared = 1;
	now.parties[0].words[3] = 1;
	assert_true(entry_merge(STATE_DIALOGS, &before, &now, sizeof(now)));
	assert_true(now.count == 2 && now.parties[1].words[3] == 2 && !now.many);
	assert_true(now.expires == 9 && now.spared);
	now.count = SW_PARTIES_MAX;
	memset(now.parties, 0xff, sizeof(now.parties));
	assert_true(entry_merge(STATE_DIALOGS, &before, &now, sizeof(now)));
	assert_true(now.count == SW_PARTIES_MAX && now.many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bans),    cmocka_unit_test(test_merged),
		cmocka_unit_test(test_no_room), cmocka_unit_test(test_known),
		cmocka_unit_test(test_proofs),  cmocka_unit_test(test_dialogs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
