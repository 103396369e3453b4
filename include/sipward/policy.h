/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One compiled policy as the data path reads it: `struct sw_policy` is the program's
 * .rodata, frozen before the verifier sees it, so that branches on its constants cost
 * nothing. Prefixes and lists are in maps (below). All numbers are in host order unless
 * a name says otherwise.
 */
#ifndef SIPWARD_POLICY_H
#define SIPWARD_POLICY_H

#include <linux/types.h>
#include <sipward/abi.h>
#include <sipward/content.h>
#include <sipward/guard.h>
#include <sipward/methods.h>
#include <sipward/patch.h>
#include <sipward/reasons.h>

enum sw_mode { SW_MODE_ENFORCE, SW_MODE_MONITOR, SW_MODE_COUNT };

enum sw_transport { SW_UDP, SW_TCP, SW_TLS, SW_TRANSPORT_COUNT };

/* TLS runs on TCP, too: a message may begin or end anywhere in a segment. */
#define SW_IS_STREAM(transport) ((transport) != SW_UDP)

enum sw_trust { SW_TRUST_NONE, SW_TRUST_PEER };

/* An address of either family: 16 octets in network order, IPv4 as ::ffff:a.b.c.d. */
struct sw_addr {
	union {
		__u8 octets[16];
		__u32 words[4];
	};
};

/* A prefix length as a mask, so that nothing has to be computed for a packet. */
struct sw_mask {
	struct sw_addr addr;
	__u32 length; /* as written: of 32 for IPv4 */
};

/* A GCRA limit: `interval` nanoseconds for each packet (0: no limit), and `tolerance`
 * nanoseconds that the theoretical arrival time may run ahead of now. */
struct sw_limit {
	__u64 interval;
	__u64 tolerance;
};

struct sw_service {
	__u8 transport;   /* enum sw_transport */
	__u8 any_address; /* 1: every local address */
	__u16 port_first;
	__u16 port_last;
	__u16 tls_min;         /* the oldest version that a ClientHello must offer, SW_TLS_ */
	struct sw_limit limit; /* requests outside a dialog; on TLS, handshakes */
};

/* Bounds of the sanity check. Aligned, so that one more changes nothing around it. */
struct sw_bounds {
#define BOUND(reason, key, ...) __u32 key;
#include <sipward/bounds.def>
} __attribute__((aligned(8)));

/* One subscriber: prefix lengths that make a source, unless a zone says otherwise, and a ban. */
#define SW_SUBSCRIBER_V4 32
#define SW_SUBSCRIBER_V6 64

/* One network: a botnet, or a spoofer whose own network filters him (BCP 38), can fill no more. */
#define SW_PREFIX_V4 24
#define SW_PREFIX_V6 56

/* Responses that a zone lets in: all, or those to a request that the server sent. */
enum sw_responses { SW_RESPONSES_ANY, SW_RESPONSES_EXPECTED };

/* Which requests with a To-tag a zone takes for what they say: inside a dialog. */
enum sw_to_tag { SW_TO_TAG_ANY, SW_TO_TAG_PROVEN };

/* The action for a TCP connection whose content breaks a rule. */
enum sw_tcp { SW_TCP_COUNT, SW_TCP_CLOSE };

enum sw_greylist { SW_GREYLIST_OFF, SW_GREYLIST_AUTO, SW_GREYLIST_ALWAYS };

