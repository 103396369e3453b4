/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the parts of who_judge() share: the causes that were found, and how they are said.
 */
#ifndef SIPWARD_EXPORT_WHO_VERDICT_H
#define SIPWARD_EXPORT_WHO_VERDICT_H

#include <json-c/json.h>

#include "base/base.h"

/* A drop that is older than this is a thing of the past: a phone that registers tries again within
 * this time. In seconds, as the next two. */
#define RECENT       300
/* A refused newcomer says something of the next one. */
#define BUDGET_TURNS 60
/* A sender that was limited sends on. */
#define STILL_SENDS  10

#define FOR_A_WHILE " --for 1h"

struct verdict {
	struct json_object *facts;
	struct json_object *zone;
	struct json_object *causes;
	const char *address;
	struct json_object *unsure; /* a drop of which it cannot be told whether it is over */
};

/* "9 min left"; owned by the caller. */
char *seconds_text(struct json_object *o);

/* As one word of a shell, owned by the caller; NULL when it cannot be typed. */
char *shell_word(const char *text);

const char *reason_text_of(const char *reason);
bool is_only_counted(struct json_object *facts, const char *reason);

/* Takes both texts over. A rule that is in shadow keeps nobody out: then NULL. The row belongs to
 * v->causes. */
struct json_object *add_cause(struct verdict *v, const char *reason, char *text, char *command,
			      bool waits);
/* True when the facts have such an entry. */
bool is_in(struct json_object *facts, const char *what);
bool has_cause(const struct verdict *v, const char *reason);

/* The best endpoint, of the port that was asked for or of any. */
enum known { KNOWN_NOT, KNOWN_PROVED, KNOWN_GOOD };
enum known known_as(struct json_object *facts);

/* The row of a limit of this reason; NULL. */
struct json_object *limit_of(const struct verdict *v, const char *reason);

#endif
