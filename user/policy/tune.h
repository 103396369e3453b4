/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys on the command line: where in the tree of a policy they point. What the keys mean, and
 * whether a value is right for one, is known by the same tables as for the file.
 */
#ifndef SIPWARD_POLICY_TUNE_H
#define SIPWARD_POLICY_TUNE_H

#include "policy/text.h"
#include "policy/tree.h"

/* Puts the deviations into the tree in place of what is there. */
int deviations_overlay(const struct source *s, struct node *root,
		       const struct deviation *deviations, size_t count);

/* "public.mode", or "zones.mode.mode" where the zone has the name of a key of the top level;
 * owned by the caller. */
char *zone_key(const char *zone, const char *rest);

#endif
