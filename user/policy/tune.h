/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys on the command line: where in the tree of a policy they point. The same tables as for the
 * file know what the keys mean, and whether a value is right for a key.
 */
#ifndef SIPWARD_POLICY_TUNE_H
#define SIPWARD_POLICY_TUNE_H

#include "policy/text.h"
#include "policy/tree.h"

/* Prepares an override: checks that the policy has a place for the key and that it is one
 * that can be tuned, and writes the key in its one form (value NULL: only that). The value is
 * not judged here: policy_text_parse() does. 0, or -1 and *e. Owned by the
 * caller: override_free(). */
int override_make(const struct policy_text *text, const char *key, const char *value,
		  struct override *override, struct error *e);

/* True when `key` is `of` or a key below it. */
bool key_is_below(const char *key, const char *of);

/* Puts the overrides into the tree in place of what is there. */
int overrides_apply(const struct source *s, struct node *root, const struct override *overrides,
		    size_t count);

/* "public.mode", or "zones.mode.mode" where the zone has the name of a key of the top level;
 * owned by the caller. */
char *zone_key(const char *zone, const char *rest);

#endif
