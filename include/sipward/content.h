/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The content rules of a zone: what its messages may not hold. Part of struct sw_zone.
 */
#ifndef SIPWARD_CONTENT_H
#define SIPWARD_CONTENT_H

#include <linux/types.h>

/* What a rule does with what it finds: let it be, count it, or refuse the packet. */
enum sw_action { SW_ACTION_PASS, SW_ACTION_REPORT, SW_ACTION_DENY, SW_ACTION_COUNT };

/* Families of rules. */
#define SW_CONTENT_HEADERS  0x01u
#define SW_CONTENT_STATUSES 0x02u
#define SW_CONTENT_TYPES    0x04u

#define SW_CONTENT_TYPES_MAX 16 /* of all zones together */
#define SW_MEDIA_TYPE_MAX    96 /* octets; no registered one is as long */

/* Headers that a rule can name (headers.def). */
enum sw_header {
#define HEADER(id, name) SW_HEADER_##id,
#include <sipward/headers.def>
#undef HEADER
	SW_HEADER_COUNT
};

struct sw_content {
	__u32 rules;         /* SW_CONTENT_ bits: families that this zone uses */
	__u32 report_headers; /* bit per header, as the scanner numbers them */
	__u32 deny_headers;
	__u16 report_types;  /* bit per entry of sw_policy.content_types */
	__u16 deny_types;
	__u8 report_statuses; /* bit per class: 1 << 3 is 3xx */
	__u8 deny_statuses;
	__u8 pad[6];
};

_Static_assert(sizeof(struct sw_content) == 24, "no padding");

#endif
