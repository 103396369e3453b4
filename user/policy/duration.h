/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A duration as a policy writes it.
 */
#ifndef SIPWARD_POLICY_DURATION_H
#define SIPWARD_POLICY_DURATION_H

#include <stdint.h>

/* Reads "500ms", "30s", "10m", "24h", "7d" into nanoseconds (1 ms..10 years): 0, or -1 and
 * *why (a literal). */
int duration_parse(const char *text, uint64_t *ns, const char **why);

#endif
