/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Code that the senders of the lab share. All senders are bounded, and run only where no real wire
 * may hang.
 */
#ifndef SIPWARD_FLOOD_SENDER_H
#define SIPWARD_FLOOD_SENDER_H

#include <errno.h>
#include <glob.h>
#include <net/ethernet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NS_PER_SEC 1000000000ull

static inline __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* /proc/1/ns/net cannot be read everywhere; a namespace that has a name was made on purpose. */
static inline void refuse_unnamed_namespace(void)
{
	struct stat own, named;
	glob_t names;
	bool found = false;

	if (stat("/proc/self/ns/net", &own))
		die("cannot tell the network namespace: %s", strerror(errno));
	if (!glob("/run/netns/*", 0, NULL, &names)) {
		for (size_t i = 0; i < names.gl_pathc; i++)
			found |= !stat(names.gl_pathv[i], &named) && named.st_ino == own.st_ino &&
				 named.st_dev == own.st_dev;
		globfree(&names);
	}
	if (!found)
		die("this network namespace is none of /run/netns: run it in one made for the "
		    "test");
}

static inline uint64_t parse_number(const char *name, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*end || end == text || value < min || value > max)
		die("%s %s: wanted a number from %llu to %llu", name, text, (unsigned long long)min,
		    (unsigned long long)max);
	return value;
}

static inline void parse_mac(const char *text, uint8_t mac[ETH_ALEN])
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != ETH_ALEN)
		die("--dst-mac %s: wanted xx:xx:xx:xx:xx:xx", text);
}

/* RFC 1071 over `length` octets, not yet folded */
static inline uint64_t sum_words(const void *data, size_t length, uint64_t sum)
{
	const uint8_t *at = data;
	uint16_t word;

	for (; length > 1; length -= 2, at += 2) {
		memcpy(&word, at, 2);
		sum += word;
	}
	if (length) {
		word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	return sum;
}

static inline uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

#endif
