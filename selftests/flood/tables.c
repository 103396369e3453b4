/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the load test: fills the pinned tables of bans and known endpoints, as if it had taken
 * years, and watches the heartbeat that the agent writes.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sipward/quota.h>
#include <sipward/reasons.h>
#include <sipward/state.h>

#define NS_PER_SEC 1000000000ull
#define BATCH      4096
#define SAMPLE_US  100000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static __attribute__((noreturn)) void die(const char *what)
{
	fprintf(stderr, "tables: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_map(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		die(path);
	return fd;
}

static struct sw_source host(uint32_t address, uint16_t port)
{
	struct sw_source source = {.port = htons(port), .length = 32};

	source.addr.octets[10] = source.addr.octets[11] = 0xff;
	source.addr.words[3] = htonl(address);
	return source;
}

/* Of three bans one is by hand; they end in an hour or later, each at another time. */
static void fill_bans(int map, uint32_t count)
{
	static struct sw_source keys[BATCH];
	static struct sw_ban bans[BATCH];
	uint64_t now = now_ns();

	for (uint32_t done = 0, some; done < count; done += some) {
		some = count - done < BATCH ? count - done : BATCH;
		for (uint32_t i = 0; i < some; i++) {
			uint32_t number = done + i;

			keys[i] = host((20u << 24) + number * 7, 0);
			bans[i] = (struct sw_ban){
				.start = now,
				.end = now + 3600 * NS_PER_SEC + number * 1000ull,
				.reason = number % 3 ? SW_REASON_AUTH_FAILURES : SW_REASON_BAN,
			};
			if (number % 3 == 0)
				snprintf(bans[i].note, sizeof(bans[i].note), "by hand %u", number);
			else
				bans[i].evidence = 10;
		}
		if (bpf_map_update_batch(map, keys, bans, &some, NULL) < 0)
			die("bans");
	}
}

static void fill_known(int map, int fill, uint32_t count)
{
	static struct sw_source keys[BATCH];
	static struct sw_known known[BATCH];
	uint64_t now = now_ns(), entered = count;
	uint32_t cell = SW_KNOWN_ENTERED;

	for (uint32_t done = 0, some; done < count; done += some) {
		some = count - done < BATCH ? count - done : BATCH;
		for (uint32_t i = 0; i < some; i++) {
			keys[i] = host((60u << 24) + (done + i) * 5, 5060);
			known[i] = (struct sw_known){.since = now,
						     .seen = now,
						     .ttl = 64,
						     .grade = SW_GRADE_GOOD,
						     .proofs = 1};
		}
		if (bpf_map_update_batch(map, keys, known, &some, NULL) < 0)
			die("known");
	}
	if (bpf_map_update_elem(fill, &cell, &entered, BPF_ANY) < 0)
		die("known_fill");
}

/* Prints the greatest age of the heartbeat in milliseconds, and how often it was looked at. */
static void watch(int map, unsigned int seconds)
{
	uint64_t end = now_ns() + seconds * NS_PER_SEC, oldest = 0;
	unsigned int samples = 0;

	while (now_ns() < end) {
		struct sw_health health;
		uint32_t zero = 0;
		uint64_t age;

		if (bpf_map_lookup_elem(map, &zero, &health) < 0)
			die("health");
		age = now_ns() - health.heartbeat;
		oldest = age > oldest ? age : oldest;
		samples++;
		usleep(SAMPLE_US);
	}
	printf("%llu %u\n", (unsigned long long)(oldest / 1000000), samples);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "fill") == 0) {
		fill_bans(open_map(argv[2], "bans"), (uint32_t)strtoul(argv[3], NULL, 10));
		fill_known(open_map(argv[2], "known"), open_map(argv[2], "known_fill"),
			   (uint32_t)strtoul(argv[4], NULL, 10));
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "watch") == 0) {
		watch(open_map(argv[2], "health"), (unsigned int)strtoul(argv[3], NULL, 10));
		return 0;
	}
	fputs("usage: tables fill PIN-DIRECTORY BANS KNOWN\n"
	      "       tables watch PIN-DIRECTORY SECONDS\n",
	      stderr);
	return 2;
}
