/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where an address stands in the lists and zones of a policy: in which file, on which line. The
 * model does not keep that, for a list may have millions of entries.
 */
#ifndef SIPWARD_POLICY_WHERE_H
#define SIPWARD_POLICY_WHERE_H

#include "policy/text.h"

struct where {
	struct prefix prefix;
	enum sw_list list; /* of an entry of a list */
	char *place;       /* "FILE:LINE:COLUMN"; NULL: it stands nowhere. Owned: where_free() */
};

void where_free(struct where *where);
#define auto_where cleanup(where_free)

/* The entry of `lists` that decides about the address: the longest, and of two that are the same
 * the one that allows. The policy was parsed before, so *text has its list files; it is not
 * changed. 0, or -1 and *e. */
int where_listed(struct policy_text *text, const struct sw_addr *addr, struct where *where,
		 struct error *e);

/* Likewise the entry of `sources` of that zone. */
int where_zoned(struct policy_text *text, const char *zone, const struct sw_addr *addr,
		struct where *where, struct error *e);

#endif
