/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Crowds: one source on several CPUs at once, and more sources than any table has room for.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "kernel/known.h"
#include "kernel/memory.h"
#include "kernel/skeleton.h"

#include "rig.h"

#define THREADS 2
/* --- one source, several CPUs --- */

struct sender {
	const struct rig *rig;
	int cpu;
	int repeat; /* packets of one run */
	uint64_t sent;
	const bool *stop;
	int error;
};

static void *send_all(void *context)
{
	struct sender *s = context;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(s->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	do {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = s->rig->frame.octets,
			    .data_size_in = s->rig->frame.size, .repeat = s->repeat);

		if (bpf_prog_test_run_opts(s->rig->test_run.program, &opts) < 0)
			s->error = 1;
		s->sent += s->repeat;
	} while (!__atomic_load_n(s->stop, __ATOMIC_RELAXED));
	return NULL;
}

/* CPUs that this process may use, each its own sender. */
static int start_senders(const struct rig *rig, struct sender *senders, pthread_t *threads,
			 const bool *stop)
{
	cpu_set_t allowed;
	int count = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && count < THREADS; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		senders[count] =
			(struct sender){.rig = rig, .cpu = cpu, .repeat = 500, .stop = stop};
		assert_int_equal(pthread_create(&threads[count], NULL, send_all, &senders[count]),
				 0);
		count++;
	}
	return count;
}

static uint64_t join_senders(struct sender *senders, pthread_t *threads, int count)
{
	uint64_t sent = 0;

	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(senders[i].error, 0);
		sent += senders[i].sent;
	}
	return sent;
}

static void one_request(struct rig *rig)
{
	char text[1024];
	size_t size = request(text, sizeof(text), "OPTIONS", 1, NULL);

	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, false, text, size));
	rig->test_run.skel->bss->test_run_now = rig->test_run.now;
}

/* At one moment: the burst, and not one more, whoever asks. */
static void crowd_at_one_moment(const char *rates, enum sw_reason reason, uint64_t wanted)
{
	auto_free char *yaml = xasprintf("version: 1\n%s\n", rates);
	struct sender senders[THREADS];
	pthread_t threads[THREADS];
	auto_rig struct rig rig;
	bool stop = false;
	uint64_t sent;
	int count;

	rig_open(&rig, yaml);
	one_request(&rig);
	count = start_senders(&rig, senders, threads, &stop);
	while (counted(&rig, SW_MODE_ENFORCE, reason) < 20000)
		usleep(1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	sent = join_senders(senders, threads, count);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_NONE), wanted);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, reason), sent - wanted);
}

static void test_burst_is_exact(void **state)
{
	(void)state;
	crowd_at_one_moment("zones: [{name: public, rates: {source: {any: 100/s burst 1000}}}]",
			    SW_REASON_RATE_SOURCE, 1000);
	crowd_at_one_moment("zones: [{name: public, rates: {source: {OPTIONS: 100/s burst 777}}}]",
			    SW_REASON_RATE_SOURCE_METHOD, 777);
	crowd_at_one_moment("zones: [{name: public, rates: {prefix: 100/s burst 1000}}]",
			    SW_REASON_RATE_PREFIX, 1000);
	crowd_at_one_moment("zones: [{name: public, rates: {zone: 100/s burst 1000}}]",
			    SW_REASON_RATE_ZONE, 1000);
	crowd_at_one_moment("services: [{transport: udp, port: 5060, rate: 100/s burst 1000}]",
			    SW_REASON_RATE_SERVICE, 1000);
}

/* The clock runs on under the senders' hands: 20 s of it, a millisecond at a time. */
static void test_rate_is_exact(void **state)
{
	struct sender senders[THREADS];
	pthread_t threads[THREADS];
	auto_rig struct rig rig;
	bool stop = false;
	uint64_t passed, bound = 100 + 20 * 70;
	int count;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, rates: {source: {any: 70/s burst 100}}}]\n");
	one_request(&rig);
	count = start_senders(&rig, senders, threads, &stop);
	for (int ms = 0; ms < 20000; ms++) {
		__atomic_fetch_add(&rig.test_run.skel->bss->test_run_now, MS, __ATOMIC_RELAXED);
		usleep(20);
	}
	usleep(20000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_senders(senders, threads, count);
	passed = counted(&rig, SW_MODE_ENFORCE, SW_REASON_NONE);
	print_message("# %lu let in, at most %lu\n", (unsigned long)passed, (unsigned long)bound);
	/* How much less depends on what else these CPUs have to do. */
	assert_in_range(passed, bound / 2, bound);
}

