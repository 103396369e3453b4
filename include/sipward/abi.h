/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Constants that the data path and user space must agree on. Only numbers live here;
 * no type, no helper.
 */
#ifndef SIPWARD_ABI_H
#define SIPWARD_ABI_H

/* Raised when the layout of a pinned map changes; pinned state of another version is not
 * touched by this one (the agent says what to do). */
#define SW_ABI_VERSION 8

#define SW_ZONES_MAX    64 /* zone numbers; number 0 is always `public` */
#define SW_ZONE_PUBLIC  0
#define SW_NAME_MAX     32 /* octets of a zone name, its NUL included */
#define SW_SERVICES_MAX 16
#define SW_REASONS_MAX  256 /* slots, so that a new reason does not change the layout */
#define SW_MESSAGES_MAX 32

#define SW_LOCAL_ADDRS_MAX       4096
#define SW_EVENT_RING_SIZE       (1 << 20)
#define SW_TOLD_MAX              2048  /* octets of a refused message that its event carries */
#define SW_CAPTURE_MAX           20000 /* octets of a refused frame that `sipward capture` gets */
#define SW_NEWCOMER_RING_SIZE    (1 << 16)
#define SW_OFFENCE_RING_SIZE     (1 << 17)
#define SW_CLOSINGS_RING_SIZE    (1 << 16)
#define SW_CONNECTION_COUNTS_MAX 65536
#define SW_PROBES_MAX            16384
#define SW_CALLS_MAX             131072

#define SW_MESSAGE_MAX 16384 /* octets of a SIP message that are ever looked at */
#define SW_HEADER_MAX  4096  /* of one header that are read: no policy can allow longer ones */
#define SW_SCAN_PAD    64    /* octets the scanner may read, but not use, behind it */

/* How branches of the agent's probes begin (RFC 3261 8.1.1.7, then 32 random hexadecimal
 * digits): two words of eight octets. */
#define SW_PROBE_BRANCH "z9hG4bK-sipward-"

#define SW_NS_PER_SEC 1000000000ull

#endif
