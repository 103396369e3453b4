/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The tables of lists and zones change under a program that runs: what a packet finds before and
 * after, that limits stay spent, and that more hosts than the hash has room for are found, too.
 */
#include "kernel/list_change.h"
#include "kernel/skeleton.h"
#include "policy/text.h"
#include "rig.h"

#define DENY    "/deny"
#define FRIENDS "/friends"
#define ALLOW   "/allow"

struct lists {
	struct rig rig;
	char folder[32];
	char *yaml;
};

static void write_list(const struct lists *l, const char *name, const char *text)
{
	auto_free char *path = xasprintf("%s%s", l->folder, name);
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static void open_lists(struct lists *l, const char *deny, const char *friends)
{
	strcpy(l->folder, "/tmp/sipward-lists.XXXXXX");
	assert_non_null(mkdtemp(l->folder));
	l->yaml = xasprintf(YAML_PLAIN
			    "lists: {deny: [%s" DENY "], allow: [198.51.100.99, %s" ALLOW "]}\n"
			    "zones:\n"
			    "  - {name: friends, sources: [%s" FRIENDS "], methods: [OPTIONS]}\n"
			    "  - {name: public, rates: {source: {REGISTER: 1/10m burst 2}}}\n",
			    l->folder, l->folder, l->folder);
	write_list(l, DENY, deny);
	write_list(l, FRIENDS, friends);
	write_list(l, ALLOW, "");
	rig_open(&l->rig, l->yaml);
}

static void close_lists(struct lists *l)
{
	static const char *const names[] = {DENY, FRIENDS, ALLOW};

	for (size_t i = 0; i < array_size(names); i++) {
		auto_free char *path = xasprintf("%s%s", l->folder, names[i]);

		unlink(path);
	}
	rmdir(l->folder);
	free(l->yaml);
	rig_close(&l->rig);
}
#define auto_lists cleanup(close_lists)

/* The files as they are now take the place of what runs. */
static void exchange(struct lists *l)
{
	const struct sipward_bpf *skel = l->rig.test_run.skel;
	const struct live live = {
		.zones = {bpf_map__fd(skel->maps.zones_v4), bpf_map__fd(skel->maps.zones_v6)},
		.lists = {bpf_map__fd(skel->maps.lists_v4), bpf_map__fd(skel->maps.lists_v6)},
		.hosts = bpf_map__fd(skel->maps.list_hosts),
	};
	struct policy next = {};
	struct error e = {};

	if (policy_parse("test.yaml", l->yaml, strlen(l->yaml), &next, &e) < 0 ||
	    lists_exchange_in(&live, &l->rig.test_run.state, &l->rig.policy, &next, &e) < 0)
		fail_msg("%s", e.text);
	policy_free(&l->rig.policy);
	l->rig.policy = next;
}

static void change(struct lists *l, const char *deny, const char *friends)
{
	write_list(l, DENY, deny);
	write_list(l, FRIENDS, friends);
	exchange(l);
}

static void finds(struct lists *l, const char *source, const char *method, enum sw_reason reason)
{
	static unsigned int n;

	l->rig.from.addr = address(source);
	l->rig.to.addr = address(strchr(source, ':') ? "2001:db8::1" : "192.0.2.1");
	sends_method(&l->rig, method, ++n, reason);
}

static void test_lists(void **state)
{
	auto_lists struct lists l = {};

	(void)state;
	open_lists(&l, "203.0.113.1\n203.0.114.0/24\n2001:db8:1::/48\n2001:db8:2::2\n", "");
	finds(&l, "203.0.113.1", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "203.0.113.2", "OPTIONS", SW_REASON_NONE);
	finds(&l, "203.0.114.2", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "2001:db8:1::1", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "2001:db8:2::2", "OPTIONS", SW_REASON_DENY_LIST);
	change(&l, "203.0.113.2\n203.0.114.128/25\n2001:db8:1:1::/64\n2001:db8:2::3\n", "");
	finds(&l, "203.0.113.1", "OPTIONS", SW_REASON_NONE);
	finds(&l, "203.0.113.2", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "203.0.114.2", "OPTIONS", SW_REASON_NONE);
	finds(&l, "203.0.114.200", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "2001:db8:1::1", "OPTIONS", SW_REASON_NONE);
	finds(&l, "2001:db8:1:1::1", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "2001:db8:2::2", "OPTIONS", SW_REASON_NONE);
	finds(&l, "2001:db8:2::3", "OPTIONS", SW_REASON_DENY_LIST);
	change(&l, "# nothing\n", "");
	finds(&l, "203.0.113.2", "OPTIONS", SW_REASON_NONE);
	finds(&l, "203.0.114.200", "OPTIONS", SW_REASON_NONE);
	finds(&l, "2001:db8:1:1::1", "OPTIONS", SW_REASON_NONE);
	/* The policy's own entry was there all the time, and says something else than the file. */
	change(&l, "198.51.100.99\n198.51.100.98\n", "");
	finds(&l, "198.51.100.99", "OPTIONS", SW_REASON_NONE);
	finds(&l, "198.51.100.98", "OPTIONS", SW_REASON_DENY_LIST);
	/* From one list to the other. */
	change(&l, "198.51.100.98\n203.0.115.0/24\n", "");
	finds(&l, "203.0.115.1", "OPTIONS", SW_REASON_DENY_LIST);
	write_list(&l, ALLOW, "198.51.100.98\n203.0.115.0/24\n");
	exchange(&l);
	finds(&l, "198.51.100.98", "OPTIONS", SW_REASON_NONE);
	finds(&l, "203.0.115.1", "OPTIONS", SW_REASON_NONE);
	write_list(&l, ALLOW, "");
	exchange(&l);
	finds(&l, "198.51.100.98", "OPTIONS", SW_REASON_DENY_LIST);
	finds(&l, "203.0.115.1", "OPTIONS", SW_REASON_DENY_LIST);
}

static void test_zones(void **state)
{
	auto_lists struct lists l = {};

	(void)state;
	open_lists(&l, "", "203.0.113.0/24\n");
	finds(&l, "203.0.113.1", "REGISTER", SW_REASON_METHOD);
	finds(&l, "203.0.114.1", "REGISTER", SW_REASON_NONE);
	finds(&l, "203.0.114.1", "REGISTER", SW_REASON_NONE);
	finds(&l, "203.0.114.1", "REGISTER", SW_REASON_RATE_SOURCE_METHOD);
	change(&l, "", "203.0.114.0/24\n2001:db8:1::/48\n");
	finds(&l, "203.0.113.1", "REGISTER", SW_REASON_NONE);
	finds(&l, "203.0.114.1", "REGISTER", SW_REASON_METHOD);
	finds(&l, "2001:db8:1::1", "REGISTER", SW_REASON_METHOD);
	/* Back in its zone, its limit is as it was. */
	change(&l, "", "203.0.113.0/24\n");
	finds(&l, "203.0.114.1", "REGISTER", SW_REASON_RATE_SOURCE_METHOD);
	finds(&l, "2001:db8:1::1", "REGISTER", SW_REASON_NONE);
}

static char *many(unsigned int count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "10.%u.%u.%u\n", i >> 16, i >> 8 & 255, i & 255);
	fclose(out);
	return text;
}

