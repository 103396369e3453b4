/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy as a whole: the table of its top level.
 */
#ifndef SIPWARD_POLICY_PARSE_H
#define SIPWARD_POLICY_PARSE_H

#include "policy/keys.h"
#include "policy/text.h"

/* Reads and checks as policy_load() does, with the overrides in place of what the text says;
 * errors about them are at "command line". List files are read once and then kept in *text. */
int policy_text_parse(struct policy_text *text, const struct override *overrides, size_t count,
		      struct policy *p, struct error *e);

extern const struct key policy_keys[];

#endif
