/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Limits that are spent: of newcomers, of rates, of connections and of calls.
 */
#ifndef SIPWARD_EXPORT_WHO_LIMITS_H
#define SIPWARD_EXPORT_WHO_LIMITS_H

#include "export/who_verdict.h"

/* Adds them to the causes. */
void judge_newcomer(struct verdict *v);
void judge_limits(struct verdict *v);
void judge_connections(struct verdict *v);
void judge_calls(struct verdict *v);

/* The command that allows more of a limit, owned by the caller; NULL: there is none. */
char *more_of(const struct verdict *v, struct json_object *limit);
/* The part of a sender's packets that a limit of this reason is about; NULL: all. */
const char *part_of(const char *reason);

#endif
