/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The `sources` of a zone: prefixes, files of them, countries and networks.
 */
#ifndef SIPWARD_POLICY_ZONE_SOURCES_H
#define SIPWARD_POLICY_ZONE_SOURCES_H

#include "policy/keys.h"

/* Of the zone that is read: *to is a struct zone. */
int read_sources(struct parse_context *d, const struct key *key, const struct node *value,
		 void *to);

#endif
