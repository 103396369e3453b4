/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A duration as a policy writes it, and a point in time.
 */
#ifndef SIPWARD_POLICY_DURATION_H
#define SIPWARD_POLICY_DURATION_H

#include <stdint.h>

/* Reads "500ms", "30s", "10m", "24h", "7d" into nanoseconds (1 ms..10 years): 0, or -1 and
 * *why (a literal). */
int duration_parse(const char *text, uint64_t *ns, const char **why);

/* A point in time as sipward prints it, UTC: 2026-11-30T12:00:00Z, with parts of a second, .000,
 * before the Z, or without seconds. Nanoseconds since 1970, or -1 and *why; *why is NULL when the
 * text does not have this form at all. */
int moment_parse(const char *text, uint64_t *ns, const char **why);

#endif
