/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rules of a zone that remember: transport, dialogs, toll fraud, loops, leaks. What they
 * are told (part of struct sw_zone and struct sw_policy) and what they keep. Times are
 * CLOCK_MONOTONIC nanoseconds; an entry carries its own expiry.
 */
#ifndef SIPWARD_GUARD_H
#define SIPWARD_GUARD_H

#include <linux/types.h>

/* What a zone must speak (3GPP TS 33.203, 33.310). */
enum sw_require { SW_REQUIRE_ANY, SW_REQUIRE_TLS, SW_REQUIRE_IPSEC };

/* TLS versions as they stand on the wire (RFC 8446 4.1.2). */
#define SW_TLS_1_0 0x0301
#define SW_TLS_1_2 0x0303
#define SW_TLS_1_3 0x0304

/* A connection that was opened: where in its sequence space the first payload stands. Keyed by
 * the token of its addresses and ports. */
struct sw_opening {
	__u64 expires;
	__u32 next;
	__u32 pad;
};

_Static_assert(sizeof(struct sw_opening) == 16, "no padding");

#endif