struct sw_zone {
	__u8 mode;     /* enum sw_mode: what is carried out in this zone */
	__u8 trust;    /* enum sw_trust */
	__u8 greylist; /* enum sw_greylist */
	__u8 probe;    /* 1: the agent probes newcomers */
	__u32 methods; /* bit per enum sw_message: allowed outside a dialog */
	__u64 sanity;  /* bit per enum sw_sanity: judged in this zone */
	__u64 watched; /* those, and what the rate of malformed messages counts */
	struct sw_bounds bounds;
	__u8 source_port; /* 1: each port is a source of its own */
	__u8 require;     /* enum sw_require: of plain SIP only what IMS sends so */
	__u8 responses;   /* enum sw_responses */
	__u8 bans;        /* SW_OFFENCE_BIT(): behaviour that is watched */
	__u8 tcp;         /* enum sw_tcp */
	__u8 to_tag;      /* enum sw_to_tag */
	__u8 body;        /* 1: session descriptions are judged */
	__u8 pad;
	__u32 connections;  /* established ones of one subscriber; 0: no limit */
	__u32 source_calls; /* calls at a time; 0: no limit */
	__u32 zone_calls;
	__u8 calls;   /* 1: they are counted */
	__u8 patches; /* bit per rule of the operator's that holds in this zone */
	__u8 pad2[2];
	struct sw_mask source[2]; /* what makes one source: IPv4, IPv6 */
	struct sw_limit zone_limit;
	struct sw_limit prefix_limit; /* of each network (`network` below) */
	struct sw_limit callee_limit; /* of each called number, for callers that are not known */
	struct sw_limit cleartext;    /* initial REGISTERs in the clear, with SW_REQUIRE_IPSEC */
	struct sw_limit newcomers;    /* budget of sources without a proof */
	struct sw_limit account;      /* logins of an attacked account that are not its user's */
	struct sw_limit source_limits[SW_RATE_COUNT];
	struct sw_limit unproven[SW_UNPROVEN_MAX]; /* of all senders without a proof together */
	struct sw_content content;
	struct sw_egress egress;
	struct sw_guard guard;
};

#define SW_WAY_KEYS 7

#define SW_EMERGENCY_MAX    16
#define SW_EMERGENCY_DIGITS 16 /* octets of a number, padded with NUL */

struct sw_policy {
	__u32 abi_version;
	__u32 mode; /* enum sw_mode, of the whole policy */
	__u64 generation;
	__u64 shadow[SW_REASONS_MAX / 64]; /* bit per reason: counted, not carried out */
	__u64 shadow_sanity;               /* likewise, SW_SANITY_BIT() */
	__u8 hash[32];                     /* SHA-256 of the policy's text and its lists */
	__u32 fragments_drop;              /* 1: a later fragment without its first is dropped */
	__u32 have_zones;                  /* 1: some zone has prefixes: the tries are asked */
	__u32 have_list_hosts;
	__u32 have_list_prefixes;
	__u32 service_count;
	__u32 check_local;   /* 1: the agent keeps local_addrs, transit is not ours */
	__u32 sanity_strict; /* 1: some zone judges a check of `strict` only */
	__u32 bodies;        /* 1: some zone judges session descriptions */
	__u32 admission;     /* 1: some zone has a budget for newcomers */
	__u32 early;         /* 1: something may refuse a message before it is read
					    * in full */
	__u32 observed;      /* 1: some rule needs what the observer notes */
	__u32 connections;   /* 1: it matters whether TCP data has a connection */
	__u32 have_connection_limits;
	__u32 tcp_close;          /* 1: some zone has connections closed */
	__u32 responses_expected; /* 1: some zone wants no unasked-for response */
	__u32 emergency_count;
	__u32 content; /* SW_CONTENT_ bits: families that some zone uses */
	__u32 limited; /* bit per enum sw_rate: some zone limits it */
	__u32 have_prefix_limits;
	__u32 have_callee_limits;
	__u32 patch_count;   /* rules of the operator's; */
	__u32 patch_letters; /* first octets of names that they read, modulo 32 */
	__u32 patch_headers; /* a bit for each: those that read headers, */
	__u32 patch_uris;    /* the Request-URI, */
	__u32 patch_bodies;  /* the body */
	__u32 have_service_limits;
	__u32 count_ports;            /* 1: some zone's sources are address and port */
	struct sw_mask subscriber[2]; /* SW_SUBSCRIBER_V4, _V6: what a ban is for */
	struct sw_mask network[2];    /* SW_PREFIX_V4, _V6 */
	__u32 require;                /* 1: some zone must use TLS or IPsec */
	__u32 guards;                 /* SW_GUARD_ bits: rules that some zone uses */
	__u32 host_count;
	__u32 openings;      /* 1: the first payload of connections is judged */
	__u32 bans;          /* 1: some zone bans for behaviour */
	__u64 compiled;      /* when */
	__u64 seed[2];       /* of this host, for tokens */
	__u64 known_for;     /* ns that a known endpoint may be idle */
	__u32 greylist_mask; /* lines of the greylist's memory, less 1 */
	__u32 egress;        /* SW_CONTENT_ bits of what leaves, SW_EGRESS_DIALOGS */
	__u32 to_tags;       /* 1: some zone wants dialogs proven */
	__u32 calls;         /* 1: some zone counts calls */
	__u32 pad;
	__u32 dialogs;       /* entries of the table of dialogs, */
	__u32 known_entries; /* and of known endpoints */
	__u32 source_lines;  /* lines of these tables (SW_WAYS entries each) */
	__u32 prefix_lines;
	__u32 unproven_dialer_lines;
	__u64 way_keys[SW_WAY_KEYS];        /* of this host, to find a line by (bpf/lib/ways.h) */
	struct sw_host hosts[SW_HOSTS_MAX]; /* names of the inside */
	struct sw_limit emergency;          /* of each zone */
	__u8 emergency_numbers[SW_EMERGENCY_MAX][SW_EMERGENCY_DIGITS];
	__u64 agent_begins[SW_AGENT_FILTER]; /* SW_AGENT_BEGIN octets: rules/signature.h */
	__u64 agent_filter[SW_AGENT_FILTER]; /* and of all of them */
	__u32 structure;                     /* enum sw_action: of tools told by their structure */
	__u32 injection;                     /* enum sw_action */
	__u64 content_types[SW_CONTENT_TYPES_MAX];                 /* hashes of names, 0: none */
	struct sw_dial_prefix dial_prefixes[SW_DIAL_PREFIXES_MAX]; /* the longest first */
	__u32 dial_prefix_count;
	__u32 country_length;              /* digits of the own country code, 0: not said */
	__u64 country;                     /* four bits each, the first one on top */
	struct sw_limit events;            /* events to user space, all interfaces together */
	__u32 patches_of[SW_MESSAGES_MAX]; /* those of each enum sw_message */
	struct sw_patch patches[SW_PATCHES_MAX];
	struct sw_service services[SW_SERVICES_MAX];
	struct sw_zone zones[SW_ZONES_MAX];
	__u64 udp_ports[65536 / 64]; /* of some service: RTP leaves after one load */
	__u64 tcp_ports[65536 / 64];
};