/* --- more sources than tables have room --- */

/* A million sources a second for a minute, one in a thousand of them: 60,000, in tables of
 * 256 entries. */
#define FLOOD_PACKETS 60000

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Octets that the kernel has charged for all state maps. */
static uint64_t locked(const struct rig *rig)
{
	uint64_t sum = 0;

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		auto_free char *path =
			xasprintf("/proc/self/fdinfo/%d", rig->test_run.state.fds[i]);
		auto_file FILE *in = fopen(path, "r");
		unsigned long long octets = 0;
		char line[128];

		assert_non_null(in);
		while (fgets(line, sizeof(line), in))
			if (sscanf(line, "memlock: %llu", &octets) == 1)
				sum += octets;
	}
	return sum;
}

static void flood(struct rig *rig, unsigned int first, unsigned int count)
{
	char text[1024];

	for (unsigned int i = first; i < first + count; i++) {
		uint64_t random = mix(i + 1);
		size_t size = request(text, sizeof(text), "INVITE", i, NULL);
		struct endpoint from = rig->from;

		memcpy(from.addr.octets + 12, &random, 4);
		from.addr.octets[12] |= 1; /* not the endpoint of the rig */
		from.port = 1024 + (random >> 32) % 64000;
		rig->test_run.now += MS;
		assert_true(frame_message(&rig->frame, &from, &rig->to, false, text, size));
		gets_in_frame(rig);
	}
}

static void make_known(struct rig *rig)
{
	struct sw_source key = {.addr = rig->from.addr, .port = htons(5060), .length = 32};
	struct sw_known entry = {.since = rig->test_run.now,
				 .seen = rig->test_run.now,
				 .ttl = 64,
				 .grade = SW_GRADE_PROVED};

	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN], &key, &entry,
					     BPF_ANY),
			 0);
}

static void test_spoofed_flood_changes_nothing(void **state)
{
	auto_rig struct rig rig;
	struct prefix banned = {.addr = address("203.0.113.77"), .length = 32};
	struct error e = {};
	uint64_t memory, octets, decided = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "tables: {sources: 256, prefixes: 256, known: 256, proofs: 256, fragments: 256, "
		 "bans: 256, greylist: 256}\n"
		 "zones: [{name: public, newcomers: {rate: 5/s burst 5}, rates: {zone: 1000/s, "
		 "prefix: 100/s, source: {any: 40/s, INVITE: 10/s burst 10, dialog: 10/s}}}]\n");
	make_known(&rig);
	if (ban_add(&rig.test_run.state, &banned, BAN_FOREVER, NULL, NULL, &e) < 0)
		fail_msg("%s", e.text);
	flood(&rig, 0, 10000); /* what is made once is made */
	memory = locked(&rig);
	octets = state_memory(&rig.test_run.state);
	flood(&rig, 10000, FLOOD_PACKETS - 10000);
	assert_int_equal(locked(&rig), memory);
	assert_int_equal(state_memory(&rig.test_run.state), octets);
	/* All were counted, no newcomer became known, the ban stands, the endpoint calls. */
	for (int reason = 0; reason < SW_REASON_COUNT; reason++)
		decided += counted(&rig, SW_MODE_ENFORCE, reason);
	assert_int_equal(decided, FLOOD_PACKETS);
	assert_in_range(counted(&rig, SW_MODE_ENFORCE, SW_REASON_NONE), 300, 60 * 5 + 5 + 20);
	assert_int_equal(known_count(&rig.test_run.state, &e), 1);
	for (unsigned int i = 0; i < 10; i++)
		sends_method(&rig, "INVITE", FLOOD_PACKETS + i, SW_REASON_NONE);
	sends_method(&rig, "INVITE", FLOOD_PACKETS + 10, SW_REASON_RATE_SOURCE_METHOD);
	rig.from.addr = banned.addr;
	sends_method(&rig, "INVITE", 1, SW_REASON_BAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_is_exact),
		cmocka_unit_test(test_rate_is_exact),
		cmocka_unit_test(test_spoofed_flood_changes_nothing),
	};

	return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
