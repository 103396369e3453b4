/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys and values of the maps that outlive a generation (pinned).
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
	__u16 port;  /* network order; 0 unless the zone counts address and port */
	__u8 length; /* prefix length, of 32 for IPv4 and of 128 for IPv6 */
	__u8 zone;   /* zone number; 0 in bans, which hold in every zone */
};

/* Limit cells of one source: a theoretical arrival time for each class. */
struct sw_cells {
	__u64 tat[SW_RATE_COUNT];
};

/* A line of a table that evicts nothing (bpf/lib/ways.h). An entry belongs to the source with this
 * keyed hash until it says nothing any more; then it is free for the next. */
#define SW_WAYS 4

struct sw_cell_line {
	__u64 tags[SW_WAYS];
	struct sw_cells cells[SW_WAYS];
};

/* The share of a limit that a packet spends, by its proof. The source address of packets without a
 * proof may be spoofed. An attacker who found out the path of an endpoint still cannot make a
 * packet that carries a proof. So nobody can spend the shares that stand behind his own here. */
enum sw_share {
	SW_SHARE_OTHERS, /* no proof, or by another path than it came by */
	SW_SHARE_PATH,   /* by the path of a proof */
	SW_SHARE_PROVED, /* likewise, with a proof in it; dialogs have classes of their own */
	SW_SHARE_UNTIL,  /* no share: when the last of the others is as good as new */
	SW_SHARE_COUNT
};

/* Limit cells of a source that has a known endpoint. */
struct sw_known_cells {
	struct sw_cells path;
	struct sw_cells proved;
};

/* Limit cells of one network in one zone. */
struct sw_prefix_cells {
	__u64 tat[SW_SHARE_COUNT];
};

struct sw_prefix_line {
	__u64 tags[SW_WAYS];
	struct sw_prefix_cells cells[SW_WAYS];
};

/* Limit cells of called numbers, of senders that are not known. The low bits of a tag are the
 * zone's number (SW_CALLEE_ZONE), so that user space can tell which limit a cell belongs to. */
#define SW_CALLEE_LINES     16384
#define SW_CALLEE_ZONE(tag) ((tag) & (SW_ZONES_MAX - 1))

struct sw_callee_line {
	__u64 tags[SW_WAYS];
	__u64 tat[SW_WAYS];
};

/* The limit cells of a zone, alone on their cache line: all CPUs write them. */
enum sw_zone_rate {
	SW_ZONE_ALL,       /* requests outside a dialog */
	SW_ZONE_NEWCOMERS, /* newcomers, first packets */
	SW_ZONE_AGAIN,     /* newcomers that were seen before: retransmissions */
	SW_ZONE_EMERGENCY,
	SW_ZONE_EMERGENCY_KNOWN,
	SW_ZONE_PROBES,    /* newcomers that are told to the agent, to be probed */
	SW_ZONE_CLEARTEXT, /* initial REGISTERs in the clear, from a zone that must use IPsec */
	SW_ZONE_PENALISED, /* newcomers with a penalty, when they were seen before */
	SW_ZONE_RATE_COUNT = 8
};

struct sw_zone_cell {
	__u64 tat[SW_ZONE_RATE_COUNT];
};

/* The ceilings of a zone for senders without a proof, on other cache lines than what good packets
 * debit: for first packets, and for retransmissions. */
struct sw_ceilings {
	__u64 first[SW_UNPROVEN_MAX];
	__u64 again[SW_UNPROVEN_MAX];
};

/* A known endpoint: one that sent back what the server had sent to its address alone. Keyed
 * by struct sw_source with the whole address and the port. */
enum sw_grade { SW_GRADE_NONE, SW_GRADE_PROVED, SW_GRADE_GOOD };

struct sw_known {
	__u64 since;
	__u64 seen; /* last packet, to the second; idle ones are forgotten */
	__u16 vlan; /* the path that the proof came by: outermost tag, */
	__u8 ttl;   /* TTL or hop limit */
	__u8 grade; /* enum sw_grade */
	__u32 proofs;
};

/* Something that left for one address. Keyed by its token. */
struct sw_proof {
	struct sw_addr addr;
	__u64 expires;
	__u8 shared;   /* a second address got the same: it is worth nothing */
	__u8 excused;  /* of a nonce: how often it was refused on a connection, and had expired */
	__u16 methods; /* of a nonce: those that it was accepted for, SW_MESSAGE_BIT() */
	__u32 owner;   /* whose it was then: the low half of a token */
};