/* Policy maps. Keys of the tries are in network order, as the LPM map wants them. */
struct sw_prefix4 {
	__u32 length; /* 0..32 */
	__u8 octets[4];
};

struct sw_prefix6 {
	__u32 length; /* 0..128 */
	__u8 octets[16];
};

/* A local address that a service is bound to (services with any_address 0). */
struct sw_service_addr {
	struct sw_addr addr;
	__u32 service;
};

enum sw_list { SW_LIST_NONE, SW_LIST_ALLOW, SW_LIST_DENY };

#define SW_UNPROVEN_HAS(class)                                            \
	_Static_assert((int)SW_REASON_OF_UNPROVEN(SW_UNPROVEN_##class) == \
			       (int)SW_REASON_UNPROVEN_##class,           \
		       "the numbers stand in the order of classes")
SW_UNPROVEN_HAS(KEEPALIVE);
SW_UNPROVEN_HAS(STUN);
SW_UNPROVEN_HAS(RESPONSE);
SW_UNPROVEN_HAS(ACK);
SW_UNPROVEN_HAS(DIALOG);
SW_UNPROVEN_HAS(SYN);
SW_UNPROVEN_HAS(SEGMENT);
SW_UNPROVEN_HAS(FRAGMENT);
_Static_assert(SW_UNPROVEN_FRAGMENT == SW_UNPROVEN_REASONS - 1, "a class with a reason has a name");
_Static_assert(sizeof(struct sw_addr) == 16, "no padding");
_Static_assert(sizeof(struct sw_mask) == 20, "no padding");
_Static_assert(sizeof(struct sw_limit) == 16, "no padding");
_Static_assert(sizeof(struct sw_service) == 24, "no padding");
_Static_assert(sizeof(struct sw_zone) == 184 + sizeof(struct sw_bounds) + 16 * SW_RATE_COUNT +
						 16 * SW_UNPROVEN_MAX + sizeof(struct sw_content) +
						 sizeof(struct sw_egress) + sizeof(struct sw_guard),
	       "no padding");
_Static_assert(sizeof(struct sw_prefix4) == 8 && sizeof(struct sw_prefix6) == 20, "no padding");
_Static_assert(sizeof(struct sw_service_addr) == 20, "no padding");

#endif
