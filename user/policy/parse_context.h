/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy while it is read: the model so far, and data that the model does not keep but the checks
 * across it need, above all positions. Lives from policy_parse() to its end; parse.c, zone.c,
 * lists.c fill it, check.c judges and completes it.
 */
#ifndef SIPWARD_POLICY_PARSE_CONTEXT_H
#define SIPWARD_POLICY_PARSE_CONTEXT_H

#include <sha256.h>

#include "policy/model.h"
#include "policy/source.h"
#include "policy/text.h"
#include "policy/tree.h"

/* Of two that claim the same addresses for their zones, the earlier one wins. */
enum prefix_origin {
	ORIGIN_WRITTEN, /* in the policy itself */
	ORIGIN_FILE,
	ORIGIN_NETWORK, /* an autonomous system */
	ORIGIN_COUNTRY,
	ORIGIN_COUNT
};

struct placed_prefix {
	struct prefix prefix;
	size_t zone; /* index into policy.zones */
	struct position at;
	enum prefix_origin origin;
};

struct placed_addr {
	struct sw_addr addr;
	size_t service; /* index into policy.services */
	struct position at;
};

struct sanity {
	int profile; /* SW_PROFILE_* */
	int body;    /* 1: session descriptions are judged */
	struct sw_bounds bounds;
};

struct parse_context {
	struct source source;
	struct policy_text *text; /* keeps the list files that are read */
	SHA256_CTX hash;
	bool strict; /* of lists: known before any list is read, like the next two */
	const struct node *geo_country, *geo_asn;
	struct policy policy;
	struct sanity sanity;           /* what a zone has unless it says otherwise */
	struct placed_prefix *prefixes; /* moved into policy.zones by the checks */
	size_t prefix_count;
	struct placed_addr *addresses; /* likewise into policy.services */
	size_t address_count;
	struct number *high_risk; /* numbers that fraud calls */
	size_t high_risk_count;
	struct position high_risk_at; /* of the key */
	size_t entries;               /* of all lists so far, but for high risks */
	size_t entries_before;        /* when the list that is being read began */
	size_t list_files;            /* how often one was named so far */
	size_t list_octets;           /* of the list files that were read so far */
};

#endif
