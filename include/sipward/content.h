/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The content rules of a zone: the things that its messages may not hold. Part of struct sw_zone.
 */
#ifndef SIPWARD_CONTENT_H
#define SIPWARD_CONTENT_H

#include <linux/types.h>

/* The action of a rule: pass, count, or refuse the packet. */
enum sw_action { SW_ACTION_PASS, SW_ACTION_REPORT, SW_ACTION_DENY, SW_ACTION_COUNT };

/* Families of rules. */
#define SW_CONTENT_HEADERS   0x01u
#define SW_CONTENT_STATUSES  0x02u
#define SW_CONTENT_TYPES     0x04u
#define SW_CONTENT_CALLER    0x08u
#define SW_CONTENT_CALLEE    0x10u
#define SW_CONTENT_AGENTS    0x20u
#define SW_CONTENT_STRUCTURE 0x40u
#define SW_CONTENT_ROUTING   0x80u
#define SW_CONTENT_INJECTION 0x100u
#define SW_CONTENT_METHODS   0x200u /* of what leaves: zones have theirs in sw_zone.methods */

#define SW_CONTENT_TYPES_MAX 16 /* of all zones together */
#define SW_MEDIA_TYPE_MAX    96 /* octets; no registered one is as long */

/* Headers that a rule can name (headers.def). */
enum sw_header {
#define HEADER(id, name) SW_HEADER_##id,
#include <sipward/headers.def>
#undef HEADER
	SW_HEADER_COUNT
};

#define SW_AGENT_BEGIN      3  /* octets that a name has at least */
#define SW_AGENT_OCTETS     40 /* of a User-Agent that are compared */
#define SW_AGENT_FILTER     16 /* words: a bit for hashes that some name has */
#define SW_AGENT_WORD(hash) ((hash) >> 6 & (SW_AGENT_FILTER - 1))

enum sw_direction { SW_CALLER, SW_CALLEE };

#define SW_NUMBER_DIGITS     28 /* of a number that a rule can tell apart */
#define SW_NUMBER_HEAD       16 /* bits of a key before the digits */
#define SW_DIAL_PREFIXES_MAX 16

/* The first digits of a number in one zone: a key of the trie `numbers`. */
struct sw_number {
	__u32 length; /* bits that are set of what follows */
	union {
		__u32 words[4]; /* in network order */
		struct {
			__u8 zone;
			__u8 kind;                         /* enum sw_direction | 2 for E.164 */
			__u8 digits[SW_NUMBER_DIGITS / 2]; /* the first one in the high bits */
		};
	};
};

/* A value of that trie. The larger is the sterner. */
#define SW_NUMBER_HIGH_RISK                1u /* by the list of high-risk numbers */
#define SW_NUMBER_VALUE(action, high_risk) ((__u32)(action) << 1 | !!(high_risk))
#define SW_NUMBER_ACTION(value)            ((enum sw_action)((value) >> 1))

/* Digits that people dial before a number. */
struct sw_dial_prefix {
	__u64 digits; /* four bits each, the first one on top */
	__u64 mask;
	__u32 length;
	__u32 international; /* 1: E.164 follows, 0: a number of the own country */
};

/* `routing` of a zone, in the policy and in its compiled form. */
struct sw_routing {
	__u32 action;        /* enum sw_action: of what is above the bounds */
	__u32 routes;        /* values of Route, 0: no bound */
	__u32 record_routes; /* likewise */
	__u32 max_breadth;   /* likewise, of the header's number */
	__u32 own_via;       /* 1: a Via with an address of this host is reported */
};

struct sw_content {
	__u32 rules;          /* SW_CONTENT_ bits: families that this zone uses */
	__u32 report_headers; /* bit per header, as the scanner numbers them */
	__u32 deny_headers;
	__u16 report_types; /* bit per entry of sw_policy.content_types */
	__u16 deny_types;
	__u8 report_statuses; /* bit per class: 1 << 3 is 3xx */
	__u8 deny_statuses;
	__u8 caller; /* enum sw_action: the sternest that the zone has for a number */
	__u8 callee;
	struct sw_routing routing;
};

/* The rules for messages that the server sends to a zone. Headers, statuses and types are as in the
 * rules for messages from the zone. */
struct sw_egress {
	struct sw_content content;
	__u32 methods; /* bit per enum sw_message: may leave outside a dialog */
	__u8 unlisted; /* enum sw_action: of the others */
	__u8 pad[3];
};

/* Beside the families in sw_policy.egress: some response may be refused, so dialogs are noted. */
#define SW_EGRESS_DIALOGS 0x80000000u

_Static_assert(sizeof(struct sw_number) == 20, "no padding");
_Static_assert(sizeof(struct sw_dial_prefix) == 24, "no padding");
_Static_assert(sizeof(struct sw_content) == 40, "no padding");
_Static_assert(sizeof(struct sw_egress) == 48, "no padding");

#endif
