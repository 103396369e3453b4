/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The names that interfaces have among the pins, and the files that nobody else may open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "kernel/paths.h"
#include "kernel/private.h"

#include <cmocka.h>

static void assert_pin(const char *iface, const char *expected)
{
	char name[PIN_NAME_MAX], back[IFNAMSIZ];

	pin_name(name, iface);
	assert_string_equal(name, expected);
	assert_true(pin_name_read(name, back));
	assert_string_equal(back, iface);
}

static void test_names(void **state)
{
	(void)state;
	assert_pin("eth0", "if:eth0");
	assert_pin("eth0.100", "if:eth0%2E100");
	assert_pin("bans", "if:bans");
	assert_pin("a%2Eb", "if:a%252Eb");
	assert_pin("br-lan_1", "if:br-lan_1");
	assert_pin("\xc3\xbcplink", "if:%C3%BCplink");
	assert_pin("...............", "if:%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E");
}

/* Each interface has one name, and each name one interface. */
static void test_wrong_names(void **state)
{
	static const char *const wrong[] = {
		"",           "eth0",        "meta",
		"if:",        "if:eth0.100", "if:eth0%2e100",
		"if:%65th0",  "if:eth0%",    "if:eth0%2",
		"if:eth0%ZZ", "if:% 2",      "if:1234567890123456",
		"moving:3",   "if:a%00",
	};
	char iface[IFNAMSIZ];

	(void)state;
	for (size_t i = 0; i < array_size(wrong); i++)
		if (pin_name_read(wrong[i], iface))
			fail_msg("'%s' is read as '%s'", wrong[i], iface);
}

/* --- files --- */

struct place {
	char directory[64];
	char path[128];
};

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	strcpy(p->directory, "/tmp/sipward-paths.XXXXXX");
	if (!mkdtemp(p->directory))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/run", p->directory);
	*state = p;
	return 0;
}

static int drop_place(void **state)
{
	struct place *p = *state;
	auto_free char *command = xasprintf("rm -rf '%s'", p->directory);
	int done = system(command);

	free(p);
	return done;
}

static int mode_of(const char *path)
{
	struct stat is;

	return lstat(path, &is) < 0 ? -1 : (int)(is.st_mode & 07777);
}

static int directory(const struct place *p, struct error *e)
{
	auto_fd int fd = private_directory(p->path, "lock", e);

	return fd < 0 ? -1 : 0;
}

static void test_directory(void **state)
{
	struct place *p = *state;
	struct error e = {};

	assert_int_equal(directory(p, &e), 0);
	assert_int_equal(mode_of(p->path), 0700);
	/* Empty, or with our file in it, it is corrected. */
	chmod(p->path, 0755);
	assert_int_equal(directory(p, &e), 0);
	assert_int_equal(mode_of(p->path), 0700);
}

static void put(const struct place *p, const char *name, int mode)
{
	auto_free char *path = xasprintf("%s/%s", p->path, name);
	auto_file FILE *file = fopen(path, "w");

	assert_non_null(file);
	chmod(path, mode);
}

static void test_directory_of_others(void **state)
{
	struct place *p = *state;
	struct error e = {};

	mkdir(p->path, 0755);
	put(p, "something", 0644);
	assert_int_equal(directory(p, &e), -1);
	assert_non_null(strstr(e.text, "not sipward's"));
	assert_int_equal(mode_of(p->path), 0755);
	put(p, "lock", 0644);
	assert_int_equal(directory(p, &e), 0);
	assert_int_equal(mode_of(p->path), 0700);
}

static void test_links(void **state)
{
	struct place *p = *state;
	struct error e = {}, other = {};
	auto_fd int fd = -1;
	auto_free char *real = xasprintf("%s/real", p->directory);
	auto_free char *target = xasprintf("%s/target", p->directory);
	auto_free char *lock = xasprintf("%s/lock", real);

	mkdir(real, 0700);
	assert_int_equal(symlink(real, p->path), 0);
	assert_int_equal(directory(p, &e), -1);
	assert_non_null(strstr(e.text, "symbolic link"));
	unlink(p->path);
	snprintf(p->path, sizeof(p->path), "%s", real);
	assert_int_equal(symlink(target, lock), 0);
	fd = private_directory(real, "lock", &e);
	assert_true(fd >= 0);
	assert_int_equal(private_file(fd, real, "lock", &other), -1);
	assert_non_null(strstr(other.text, "symbolic link"));
	assert_int_equal(mode_of(target), -1);
}

static void test_file(void **state)
{
	struct place *p = *state;
	struct error e = {};
	auto_fd int fd = private_directory(p->path, "lock", &e), file = -1, pipe = -1, foreign = -1;
	auto_free char *path = xasprintf("%s/lock", p->path);
	auto_free char *fifo = xasprintf("%s/fifo", p->path);

	put(p, "lock", 0644);
	file = private_file(fd, p->path, "lock", &e);
	assert_true(file >= 0);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	pipe = private_file(fd, p->path, "fifo", &e);
	assert_int_equal(pipe, -1);
	assert_non_null(strstr(e.text, "not a regular file"));
	if (geteuid() != 0 || chown(path, 65534, 65534) < 0)
		return;
	memset(&e, 0, sizeof(e));
	foreign = private_file(fd, p->path, "lock", &e);
	assert_int_equal(foreign, -1);
	assert_non_null(strstr(e.text, "belongs to user 65534"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_wrong_names),
		cmocka_unit_test_setup_teardown(test_directory, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_directory_of_others, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_links, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_file, make_place, drop_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
