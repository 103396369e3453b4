/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes MaxMind DB files for tests, with any size of record, of IPv4 or of both families, with the
 * other names of IPv4 (6to4, mapped) as MaxMind's own files have them.
 */
#ifndef SIPWARD_TEST_MMDB_WRITE_H
#define SIPWARD_TEST_MMDB_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmdb_entry {
	const char *prefix;
	const char *country; /* NULL: it has none */
	uint32_t system;     /* 0: likewise */
};

struct mmdb_form {
	unsigned int record_bits;
	bool ipv4;  /* no IPv6 */
	size_t gap; /* octets of nothing before the entries: then records take all of their bits */
	bool plain; /* "country": "DE" and "asn": "AS1", as some others write it */
};

/* The file; owned by the caller. */
uint8_t *mmdb_write(const struct mmdb_form *form, const struct mmdb_entry *entries, size_t count,
		    size_t *size);

#endif
