/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The facts about a source, for a person.
 */
#ifndef SIPWARD_CLI_WHO_TEXT_H
#define SIPWARD_CLI_WHO_TEXT_H

#include <json-c/json.h>

/* All of them, judged: the answer and its commands come last. */
void print_who(struct json_object *facts);

/* Only what keeps the source out, and the commands. */
void print_keeps_out(struct json_object *facts, const char *indent);

#endif
