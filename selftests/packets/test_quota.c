/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shares of the table of known endpoints: the shares of an address, a network and an IPv6 block,
 * the parts that are kept for others, the way to make room, and entries that come back from the
 * disk.
 */
#include <bpf/bpf.h>

#include <sipward/quota.h>

#include "kernel/known.h"
#include "kernel/walk.h"
#include "newcomers.h"

#define SIZE 1024
#define HOUR (3600 * SECOND)

static const char *const table_of_1024 =
	"tables: {known: 1024}\n" YAML_PLAIN
	"zones: [{name: public, newcomers: {rate: 100000/s}, bans: {auth_failures: 10/60s}}]\n";

static uint16_t port = 1024; /* the last one that was used */

/* The rig's endpoint answers a probe. True when it is known then. */
static bool proves_itself(struct rig *rig)
{
	static unsigned int probes;
	char branch[33];

	snprintf(branch, sizeof(branch), "%032x", ++probes);
	is_probed(rig, branch);
	answers_probe(rig, branch);
	return outcome.grade != SW_GRADE_NONE;
}

static uint64_t tallied(const struct rig *rig, enum sw_tally which)
{
	uint64_t tallies[SW_TALLY_COUNT];

	assert_int_equal(tallies_read(&rig->test_run.state, tallies, NULL), 0);
	return tallies[which];
}

static uint64_t known(const struct rig *rig)
{
	return known_count(&rig->test_run.state, NULL);
}

/* How many more endpoints of one address become known until one does not, and why that one. */
static unsigned int fills(struct rig *rig, const char *addr, enum sw_tally why)
{
	uint64_t before = tallied(rig, why);
	unsigned int count = 0;

	rig->from.addr = address(addr);
	do
		rig->from.port = ++port;
	while (proves_itself(rig) && ++count < SIZE);
	assert_int_equal(tallied(rig, why), before + 1);
	return count;
}

/* As if others had that many entries, which the sweep does not see. */
static void is_filled(struct rig *rig, uint64_t entries)
{
	uint32_t cell = SW_KNOWN_LEFT;
	uint64_t entered = 0, left = 0;

	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN_FILL], &cell,
					     &left, BPF_ANY),
			 0);
	cell = SW_KNOWN_ENTERED;
	entered = entries;
	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN_FILL], &cell,
					     &entered, BPF_ANY),
			 0);
}

/* A 32nd of what is free for all of 1024 entries, and a 16th for its network. */
static void test_address_and_network(void **state)
{
	auto_rig struct rig rig;
	unsigned int count;

	(void)state;
	rig_open(&rig, table_of_1024);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 27);
	assert_int_equal(known(&rig), 27);
	/* The next one stays a newcomer, who passes, and those that are known stay. */
	rig.from.port = port - 1;
	assert_true(proves_itself(&rig));
	count = fills(&rig, "198.51.100.8", SW_TALLY_KNOWN_QUOTA);
	assert_in_range(count, 20, 27);
	assert_int_equal(fills(&rig, "198.51.100.9", SW_TALLY_KNOWN_QUOTA), 52 - 27 - count);
	assert_int_equal(fills(&rig, "198.51.100.10", SW_TALLY_KNOWN_QUOTA), 0);
	/* Another network, and the other end of the same /23. */
	assert_in_range(fills(&rig, "198.51.101.7", SW_TALLY_KNOWN_QUOTA), 20, 27);
	assert_in_range(fills(&rig, "203.0.113.7", SW_TALLY_KNOWN_QUOTA), 20, 27);
	assert_int_equal(tallied(&rig, SW_TALLY_PROMOTED), known(&rig));
}

static void test_ipv6(void **state)
{
	auto_rig struct rig rig;
	unsigned int count = 0;
	char text[64];

	(void)state;
	rig_open(&rig, table_of_1024);
	rig.to.addr = address("2001:db8::1");
	/* One subscriber has a /64, however many addresses he uses. */
	assert_int_equal(fills(&rig, "2001:db8:1:1::1", SW_TALLY_KNOWN_QUOTA), 27);
	assert_int_equal(fills(&rig, "2001:db8:1:1:ffff::2", SW_TALLY_KNOWN_QUOTA), 0);
	/* A /48 has many of them; */
	assert_int_equal(fills(&rig, "2001:db8:1:2::1", SW_TALLY_KNOWN_QUOTA), 25);
	assert_int_equal(fills(&rig, "2001:db8:1:3::1", SW_TALLY_KNOWN_QUOTA), 0);
	/* a /32 many of those. */
	for (unsigned int i = 2; i < 1000; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::1", i);
		rig.from.addr = address(text);
		count += proves_itself(&rig);
	}
	assert_int_equal(count + 52, SW_QUOTA_FEW_BLOCK);
	assert_in_range(fills(&rig, "2001:db9:1:1::1", SW_TALLY_KNOWN_QUOTA), 16, 27);
}

