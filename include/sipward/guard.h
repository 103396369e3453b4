/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rules of a zone that remember: transport, dialogs, toll fraud, loops, leaks. Here are their
 * settings (part of struct sw_zone and struct sw_policy) and their state. Times are CLOCK_MONOTONIC
 * nanoseconds; an entry carries its own expiry.
 */
#ifndef SIPWARD_GUARD_H
#define SIPWARD_GUARD_H

#include <linux/types.h>

/* The transport that a zone must use (3GPP TS 33.203, 33.310). */
enum sw_require { SW_REQUIRE_ANY, SW_REQUIRE_TLS, SW_REQUIRE_IPSEC };

/* TLS versions as they stand on the wire (RFC 8446 4.1.2). */
#define SW_TLS_1_0 0x0301
#define SW_TLS_1_2 0x0303
#define SW_TLS_1_3 0x0304

/* A connection that was opened: where in its sequence space the first payload stands, and how many
 * octets of it passed. Keyed by the token of its addresses, ports and part of sequence space. */
struct sw_opening {
	__u64 expires;
	__u32 first;
	__u16 count;
	__u8 decided; /* 1: they are enough to know that it is good */
	__u8 pad;
};

/* Those octets, under the same key. A power of two: a ClientHello with keys against quantum
 * computers has 2000, and there may be a large ticket. */
#define SW_OPENING_MAX 4096

struct sw_opening_text {
	__u8 octets[SW_OPENING_MAX];
};

/* A connection of a banned source that carries a call for help (bpf/rules/stream.h). Keyed by the
 * token of its addresses and ports. */
struct sw_stream {
	__u64 expires;
	__u32 next;    /* sequence number behind what passed */
	__u32 matched; /* bits: the parts of a version that it ends with */
};

/* Cells before that table; a power of two. */
#define SW_OPENING_HINTS 65536

/* The rules that remember what came before (bpf/stages/guard.h, bpf/rules/privacy.h). */
#define SW_GUARD_TEARDOWN    0x01u
#define SW_GUARD_LOOP        0x02u
#define SW_GUARD_DIGEST_LEAK 0x04u
#define SW_GUARD_FRAUD       0x08u
#define SW_GUARD_PRIVACY     0x10u
#define SW_GUARD_OBSERVED    (SW_GUARD_TEARDOWN | SW_GUARD_DIGEST_LEAK | SW_GUARD_PRIVACY)

/* The action for a BYE, CANCEL or re-INVITE from an address outside the call
 * (bpf/rules/teardown.h). The first three are as in enum sw_action. */
enum sw_teardown {
	SW_TEARDOWN_PASS,
	SW_TEARDOWN_REPORT,
	SW_TEARDOWN_DENY,   /* refused where its sender guesses; else reported */
	SW_TEARDOWN_STRICT, /* refused */
};

/* Data that a message may leak. */
#define SW_PRIVACY_IDENTITY  0x01u /* P-Asserted-Identity, */
#define SW_PRIVACY_WITHHELD  0x02u /* with Privacy: id (RFC 3325 7) */
#define SW_PRIVACY_CHARGING  0x04u /* P-Charging-Vector */
#define SW_PRIVACY_ADDRESSES 0x08u /* of RFC 1918 and RFC 4193 */
#define SW_PRIVACY_HOSTS     0x10u /* names of the inside (sw_policy.hosts) */

struct sw_guard {
	__u32 rules;   /* SW_GUARD_ bits: what this zone uses */
	__u8 teardown; /* enum sw_teardown */
	__u8 loop;     /* enum sw_action, as the next two */
	__u8 digest_leak;
	__u8 sweep;
	__u32 destinations;  /* bits of the sketch that one source may set; 0: no limit */
	__u8 privacy_report; /* SW_PRIVACY_ bits */
	__u8 privacy_deny;
	__u8 pad[2];
	__u64 window; /* of toll fraud */
};

/* A host name of the inside, in lower case, as words and masks that the end of a host is
 * compared with. */
#define SW_HOSTS_MAX  8
#define SW_HOST_WORDS 8

struct sw_host {
	__u64 words[SW_HOST_WORDS];
	__u64 masks[SW_HOST_WORDS];
	__u32 length;
	__u32 pad;
};

_Static_assert(sizeof(struct sw_opening) == 16, "no padding");
_Static_assert(sizeof(struct sw_stream) == 16, "no padding");
_Static_assert(sizeof(struct sw_opening_text) == SW_OPENING_MAX, "no padding");
_Static_assert(sizeof(struct sw_guard) == 24, "no padding");
_Static_assert(sizeof(struct sw_host) == 136, "no padding");

#endif
