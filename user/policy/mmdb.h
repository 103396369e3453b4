/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads a MaxMind DB file, format version 2 (https://maxmind.github.io/MaxMind-DB/), for one
 * question: which prefixes belong to a country or to an autonomous system. The file is read into
 * memory first, since one that is cut short while it is mapped would end the process; and it may be
 * hostile: every offset is checked, and every walk has an end.
 */
#ifndef SIPWARD_POLICY_MMDB_H
#define SIPWARD_POLICY_MMDB_H

#include "policy/model.h"

struct mmdb_wanted {
	char country[3]; /* ISO 3166; empty: the system is wanted */
	uint32_t system;
	uint64_t looks; /* at values, in the whole walk, before the file is given up; 0: as usual */
};

/* Calls found() for each prefix that is wanted; two that make up a larger one are told as that one.
 * 0, or -1 and *e, which begins with `name`. */
int mmdb_find(const char *name, const uint8_t *octets, size_t size,
	      const struct mmdb_wanted *wanted,
	      void (*found)(const struct prefix *prefix, void *context), void *context,
	      struct error *e);

#endif
