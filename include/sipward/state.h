/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys and values of the maps that outlive a generation (pinned under SW_PIN_ROOT).
 * Times are CLOCK_MONOTONIC nanoseconds; an entry carries its own expiry.
 */
#ifndef SIPWARD_STATE_H
#define SIPWARD_STATE_H

#include <linux/types.h>
#include <sipward/abi.h>
#include <sipward/policy.h>

/* A source as the rules of a zone count it: the address masked to `length` bits. */
struct sw_source {
	struct sw_addr addr;
	__u16 port;   /* network order; 0 unless the zone counts address and port */
	__u8 length;  /* prefix length, of 32 for IPv4 and of 128 for IPv6 */
	__u8 zone;    /* zone number; 0 in bans, which hold in every zone */
};

/* Limit cells of one source: a theoretical arrival time for each class. */
struct sw_cells {
	__u64 tat[SW_RATE_COUNT];
};

/* The limit cell of a zone, alone on its cache line: all CPUs write it. */
struct sw_zone_cell {
	__u64 tat;
	__u64 pad[7];
};

struct sw_ban {
	__u64 start;
	__u64 end;       /* ~0: until it is taken off by hand */
	__u64 hits;      /* packets dropped by it */
	__u32 evidence;  /* packets or failures that earned it */
	__u16 reason;    /* enum sw_reason; SW_REASON_BAN for one made by hand */
	__u16 flags;
	char note[32];   /* why, by hand; NUL terminated */
};

/* A datagram in fragments: what its first one earned. */
struct sw_fragment_key {
	struct sw_addr src;
	struct sw_addr dst;
	__u32 id;
	__u32 protocol; /* IP protocol | family << 8 */
};

struct sw_fragment {
	__u64 expires;
	__u32 dropped; /* 1: the first fragment was dropped, and so are the rest */
	__u32 zone;
};

/* Counters of one zone on one interface, one copy a CPU. reasons[mode][SW_REASON_NONE]
 * counts what passed (mode is enforce for all that is carried out); a drop in monitor
 * mode is counted both there and under reasons[SW_MODE_MONITOR]. */
struct sw_counters {
	__u64 reasons[SW_MODE_COUNT][SW_REASONS_MAX];
	__u64 messages[SW_MESSAGES_MAX];
};

/* The state's own page: whose it is, and what all generations share. */
struct sw_meta {
	__u32 abi_version;
	__u32 pad;
	__u64 generation;  /* the last number given out */
	__u64 seed[2];     /* random, per host, made once */
};

/* The register of zone numbers: a zone keeps its number by name. */
struct sw_zone_name {
	char name[SW_NAME_MAX];
	__u64 generation;  /* the last one that had this zone; 0: never used */
};

/* One drop, or would-be drop, as it leaves the kernel. */
struct sw_event {
	__u64 time;
	__u32 ifindex;
	__u16 reason;      /* enum sw_reason */
	__u8 mode;         /* enum sw_mode: monitor when it was not carried out */
	__u8 zone;
	struct sw_addr src;
	struct sw_addr dst;
	__u16 sport;       /* host order */
	__u16 dport;
	__u16 length;      /* of the payload */
	__u8 transport;    /* enum sw_transport; SW_TRANSPORT_COUNT when not known */
	__u8 message;      /* enum sw_message */
	__u8 vlan_count;
	__u8 pad[3];
	__u32 suppressed;  /* events not sent since the last one of this CPU: over the budget */
};

/* What a program on trial (tests, `explain`, `audit`) says about the packet it just ran. */
enum sw_trial_verdict { SW_TRIAL_NOT_OURS, SW_TRIAL_PASS, SW_TRIAL_WOULD_DROP, SW_TRIAL_DROP };

struct sw_trial {
	__u8 verdict;        /* enum sw_trial_verdict */
	__u8 reason;         /* of a refusal, enum sw_reason */
	__u8 shadow_count;
	__u8 shadows[4];     /* reasons that were counted only */
	__u8 zone;
	__u8 service;        /* index into sw_policy.services */
	__u8 transport;      /* SW_TRANSPORT_COUNT: for no service */
	__u8 message;        /* enum sw_message */
	__u8 in_dialog;
	__u8 scanned;        /* the scanner read the message, and trial_msg is what it found */
	__u8 pad[3];
	__u32 payload_offset;
	__u32 payload_length;
};

_Static_assert(sizeof(struct sw_trial) == 24, "no padding");
_Static_assert(sizeof(struct sw_source) == 20, "no padding");
_Static_assert(sizeof(struct sw_zone_cell) == 64, "one cache line");
_Static_assert(sizeof(struct sw_ban) == 64, "no padding");
_Static_assert(sizeof(struct sw_fragment_key) == 40, "no padding");
_Static_assert(sizeof(struct sw_fragment) == 16, "no padding");
_Static_assert(sizeof(struct sw_counters) == 8 * (2 * SW_REASONS_MAX + SW_MESSAGES_MAX), "no padding");
_Static_assert(sizeof(struct sw_meta) == 32, "no padding");
_Static_assert(sizeof(struct sw_zone_name) == 40, "no padding");
_Static_assert(sizeof(struct sw_event) == 64, "no padding");

#endif
