/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How long a policy may be. Every list costs time when it is read and written into maps, and
 * memory twice, while one policy takes the place of another: these bounds keep reading under two
 * seconds and an apply under five on one core of 2.6 GHz. docs/operating.md, "How long lists may
 * be", says the same numbers.
 */
#ifndef SIPWARD_POLICY_LIMITS_H
#define SIPWARD_POLICY_LIMITS_H

#define POLICY_OCTETS_MAX (16u << 20)  /* of the policy's own text */
#define LISTS_OCTETS_MAX  (64u << 20)  /* of all list files, each as often as it is named */
#define GEO_OCTETS_MAX    (256u << 20) /* of a database of countries or networks */
#define LIST_FILES_MAX    1000u        /* how often a policy may name one */
#define VALUES_MAX        (1u << 20)   /* in the policy's own text */
#define DEPTH_MAX         16u          /* levels of lists and mappings */

/* Entries of all lists: addresses of services, prefixes of zones, deny and allow, numbers of each
 * zone, names of attack tools. One takes about 0.5 us to read and 1 us to write into a map. */
#define ENTRIES_MAX 2000000u

/* Names of attack tools: beyond some thousands every request costs as many look-ups as its
 * User-Agent has characters, which is the most that it can. */
#define AGENTS_MAX 100000u

#endif
