/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The list files that run, as text.
 */
#ifndef SIPWARD_CLI_LIST_TEXT_H
#define SIPWARD_CLI_LIST_TEXT_H

#include <json-c/json.h>

/* Of `lists`: each file. */
void print_lists(struct json_object *lists);
/* Of `status`: how many there are, and each that is kept or has wrong lines. */
void print_list_trouble(struct json_object *lists);

#endif
