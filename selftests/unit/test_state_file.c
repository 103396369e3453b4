/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The file that known endpoints and bans survive a reboot in: entries come back with their ages on
 * another monotonic clock, and a damaged file gives nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "agent/state_file.h"
#include "policy/prefix.h"

#include <cmocka.h>

#define SECONDS(n) (SW_NS_PER_SEC * (n))
#define DAY        SECONDS(86400)

/* Long after the boot, and shortly after the next one an hour later. */
static const struct clocks before = {.monotonic = SECONDS(500000), .wall = SECONDS(1800000000)};
static const struct clocks after = {.monotonic = SECONDS(20), .wall = SECONDS(1800003600)};

struct place {
	char directory[64];
	char path[128];
	char fresh[128];
};

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	strcpy(p->directory, "/tmp/sipward-state.XXXXXX");
	if (!mkdtemp(p->directory))
		return -1;
	rmdir(p->directory); /* the file's last directory is made when it is missing */
	snprintf(p->path, sizeof(p->path), "%s/state", p->directory);
	snprintf(p->fresh, sizeof(p->fresh), "%s/state.new", p->directory);
	*state = p;
	return 0;
}

static int drop_place(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	rmdir(p->fresh);
	rmdir(p->directory);
	free(p);
	return 0;
}

static struct known_entry known(const char *addr, uint16_t port, uint64_t since, uint64_t seen)
{
	struct known_entry entry = {
		.endpoint.port = __builtin_bswap16(port),
		.known = {.since = since,
			  .seen = seen,
			  .vlan = 42,
			  .ttl = 63,
			  .grade = SW_GRADE_GOOD,
			  .proofs = 7},
	};

	assert_int_equal(addr_parse(addr, &entry.endpoint.addr), 0);
	entry.endpoint.length = addr_is_ipv4(&entry.endpoint.addr) ? 32 : 128;
	return entry;
}

static struct ban_entry ban(const char *source, uint64_t end, const char *note)
{
	struct ban_entry entry = {
		.ban = {.start = before.monotonic - SECONDS(60),
			.end = end,
			.hits = 5,
			.evidence = 9,
			.reason = SW_REASON_BAN},
	};
	const char *why;

	assert_int_equal(prefix_parse(source, &entry.source, &why), 0);
	strcpy(entry.ban.note, note);
	return entry;
}