/* One line of the greylist's memory. */
#define SW_GREYLIST_CELLS 16

struct sw_greylist_line {
	__u32 cells[SW_GREYLIST_CELLS];
};

/* A newcomer for the agent to probe. */
struct sw_newcomer {
	struct sw_addr addr;
	struct sw_addr local;
	__u16 port; /* host order */
	__u16 local_port;
	__u32 ifindex;
	__u32 backoff; /* number of retransmissions at the pace of RFC 3261 */
};

/* Whether what the rules rest on is there, written by the agent alone; <sipward/health.h> says
 * what it means. Times are 0 when it never was. */
struct sw_health {
	__u64 pressure_until;   /* the server falls behind: the greylist opens */
	__u64 observed_from;    /* since when every interface has its observer, without a gap */
	__u64 heartbeat;        /* when the agent last found all observers in place */
	__u64 overflowed_until; /* the table of branches was too small: some may be missing */
	__u64 unanswered_from;  /* since when requests come in, and no observer sees an answer */
	__u64 services;         /* fingerprint of what is observed: ports, and whether dialogs */
	__u64 penalised_until;  /* when the last penalty ends */
	__u64 refused_until;    /* when the last username is no longer refused to some source */
};

/* State that the observers write. */
struct sw_observed {
	__u64 last;         /* when one last read a datagram of a service */
	__u64 nameless;     /* when the server last sent a branch that makes no token */
	__u64 dialogs_full; /* when there were last more dialogs than the table is good for */
	__u64 dialogs_from; /* since when they are counted: */
	__u64 dialogs;      /* new ones */
};

/* Counters of the admission and the observer, for each CPU. */
enum sw_tally {
	SW_TALLY_PROMOTED,           /* endpoints that became known */
	SW_TALLY_KNOWN_FULL,         /* not promoted: what is free is kept for others */
	SW_TALLY_KNOWN_QUOTA,        /* not promoted: its address or network has its share */
	SW_TALLY_GREYLISTED,         /* dropped by the greylist: first packets, and early ones */
	SW_TALLY_AGAIN,              /* let in as a retransmission */
	SW_TALLY_PROBE_ANSWERS,      /* consumed: the server does not see them */
	SW_TALLY_REQUESTS,           /* requests outside a dialog that were let through, over UDP */
	SW_TALLY_ANSWERS,            /* responses of the server, over UDP */
	SW_TALLY_OBSERVED,           /* datagrams of the services that the observer read */
	SW_TALLY_OFFENCES_LOST,      /* offences that were not told: over their budget */
	SW_TALLY_AUTHENTICATED_FULL, /* sources that were not noted: the table is full */
	SW_TALLY_KNOWN_LEFT, /* endpoints never served that made room; the agent counts them */
	SW_TALLY_COUNT = 16
};

/* The addresses that take part in a dialog, as far as the server sends to them. */
#define SW_PARTIES_MAX 4

struct sw_dialog {
	struct sw_addr parties[SW_PARTIES_MAX];
	__u64 expires;
	__u8 count;
	__u8 many;   /* more than are kept: not judged */
	__u8 spared; /* an emergency call: nothing of it is refused */
	__u8 sides;  /* bit per side that the server sent something to */
	__u8 pad[4];
};

/* How often one request came by. */
struct sw_loop {
	__u64 expires;
	__u64 seen; /* a bit for each branch and Max-Forwards */
	__u32 count;
	__u32 pad;
};

/* The numbers that one source dials: a set for each half of the window, as bits by linear counting
 * (Whang 1990); prefixes before the same digits; numbers in a row. */
#define SW_DIALER_WORDS 8
#define SW_DIALER_BITS  (64 * SW_DIALER_WORDS)
#define SW_SWEEPS       4
#define SW_PREFIXES_MAX 8

struct sw_sweep {
	__u32 tail; /* the last digits */
	__u32 count;
	__u32 prefixes[SW_PREFIXES_MAX]; /* hashes of what stood before them */
};

struct sw_dialer {
	__u64 began; /* the running half */
	__u64 until; /* when nothing of it counts any more */
	__u64 last;  /* the last number */
	__u32 set;   /* bits in both halves together */
	__u16 run;   /* numbers in a row */
	__u16 next;  /* sweep that makes room */
	__u64 halves[2][SW_DIALER_WORDS];
	struct sw_sweep sweeps[SW_SWEEPS];
};

struct sw_dialer_line {
	__u64 tags[SW_WAYS];
	struct sw_dialer dialers[SW_WAYS];
};