/* The host with this number in the list of many. */
static void finds_number(struct lists *l, unsigned int i, enum sw_reason reason)
{
	auto_free char *host = xasprintf("10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);

	finds(l, host, "OPTIONS", reason);
}

/* Each host where the hash ends, some of the others. */
static unsigned int step(unsigned int i, unsigned int room)
{
	unsigned int next = i + 997;

	if (i < room - 3)
		return next < room - 3 ? 997 : room - 3 - i;
	return i <= room + 3 ? 1 : 997;
}

static void test_more_than_the_hash_holds(void **state)
{
	unsigned int room, count;
	auto_free char *text = NULL;
	auto_lists struct lists l = {};

	(void)state;
	open_lists(&l, "", "");
	room = bpf_map__max_entries(l.rig.test_run.skel->maps.list_hosts);
	count = room + 5000;
	text = many(count);
	change(&l, text, "");
	for (unsigned int i = 0; i < count; i += step(i, room))
		finds_number(&l, i, SW_REASON_DENY_LIST);
	finds_number(&l, count - 1, SW_REASON_DENY_LIST);
	finds_number(&l, count, SW_REASON_NONE);
	change(&l, "10.0.0.0\n", "");
	finds_number(&l, 0, SW_REASON_DENY_LIST);
	for (unsigned int i = 1; i < count; i += step(i, room))
		finds_number(&l, i, SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_more_than_the_hash_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