static void write_both(const struct place *p)
{
	struct known_entry endpoints[] = {
		known("192.0.2.1", 5060, SECONDS(1), before.monotonic - SECONDS(100)),
		known("2001:db8::1", 40000, SECONDS(1), before.monotonic),
		known("192.0.2.2", 5060, SECONDS(1), before.monotonic - DAY + SECONDS(1)),
	};
	struct ban_entry bans[] = {
		ban("192.0.2.66", before.monotonic + SECONDS(7200), "two hours, by hand"),
		ban("192.0.2.67", before.monotonic + SECONDS(1800), "half an hour"),
		ban("2001:db8:1::/64", BAN_FOREVER, ""),
	};
	const struct saved saved = {
		.known = endpoints,
		.known_count = 3,
		.bans = bans,
		.ban_count = 3,
	};
	struct error e = {0};

	if (state_file_write(p->path, &saved, before, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_written_and_read_back(void **state)
{
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct known_entry *first;
	struct error e = {0};
	struct stat st;
	char text[64];

	write_both(p);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(p->fresh, F_OK), -1);
	if (state_file_read(p->path, after, DAY, &saved, &e) != 1)
		fail_msg("%s", e.text);
	assert_int_equal(saved.age, SECONDS(3600));
	assert_int_equal(saved.known_count, 2);
	assert_int_equal(saved.ban_count, 2);
	assert_int_equal(saved.expired, 2);
	first = &saved.known[0];
	assert_string_equal(addr_text(&first->endpoint.addr, text, sizeof(text)), "192.0.2.1");
	assert_int_equal(first->endpoint.port, __builtin_bswap16(5060));
	assert_int_equal(first->endpoint.length, 32);
	assert_int_equal(first->endpoint.zone, 0);
	/* It was seen before the kernel started: only the difference means anything. */
	assert_int_equal(after.monotonic - first->known.seen, SECONDS(3700));
	assert_int_equal(after.monotonic - first->known.since, SECONDS(500000 - 1 + 3600));
	assert_int_equal(first->known.vlan, 42);
	assert_int_equal(first->known.ttl, 63);
	assert_int_equal(first->known.grade, SW_GRADE_GOOD);
	assert_int_equal(first->known.proofs, 7);
	assert_int_equal(saved.known[1].endpoint.length, 128);
	assert_string_equal(prefix_text(&saved.bans[0].source, text, sizeof(text)), "192.0.2.66");
	assert_int_equal(saved.bans[0].ban.end, after.monotonic + SECONDS(3600));
	assert_int_equal(saved.bans[0].ban.hits, 5);
	assert_int_equal(saved.bans[0].ban.evidence, 9);
	assert_int_equal(saved.bans[0].ban.reason, SW_REASON_BAN);
	assert_string_equal(saved.bans[0].ban.note, "two hours, by hand");
	assert_string_equal(prefix_text(&saved.bans[1].source, text, sizeof(text)),
			    "2001:db8:1::/64");
	assert_true(saved.bans[1].ban.end == BAN_FOREVER);
	assert_string_equal(saved.bans[1].ban.note, "");
}

/* A host without a battery wakes up in 1970: then no time has passed. */
static void test_clock_behind(void **state)
{
	const struct clocks young = {.monotonic = SECONDS(20), .wall = SECONDS(100)};
	const struct place *p = *state;
	auto_saved struct saved saved = {0};

	write_both(p);
	assert_int_equal(state_file_read(p->path, young, DAY, &saved, NULL), 1);
	assert_int_equal(saved.age, 0);
	assert_int_equal(saved.known_count, 3);
	assert_int_equal(saved.ban_count, 3);
	assert_int_equal(saved.expired, 0);
	assert_int_equal(saved.bans[1].ban.end, young.monotonic + SECONDS(1800));
}

static void test_nothing_there(void **state)
{
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct error e = {0};

	assert_int_equal(state_file_read(p->path, after, DAY, &saved, &e), 0);
	assert_int_equal(e.code, EXIT_OK);
}

/* Whichever octet is changed, wherever the file ends. */
static void test_damaged(void **state)
{
	const struct place *p = *state;
	auto_free char *good = NULL;
	size_t size;

	write_both(p);
	good = read_whole_file(p->path, 1 << 20, &size, NULL);
	for (size_t i = 0; i < 2 * size; i++) {
		auto_saved struct saved saved = {0};
		auto_file FILE *out = fopen(p->path, "w");
		char octet = good[i % size];
		struct error e = {0};

		if (i < size)
			good[i] ^= 1;
		assert_int_equal(fwrite(good, 1, i < size ? size : i - size, out),
				 i < size ? size : i - size);
		fflush(out);
		good[i % size] = octet;
		assert_int_equal(state_file_read(p->path, after, DAY, &saved, &e), -1);
		assert_int_equal(strncmp(e.text, p->path, strlen(p->path)), 0);
		assert_int_equal(saved.known_count + saved.ban_count, 0);
	}
}

static void write_text(const char *path, const char *text)
{
	auto_file FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
}

static void test_other_version(void **state)
{
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct error e = {0};

	assert_int_equal(mkdir(p->directory, 0700), 0);
	write_text(p->path, "sipward-state 3\n");
	assert_int_equal(state_file_read(p->path, after, DAY, &saved, &e), -1);
	assert_non_null(strstr(e.text, "another version"));
}

/* A user who may write the file could let himself in. */
static void test_writable_by_others(void **state)
{
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct error e = {0};

	write_both(p);
	chmod(p->path, 0622);
	assert_int_equal(state_file_read(p->path, after, DAY, &saved, &e), -1);
	assert_non_null(strstr(e.text, "another user"));
}

/* The old file stays when the new one cannot be written. */
static void test_not_written(void **state)
{
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct error e = {0};

	write_both(p);
	assert_int_equal(mkdir(p->fresh, 0700), 0); /* where the new one would be */
	assert_int_equal(state_file_write(p->path, &saved, after, &e), -1);
	assert_non_null(strstr(e.text, "cannot be written"));
	assert_int_equal(state_file_read(p->path, after, DAY, &saved, NULL), 1);
	assert_int_equal(saved.known_count, 2);
}

/* Written by the version with ABI 6, in which the number of a reason was its position. */
static const char from_abi_6[] =
	"sipward-state 2\n"
	"written 1800000000\n"
	"known 192.0.2.1 5060 42 63 good 7 1799999100 1799999991\n"
	"ban 192.0.2.66 ban 0 0 0 1799999940 1800007200 by hand: two hours\n"
	"ban 192.0.2.67 none 0 1 10 1799999940 never let in by hand\n"
	"ban 192.0.2.68 auth_failures 0 2 20 1799999940 1800007200 \n"
	"ban 2001:db8:1::/64 enumeration 0 3 30 1799999940 1800007200 \n"
	"ban 192.0.2.70 sanity_violations 0 4 40 1799999940 never \n"
	"crc32 bd4e036c\n";

static void test_earlier_version(void **state)
{
	static const uint16_t numbers[] = {11, 0, 12, 13, 14};
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	auto_free char *again = NULL;
	struct error e = {0};
	size_t size;

	assert_int_equal(mkdir(p->directory, 0700), 0);
	write_text(p->path, from_abi_6);
	chmod(p->path, 0600);
	if (state_file_read(p->path, before, DAY, &saved, &e) != 1)
		fail_msg("%s", e.text);
	assert_int_equal(saved.known_count, 1);
	assert_int_equal(saved.ban_count, array_size(numbers));
	for (size_t i = 0; i < array_size(numbers); i++) {
		assert_int_equal(saved.bans[i].ban.reason, numbers[i]);
		assert_int_equal(saved.bans[i].ban.evidence, i);
	}
	assert_int_equal(state_file_write(p->path, &saved, before, &e), 0);
	again = read_whole_file(p->path, 1 << 20, &size, &e);
	assert_string_equal(again, from_abi_6);
}

/* A table that a later version pinned has numbers that this one has no name for. */
static void test_later_reason(void **state)
{
	struct ban_entry later = ban("192.0.2.66", BAN_FOREVER, "");
	const struct saved written = {.bans = &later, .ban_count = 1};
	const struct place *p = *state;
	auto_saved struct saved saved = {0};
	struct error e = {0};

	later.ban.reason = 250;
	assert_int_equal(state_file_write(p->path, &written, before, &e), 0);
	if (state_file_read(p->path, after, DAY, &saved, &e) != 1)
		fail_msg("%s", e.text);
	assert_int_equal(saved.ban_count, 1);
	assert_int_equal(saved.bans[0].ban.reason, 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_and_read_back, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_clock_behind, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_nothing_there, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_damaged, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_other_version, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_writable_by_others, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_not_written, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_earlier_version, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_later_reason, make_place, drop_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