/* The TCP connections of one source, as the agent last counted them. */
struct sw_connection_count {
	__u64 expires;
	__u32 connections;
	__u32 pad;
};

/* Who sent an INVITE that passed, as the zone counts sources. */
enum { SW_CALLS_PROVED, SW_CALLS_OTHERS }; /* its port: with a proof, or without one */

struct sw_caller {
	__u64 at;
	struct sw_source source;
	__u32 pad;
};

/* An INVITE that rings, or a dialog, and who began it. One that is over is kept for SW_CALL_OVER:
 * its answer may be sent again (RFC 3261 13.3.1.4), and is no new call. */
enum sw_call_state { SW_CALL_RINGS, SW_CALL_UP, SW_CALL_ENDED };

struct sw_call {
	__u64 seen; /* the last message of the server that belongs to it */
	struct sw_source source;
	__u32 state; /* enum sw_call_state */
};

#define SW_CALL_OVER (40 * SW_NS_PER_SEC)

/* Calls of one source, or of a zone (a key of length 0), ever. */
struct sw_call_count {
	__u64 seen;
	__u32 begun;
	__u32 ended;
};

/* Messages that may begin or continue an emergency call; over TCP, SYNs and payload. */
enum sw_spared { SPARED_CALL, SPARED_INSIDE, SPARED_SYN, SPARED_OCTETS, SPARED_COUNT };

#define SW_ACCOUNT_CELL SPARED_OCTETS /* behind SW_LOGIN_NAME octets */

struct sw_ban {
	__u64 start;
	__u64 end;      /* ~0: until it is taken off by hand */
	__u64 hits;     /* packets dropped by it */
	__u32 evidence; /* packets or failures that earned it */
	__u16 reason;   /* enum sw_reason; SW_REASON_BAN for one made by hand; SW_REASON_NONE: no
			  * ban, its source is allowed by hand */
	__u16 flags;    /* how many bans for behaviour came before it in a row */
	union {
		char note[32]; /* why, of one by hand; of a refused username, that; NUL
				* terminated */
		/* Of one that was earned by a source, limit cells of what may pass it. Of an
		 * attacked account, its name and the cell SW_ACCOUNT_CELL behind it. */
		__u64 spared[SPARED_COUNT];
	};
};

/* A datagram in fragments whose first one passed. */
struct sw_fragment_key {
	struct sw_addr src;
	struct sw_addr dst;
	__u32 id;
	__u32 protocol; /* IP protocol | family << 8 */
};

struct sw_fragment {
	__u64 expires;
};

/* Counters of one zone on one interface, one copy a CPU. reasons[mode][SW_REASON_NONE]
 * counts what passed (mode is enforce for all that is carried out); a drop in monitor
 * mode is counted both there and under reasons[SW_MODE_MONITOR]. */
struct sw_counters {
	__u64 reasons[SW_MODE_COUNT][SW_REASONS_MAX];
	__u64 messages[SW_MESSAGES_MAX];
};

/* The state's own page: its owner, and the values that all generations share. */
struct sw_meta {
	__u32 abi_version;
	__u32 restoring;  /* 1: made anew, and what was saved on the disk is not back yet */
	__u64 generation; /* the last number given out */
	__u64 seed[2];    /* random, per host, made once */
};

/* The register of zone numbers: a zone keeps its number by name. */
struct sw_zone_name {
	char name[SW_NAME_MAX];
	__u64 generation; /* the last one that had this zone; 0: never used */
};

enum sw_way { SW_INGRESS, SW_EGRESS };

/* One drop, or would-be drop, as it leaves the kernel; or a ban, as the agent adds it. */
enum sw_event_kind { SW_EVENT_PACKET, SW_EVENT_BAN, SW_EVENT_REPAIR };

struct sw_event {
	__u64 time;
	__u32 ifindex;
	__u16 reason; /* enum sw_reason */
	__u8 mode;    /* enum sw_mode: monitor when it was not carried out */
	__u8 zone;
	struct sw_addr src;
	struct sw_addr dst;
	__u16 sport; /* host order */
	__u16 dport;
	__u16 length;   /* of the payload */
	__u8 transport; /* enum sw_transport; SW_TRANSPORT_COUNT when not known */
	__u8 message;   /* enum sw_message */
	__u8 vlan_count;
	__u8 kind;      /* enum sw_event_kind; a ban has time, zone, reason, mode, src; a
			    * repair of the agent's has time, ifindex, and its kind as evidence */
	__u8 direction; /* enum sw_way */
	__u8 patch;     /* of SW_REASON_PATCH: number of the rule, and 1 */
	union {
		__u32 suppressed; /* events over the budget since the last one of this CPU */
		__u32 evidence;   /* of a ban: offences that earned it */
	};
};

