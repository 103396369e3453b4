/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The verifier's budget: how many instructions it walks, against selftests/packets/verifier.tsv.
 * Growth is paid on every reload of every host; how long that takes is printed, and hangs on the
 * machine. And what the kernel is told of the program beside its instructions.
 */
#include "policy/text.h"
#include "rig.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <time.h>

#define BASELINE "selftests/packets/verifier.tsv"
#define GROWTH   110 /* percent */

/* Everything that a policy can switch on. */
static const char *const everything =
	"version: 1\n"
	"services: [{transport: udp, port: 5060-5070, rate: 1000/s}, {transport: tcp, port: 5060}, "
	"{transport: tls, port: 5061}, {transport: udp, port: 5080, addresses: [192.0.2.1]}]\n"
	"fragments: drop\n"
	"privacy: {hosts: [core.example.net]}\n"
	"sanity: {profile: strict, body: sdp}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24, \"2001:db8::/32\"], methods: [INVITE],\n"
	"     newcomers: {rate: 100/s}, count: address+port,\n"
	"     responses: expected, to_tag: proven, tcp: close, connections: 9,\n"
	"     bans: {auth_failures: 10/60s, account: 30/10m, enumeration: 20/60s, sanity: 30/60s},\n"
	"     calls: {source: 4, zone: 200},\n"
	"     require: ipsec, teardown: deny, digest_leak: deny, loop: deny,\n"
	"     fraud: {destinations: 30/10m, sweep: deny},\n"
	"     privacy: {report: [P-Asserted-Identity], deny: [addresses, hosts]},\n"
	"     egress: {methods: [INVITE], unlisted: deny, statuses: {deny: [3xx]},\n"
	"     content_types: {deny: [message/cpim]}, headers: {report: [Route]}},\n"
	"     rates: {zone: 1000/s, prefix: 500/s, callee: 5/s,\n"
	"     source: {any: 100/s, INVITE: 10/s, dialog: 100/s, response: 100/s,\n"
	"     keepalive: 10/s, stun: 10/s, malformed: 10/s, syn: 10/s, tls: 10/s}},\n"
	"     routing: {routes: 8, record_routes: 8, max_breadth: 60, own_via: report},\n"
	"     headers: {report: [Diversion], deny: [Route, P-Asserted-Identity]},\n"
	"     statuses: {deny: [3xx]}, content_types: {deny: [application/vnd.3gpp.sms]},\n"
	"     caller: {deny: [+49]}, callee: {deny: [+882], high_risk: deny}}\n"
	"  - {name: public, mode: monitor}\n"
	"lists: {deny: [198.51.100.0/24, 192.0.2.9], allow: [198.51.100.1]}\n"
	"signatures: {user_agent: builtin, structure: deny}\n"
	"injection: deny\n"
	"rules: [{name: a, header: X-Foo, contains: bad, body_contains: evil, action: deny,\n"
	"in_dialog: deny}, {name: b, header: Request-URI, longer: 99},\n"
	"{name: c, header: Contact, prefix: bad, nocase: true}]\n"
	"emergency: {numbers: [\"112\"]}\n"
	"dial_prefixes: {international: [\"00\"], national: [\"0\"], country: \"49\"}\n"
	"shadow: [method]\n";

/* The baseline of this compiler's major version and policy; 0 when there is none. */
static unsigned long baseline(const char *policy)
{
	auto_file FILE *in = fopen(BASELINE, "r");
	char line[256], compiler[64], name[64];
	unsigned long instructions;
	size_t major = strcspn(SIPWARD_COMPILER, ".");

	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		if (line[0] != '#' &&
		    sscanf(line, "%63[^\t]\t%63[^\t]\t%lu", compiler, name, &instructions) == 3 &&
		    strlen(compiler) == major && strncmp(compiler, SIPWARD_COMPILER, major) == 0 &&
		    strcmp(name, policy) == 0)
			return instructions;
	return 0;
}

/* Of this process, in nanoseconds: the verifier works inside the call, and a machine that is busy
 * with something else is no regression. */
static uint64_t processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void within_budget(const char *name, const char *yaml)
{
	uint64_t start, took;
	auto_policy struct policy policy = {};
	auto_test_run struct test_run test_run = {.state = STATE_CLOSED, .counters = -1};
	unsigned long wanted = baseline(name), walked;
	struct error e = {};

	if (policy_parse(name, yaml, strlen(yaml), &policy, &e) < 0)
		fail_msg("%s", e.text);
	start = processor_time();
	if (test_run_open_real(&test_run, &policy, &e) < 0)
		fail_msg("%s", e.text);
	took = processor_time() - start;
	walked = test_run_verified(&test_run);
	print_message("# %s: %s: %lu instructions verified (baseline %lu), loaded in %lu ms\n",
		      SIPWARD_COMPILER, name, walked, wanted, (unsigned long)(took / 1000000));
	if (!wanted)
		fail_msg("%s has no line for %s and policy %s: add one", BASELINE, SIPWARD_COMPILER,
			 name);
	assert_true(walked > 0);
	assert_true(walked * 100 <= wanted * GROWTH);
}

static void test_small_policy(void **state)
{
	(void)state;
	within_budget("small", YAML_PLAIN);
}

static void test_everything_on(void **state)
{
	(void)state;
	within_budget("everything", everything);
}

/* The data that libxdp looks for, at the place where it looks, to order programs on one
 * interface. */
static void test_run_config(void **state)
{
	auto_policy struct policy policy = {};
	auto_test_run struct test_run test_run = {.state = STATE_CLOSED, .counters = -1};
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct error e = {};
	struct btf *types;

	(void)state;
	assert_int_equal(policy_parse("small", YAML_PLAIN, strlen(YAML_PLAIN), &policy, &e), 0);
	assert_int_equal(test_run_open_real(&test_run, &policy, &e), 0);
	assert_int_equal(bpf_obj_get_info_by_fd(test_run.program, &info, &size), 0);
	types = btf__load_from_kernel_by_id(info.btf_id);
	assert_non_null(types);
	assert_true(btf__find_by_name_kind(types, ".xdp_run_config", BTF_KIND_DATASEC) > 0);
	assert_true(btf__find_by_name_kind(types, "_sipward_xdp", BTF_KIND_VAR) > 0);
	btf__free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_policy),
		cmocka_unit_test(test_everything_on),
		cmocka_unit_test(test_run_config),
	};

	return cmocka_run_group_tests_name("verifier", tests, NULL, NULL);
}