/* The last eighth is for networks with few, and for the served; the last 16th for these alone. */
static void test_part_kept_for_others(void **state)
{
	struct sw_source source = {.length = 32};
	struct sw_authenticated served = {.seen = 1};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, table_of_1024);
	is_filled(&rig, SIZE - 2 * SIZE / 8);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), SW_QUOTA_FEW);
	is_filled(&rig, SIZE - SIZE / 8);
	assert_int_equal(fills(&rig, "198.51.100.8", SW_TALLY_KNOWN_FULL), 0);
	assert_int_equal(fills(&rig, "203.0.113.7", SW_TALLY_KNOWN_FULL), SW_QUOTA_FEW);
	is_filled(&rig, SIZE - SIZE / 16 - 1);
	assert_int_equal(fills(&rig, "192.0.2.7", SW_TALLY_KNOWN_FULL), 1);
	assert_int_equal(fills(&rig, "192.0.2.8", SW_TALLY_KNOWN_FULL), 0);
	/* A source that the server has served, over TCP or before: there is room for it. */
	source.addr = rig.from.addr;
	assert_int_equal(bpf_map_update_elem(rig.test_run.state.fds[STATE_AUTHENTICATED], &source,
					     &served, BPF_ANY),
			 0);
	assert_true(proves_itself(&rig));
	is_filled(&rig, SIZE);
	assert_int_equal(fills(&rig, "192.0.2.8", SW_TALLY_KNOWN_FULL), 0);
}

/* The counts are right again when all endpoints of a network have gone, and when the counts were
 * lost. */
static void test_counted_anew(void **state)
{
	auto_rig struct rig rig;
	struct sw_source key = {};
	struct sw_quota quota;

	(void)state;
	rig_open(&rig, table_of_1024);
	rig.test_run.now = monotonic_ns();
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 27);
	assert_int_equal(known_sweep(&rig.test_run.state, HOUR, NULL), 27);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 0);
	while (bpf_map_get_next_key(rig.test_run.state.fds[STATE_QUOTAS], NULL, &key) == 0)
		bpf_map_delete_elem(rig.test_run.state.fds[STATE_QUOTAS], &key);
	is_filled(&rig, 0);
	assert_int_equal(known_sweep(&rig.test_run.state, HOUR, NULL), 27);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 0);
	key.addr = address("198.51.100.0");
	key.length = 24;
	assert_int_equal(bpf_map_lookup_elem(rig.test_run.state.fds[STATE_QUOTAS], &key, &quota),
			 0);
	assert_int_equal(quota.count, 27);
	/* Idle ones go, and their counts with them. */
	assert_int_equal(known_sweep(&rig.test_run.state, 0, NULL), 0);
	assert_true(bpf_map_lookup_elem(rig.test_run.state.fds[STATE_QUOTAS], &key, &quota) < 0);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 27);
}

/* Puts an endpoint there, of this age, as if it had been let in. */
static void has(struct rig *rig, const char *addr, unsigned int port, uint64_t age,
		enum sw_grade grade)
{
	struct sw_source key = {
		.addr = address(addr), .port = port, .length = strchr(addr, ':') ? 128 : 32};
	struct sw_known entry = {.ttl = 64, .grade = grade, .proofs = 1};

	entry.seen = monotonic_ns();
	entry.since = entry.seen - age;
	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN], &key, &entry,
					     BPF_NOEXIST),
			 0);
}

/* How many of the network /24 or /48 are left. */
static unsigned int left_of(struct rig *rig, const char *network)
{
	struct sw_source key = {.addr = address(network), .length = strchr(network, ':') ? 48 : 24};
	struct sw_quota quota = {};

	bpf_map_lookup_elem(rig->test_run.state.fds[STATE_QUOTAS], &key, &quota);
	return quota.count;
}

/* Over half of the table, who was never served makes room: of those with most. */
static void test_makes_room(void **state)
{
	auto_rig struct rig rig;
	char text[64];

	(void)state;
	rig_open(&rig, table_of_1024);
	for (unsigned int i = 0; i < 300; i++) {
		has(&rig, "198.51.100.7", i, 2 * HOUR, SW_GRADE_PROVED);
		/* Another filler uses each of its addresses twice. */
		snprintf(text, sizeof(text), "198.51.101.%u", i / 2);
		has(&rig, text, i, 2 * HOUR, SW_GRADE_PROVED);
	}
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), 512);
	assert_int_equal(tallied(&rig, SW_TALLY_KNOWN_LEFT), 88);
	assert_int_equal(left_of(&rig, "198.51.100.0"), 212); /* its address has most */
	assert_int_equal(left_of(&rig, "198.51.101.0"), 300);
	for (unsigned int i = 0; i < 100; i++)
		has(&rig, "203.0.113.7", i, HOUR, SW_GRADE_GOOD);
	for (unsigned int i = 0; i < 100; i++)
		has(&rig, "203.0.113.8", i, 29 * 60 * SECOND, SW_GRADE_PROVED);
	for (unsigned int i = 0; i < SW_QUOTA_FEW; i++)
		has(&rig, "192.0.2.7", i, 2 * HOUR, SW_GRADE_PROVED);
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), 512);
	assert_int_equal(left_of(&rig, "203.0.113.0"), 200); /* served, and young ones */
	assert_int_equal(left_of(&rig, "192.0.2.0"), SW_QUOTA_FEW);
	assert_int_equal(left_of(&rig, "198.51.100.0"), SW_QUOTA_FEW);
	assert_int_equal(left_of(&rig, "198.51.101.0"), 512 - 200 - 2 * SW_QUOTA_FEW);
	/* And there is room at once. */
	assert_true(fills(&rig, "192.0.2.9", SW_TALLY_KNOWN_QUOTA) > 0);
}