/* An event of the data path for incoming packets, as it lies in its ring: with the beginning of the
 * message, for those who hand it on. */
struct sw_told {
	struct sw_event event;
	__u32 carried; /* octets of the payload that follow */
	__u8 payload[SW_TOLD_MAX];
};

/* The result of a test run (tests, `explain`, `audit`) for the packet it just ran. */
enum sw_test_run_verdict {
	SW_TEST_RUN_NOT_OURS,
	SW_TEST_RUN_PASS,
	SW_TEST_RUN_WOULD_DROP,
	SW_TEST_RUN_DROP
};

struct sw_test_run {
	__u8 verdict; /* enum sw_test_run_verdict */
	__u8 reason;  /* of a refusal, enum sw_reason */
	__u8 shadow_count;
	__u8 shadows[4]; /* reasons that were counted only */
	__u8 zone;
	__u8 service;   /* index into sw_policy.services */
	__u8 transport; /* SW_TRANSPORT_COUNT: for no service */
	__u8 message;   /* enum sw_message */
	__u8 in_dialog;
	__u8 scanned; /* the scanner read the message, and test_run_msg is what it found */
	__u8 grade;   /* enum sw_grade of its endpoint */
	__u8 emergency;
	__u8 searched; /* the beginning of its connection was looked for */
	__u32 payload_offset;
	__u32 payload_length;
	__u32 patch_offset; /* where in the payload the rule matched */
	__u16 patch_length;
	__u8 patch; /* which of the policy's rules, and 1 */
	__u8 pad;
};

_Static_assert(sizeof(struct sw_test_run) == 32, "no padding");
_Static_assert(sizeof(struct sw_source) == 20, "no padding");
_Static_assert(sizeof(struct sw_known_cells) == 16 * SW_RATE_COUNT, "no padding");
_Static_assert(sizeof(struct sw_prefix_cells) == 32, "no padding");
_Static_assert(sizeof(struct sw_callee_line) == 64, "one cache line");
_Static_assert(sizeof(struct sw_zone_cell) == 64, "one cache line");
_Static_assert(sizeof(struct sw_known) == 24, "no padding");
_Static_assert(sizeof(struct sw_proof) == 32, "no padding");
_Static_assert(sizeof(struct sw_greylist_line) == 64, "one cache line");
_Static_assert(sizeof(struct sw_newcomer) == 44, "no padding");
_Static_assert(sizeof(struct sw_health) == 64, "no padding");
_Static_assert(sizeof(struct sw_observed) == 40, "no padding");
_Static_assert(sizeof(struct sw_dialog) == 80, "no padding");
_Static_assert(sizeof(struct sw_loop) == 24, "no padding");
_Static_assert(sizeof(struct sw_dialer) == 320, "no padding");
_Static_assert(sizeof(struct sw_cell_line) == SW_WAYS * (8 + 8 * SW_RATE_COUNT), "no padding");
_Static_assert(sizeof(struct sw_prefix_line) == SW_WAYS * 40, "no padding");
_Static_assert(sizeof(struct sw_dialer_line) == SW_WAYS * 328, "no padding");
_Static_assert(sizeof(struct sw_ceilings) == 256, "four cache lines");
_Static_assert(sizeof(struct sw_connection_count) == 16, "no padding");
_Static_assert(sizeof(struct sw_ban) == 64, "no padding");
_Static_assert(sizeof(struct sw_fragment_key) == 40, "no padding");
_Static_assert(sizeof(struct sw_fragment) == 8, "no padding");
_Static_assert(sizeof(struct sw_counters) == 8 * (2 * SW_REASONS_MAX + SW_MESSAGES_MAX),
	       "no padding");
_Static_assert(sizeof(struct sw_meta) == 32, "no padding");
_Static_assert(sizeof(struct sw_zone_name) == 40, "no padding");
_Static_assert(sizeof(struct sw_event) == 64, "no padding");
_Static_assert(sizeof(struct sw_call) == 32 && sizeof(struct sw_caller) == 32 &&
		       sizeof(struct sw_call_count) == 16,
	       "no padding");
_Static_assert(sizeof(struct sw_told) == 68 + SW_TOLD_MAX + 4, "no padding but at the end");

#endif
