/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Would the running sipward decide otherwise? `explain` judges a message with empty tables; its
 * source may be banned, refused, or over a limit at this moment.
 */
#ifndef SIPWARD_CLI_EXPLAIN_LIVE_H
#define SIPWARD_CLI_EXPLAIN_LIVE_H

#include <json-c/json.h>

#include "cli/explain.h"
#include "kernel/frame.h"

/* {"verdict", "answer", "keeps_out"} as `who` has them, of what matters for this message; owned by
 * the caller. NULL when no sipward runs, or *why says that its state cannot be read. */
struct json_object *explain_live(const struct explanation *x, const struct endpoint *from,
				 struct error *why);

void print_live(struct json_object *live);

#endif