/* Half of the table is enough; and where only few of each are left, all stay. */
static void test_needs_no_room(void **state)
{
	auto_rig struct rig rig;
	char text[64];

	(void)state;
	rig_open(&rig, table_of_1024);
	for (unsigned int i = 0; i < 512; i++)
		has(&rig, "198.51.100.7", i, 2 * HOUR, SW_GRADE_PROVED);
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), 512);
	for (unsigned int i = 0; i < 512; i++) {
		snprintf(text, sizeof(text), "192.0.%u.7", i / SW_QUOTA_FEW);
		has(&rig, text, i, 2 * HOUR, SW_GRADE_PROVED);
	}
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), 512 + SW_QUOTA_FEW);
	assert_int_equal(left_of(&rig, "198.51.100.0"), SW_QUOTA_FEW);
	assert_int_equal(left_of(&rig, "192.0.31.0"), SW_QUOTA_FEW);
}

/* A provider's /32, with one endpoint in each network. */
static void test_block_makes_room(void **state)
{
	auto_rig struct rig rig;
	char text[64];

	(void)state;
	rig_open(&rig, table_of_1024);
	for (unsigned int i = 0; i < 700; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::1", i);
		has(&rig, text, 5060, 2 * HOUR, i < 100 ? SW_GRADE_GOOD : SW_GRADE_PROVED);
	}
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), 512);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::", i);
		assert_int_equal(left_of(&rig, text), 1);
	}
}

/* More than are sorted at once; and a sweep that is told to end ends, and takes nothing out. */
static void test_more_rows_than_sorted_at_once(void **state)
{
	const unsigned int networks = 200, each = 250;
	atomic_bool hurry = true;
	auto_rig struct rig rig;
	char text[64];

	(void)state;
	rig_open(&rig, "tables: {known: 65536}\n" YAML_PLAIN
		       "zones: [{name: public, newcomers: {rate: 1000/s}}]\n");
	for (unsigned int i = 0; i < networks * each; i++) {
		snprintf(text, sizeof(text), "10.7.%u.%u", i % networks, i / networks);
		has(&rig, text, 5060, 2 * HOUR, SW_GRADE_GOOD);
	}
	walk_hurry(&hurry);
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), -1);
	walk_hurry(NULL);
	assert_int_equal(left_of(&rig, "10.7.0.0"), 0);
	assert_int_equal(known_sweep(&rig.test_run.state, 24 * HOUR, NULL), networks * each);
	for (unsigned int i = 0; i < networks; i++) {
		snprintf(text, sizeof(text), "10.7.%u.0", i);
		assert_int_equal(left_of(&rig, text), each);
	}
}

/* A file that was filled when shares were larger, or by hand. */
static void test_restored_file_with_too_many(void **state)
{
	struct known_entry entries[200] = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, table_of_1024);
	for (unsigned int i = 0; i < array_size(entries); i++) {
		entries[i].endpoint = (struct sw_source){.addr = address(i < 100 ? "198.51.100.7" :
										   "203.0.113.7"),
							 .port = i,
							 .length = 32};
		entries[i].known =
			(struct sw_known){.since = monotonic_ns(),
					  .seen = monotonic_ns(),
					  .ttl = 64,
					  .grade = i < 100 ? SW_GRADE_PROVED : SW_GRADE_GOOD};
	}
	/* The served first: a 32nd of all that is free, then of what is left for all. */
	assert_int_equal(known_restore(&rig.test_run.state, entries, array_size(entries)), 31 + 26);
	assert_int_equal(known(&rig), 57);
	assert_int_equal(known_restore(&rig.test_run.state, entries, array_size(entries)), 0);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 0);
	assert_int_equal(known_sweep(&rig.test_run.state, HOUR, NULL), 57);
	assert_int_equal(fills(&rig, "198.51.100.7", SW_TALLY_KNOWN_QUOTA), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_and_network),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_part_kept_for_others),
		cmocka_unit_test(test_counted_anew),
		cmocka_unit_test(test_makes_room),
		cmocka_unit_test(test_needs_no_room),
		cmocka_unit_test(test_block_makes_room),
		cmocka_unit_test(test_more_rows_than_sorted_at_once),
		cmocka_unit_test(test_restored_file_with_too_many),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
