/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A rate as a policy writes it.
 */
#ifndef SIPWARD_POLICY_RATE_H
#define SIPWARD_POLICY_RATE_H

#include "policy/model.h"

/* Reads "40/s", "10/60s", "100/m burst 500": 0, or -1 and *why (a literal). */
int rate_parse(const char *text, struct rate *rate, const char **why);

#endif
