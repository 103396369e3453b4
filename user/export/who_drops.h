/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Drops of the last minutes: those that the next packet would share.
 */
#ifndef SIPWARD_EXPORT_WHO_DROPS_H
#define SIPWARD_EXPORT_WHO_DROPS_H

#include "export/who_verdict.h"

/* Adds them to the causes. */
void judge_drops(struct verdict *v);
/* The last drop, of this address and port or of another one. NULL. */
struct json_object *last_drop(const struct verdict *v, bool own);
bool is_egress(struct json_object *drop);
bool is_of_address(const struct verdict *v, struct json_object *drop);

#endif
