/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy as its author means it: the model that the YAML file becomes and that
 * user/kernel compiles into maps. Nothing here knows YAML (parse.c does) or BPF
 * (kernel/compile.c does). Words and units are those of the file; every default is
 * already filled in.
 *
 * A model is owned by one `struct policy`; policy_free() (auto_policy) frees all of it.
 */
#ifndef SIPWARD_POLICY_MODEL_H
#define SIPWARD_POLICY_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sipward/abi.h>
#include <sipward/offence.h>
#include <sipward/policy.h>

#include "base/base.h"

/* Where in which file something was written; for messages. line 0: nowhere (a default). */
struct position {
	uint32_t line;
	uint32_t column;
};

/* A prefix of either family. */
struct prefix {
	struct sw_addr addr; /* network order, host bits zero; IPv4 mapped */
	uint8_t length;      /* 0..32 for IPv4, 0..128 for IPv6 */
	bool ipv6;
};

/* `40/s burst 100`: count packets in each period, and a burst. */
struct rate {
	bool set;        /* false: no limit */
	uint64_t count;  /* 1..1000000000 */
	uint64_t period; /* nanoseconds, 1 ms..24 h */
	uint64_t burst;  /* packets at once, 1..1000000000; unsaid: `count` a second */
	struct position at;
};

struct service {
	enum sw_transport transport;
	uint16_t tls_min;          /* the oldest version that a ClientHello must offer, SW_TLS_ */
	uint16_t port_first;       /* 1..65535 */
	uint16_t port_last;        /* >= port_first */
	struct sw_addr *addresses; /* none: every local address */
	size_t address_count;
	struct rate rate; /* requests outside a dialog; of tls, handshakes */
	struct position at;
};

/* How an attack tool begins its User-Agent, in lower case. */
struct user_agent {
	char name[SW_AGENT_OCTETS + 1];
	enum sw_action action;
	struct position at;
};

/* The first digits of a telephone number. */
struct number {
	uint8_t digits[SW_NUMBER_DIGITS]; /* '*' is 10, '#' 11 */
	uint8_t length;
	bool international; /* E.164, without what is dialled before it */
};

struct number_rule {
	struct number prefix;
	uint8_t zone;                    /* index into zones */
	enum sw_direction direction : 8; /* there may be two million of them */
	enum sw_action action : 8;
	bool high_risk; /* from the list of high-risk numbers */
};

/* Content that a zone may not send. */
struct content_rules {
	uint32_t headers[SW_ACTION_COUNT];  /* bit per enum sw_header, by what is done */
	uint32_t statuses[SW_ACTION_COUNT]; /* bit per class: 1 << 3 is 3xx */
	uint32_t types[SW_ACTION_COUNT];    /* bit per policy.content_types */
	enum sw_action high_risk;           /* of numbers that are called */
	struct sw_routing routing;
};

/* Content that the server may send to a zone. */
struct egress_rules {
	uint32_t methods;             /* as in struct zone; 0: any */
	enum sw_action unlisted;      /* of methods that are not among them */
	struct content_rules content; /* headers, statuses and types alone */
};

/* The meaning of "one source" in a zone. */
struct counting {
	uint32_t v4, v6; /* prefix lengths, 1..32 and 1..128 */
	bool port;       /* each port of it is a source of its own */
};

/* `10/60s`: the count of offences within a period that earns a ban; count 0: nothing does. */
struct threshold {
	uint32_t count;  /* 1..1000 */
	uint64_t period; /* nanoseconds, 1 ms..24 h */
};

struct bans {
	bool set;
	struct threshold thresholds[SW_OFFENCE_COUNT];
	struct threshold account; /* wrong passwords of one username, from all sources together */
	uint64_t duration;        /* nanoseconds, of the first ban of a source */
	uint32_t escalate;        /* each next one is as many times longer, 1..100 */
	uint64_t max;             /* but no longer than this, >= duration */
	struct position at;
};

/* Calls at a time; 0: no limit. */
struct call_limits {
	uint32_t source, zone; /* 1..SW_CALLS_MAX */
	uint64_t forget;       /* nanoseconds: so long after its last message a call is over */
};

/* The rules that remember (guard.c). */
struct guard_rules {
	enum sw_teardown teardown;
	enum sw_action loop;
	enum sw_action digest_leak;
	enum sw_action sweep;
	struct rate destinations;          /* its period is the window of both; no burst */
	uint32_t privacy[SW_ACTION_COUNT]; /* bit per word of privacy_words */
};

/* A rule of the operator's own. */
struct patch {
	char name[SW_NAME_MAX];
	uint64_t zones;   /* bit per index into zones */
	uint32_t methods; /* bit per enum sw_message */
	enum sw_patch_part part;
	char header[SW_PATCH_NAME + 1]; /* in small letters, never a compact form */
	char compact;                   /* that, or NUL */
	enum sw_patch_test test;
	char text[SW_PATCH_TEXT + 1];
	uint32_t longer;
	char body[SW_PATCH_TEXT + 1]; /* empty: the body is not looked at */
	bool any_case;
	bool dialogs; /* denied inside a dialog, too */
	enum sw_action action;
	enum sw_action unread; /* of a request that is not read to its end */
	struct position at;
};

struct zone {
	char name[SW_NAME_MAX];
	struct prefix *sources;
	size_t source_count;
	enum sw_trust trust;
	enum sw_mode mode;       /* enforce unless the zone or the policy says monitor */
	uint32_t methods;        /* bit per enum sw_message, OTHER for unnamed ones ("other") */
	int body;                /* 1: session descriptions are judged */
	int profile;             /* SW_PROFILE_*; the policy's unless the zone says */
	struct sw_bounds bounds; /* the policy's unless the zone says */
	struct rate newcomers;   /* budget of sources without a proof; not set: no admission */
	enum sw_greylist greylist;
	bool probe; /* the agent proves newcomers itself, by an OPTIONS */
	struct counting count;
	enum sw_require require;
	struct rate cleartext; /* initial REGISTERs in the clear, with SW_REQUIRE_IPSEC */
	enum sw_responses responses;
	enum sw_to_tag to_tag;
	struct bans bans;
	enum sw_tcp tcp;
	struct call_limits calls;
	uint32_t connections; /* TCP, of one subscriber; 0: no limit */
	struct rate zone_rate;
	struct rate prefix_rate; /* of each SW_PREFIX_V4 or SW_PREFIX_V6 */
	struct rate callee_rate; /* of each called number, for callers that are not known */
	struct rate source_rates[SW_RATE_COUNT];
	struct rate unproven[SW_UNPROVEN_COUNT]; /* of all senders without a proof together */
	struct content_rules content;
	struct egress_rules egress;
	struct guard_rules guard;
	struct position at;
};

/* How many wrong lines of a feed are kept as texts. */
#define FEED_WRONG_KEPT 5

/* A file of prefixes as it was read (feed.h). */
struct feed {
	char *path;                   /* as in struct policy_text */
	size_t entries;               /* with those whose time is over */
	size_t ended;                 /* those alone */
	size_t bad;                   /* lines that are left out */
	uint64_t next_end;            /* of an entry, nanoseconds since 1970; 0: none ends */
	char *wrong[FEED_WRONG_KEPT]; /* "FILE:LINE:COLUMN: what", the first of them */
	size_t wrong_count;
	char *missing; /* why it counts as empty (text.h); NULL: it does not */
};

struct list_entry {
	struct prefix prefix;
	enum sw_list list; /* SW_LIST_ALLOW or SW_LIST_DENY */
};

/* The tables whose sizes a policy may choose. */
enum policy_table {
	TABLE_BANS,
	TABLE_SOURCES,
	TABLE_PREFIXES,
	TABLE_FRAGMENTS,
	TABLE_KNOWN,
	TABLE_PROOFS, /* nonces, and as many tags */
	TABLE_OPENINGS,
	TABLE_DIALOGS, /* and as many transactions */
	TABLE_LOOPS,
	TABLE_DIALERS, /* and as many unproven ones */
	TABLE_BRANCHES,
	TABLE_GREYLIST, /* lines of the greylist's memory, a power of two */
	TABLE_COUNT
};

struct tables {
	uint32_t entries[TABLE_COUNT];
};

/* Where a line for each event goes, beside `sipward events`. */
enum log_target { EVENT_LOG_OFF, EVENT_LOG_JSON, EVENT_LOG_SYSLOG };

struct event_logging {
	enum log_target to;
	struct rate rate; /* of the lines */
};

/* Homer, which is sent HEP packets. */
struct hep_target {
	char host[256]; /* a name or an address, IPv6 without brackets */
	uint16_t port;  /* 0: nothing is sent */
	uint32_t id;    /* by which it knows this host */
	struct rate rate;
};

/* When a program of the operator's is run. */
enum hook { HOOK_BAN, HOOK_UNBAN, HOOK_ATTACK_BEGIN, HOOK_ATTACK_END, HOOK_COUNT };

struct hook_program {
	char *path; /* NULL: none */
	struct position at;
};

struct hooks {
	struct hook_program programs[HOOK_COUNT];
	char user[33];
	uint64_t calm; /* nanoseconds without a refusal by a limit that end an attack */
};

struct policy {
	char *file;         /* name for messages; "(embedded)" for the built-in one */
	uint8_t hash[32];   /* SHA-256 over the text and its files, in order; feeds change */
	size_t text_octets; /* of the text and every list file */
	size_t text_values; /* in the text, without list files */
	enum sw_mode mode;
	char (*interfaces)[IFNAMSIZ];
	size_t interface_count;
	char (*observe)[IFNAMSIZ]; /* where answers leave; none: wherever the routes lead */
	size_t observe_count;
	struct service *services; /* at least one, at most SW_SERVICES_MAX */
	size_t service_count;
	struct zone *zones; /* zones[0] is always `public`; at most SW_ZONES_MAX */
	size_t zone_count;
	struct list_entry *list; /* no prefix twice; on both lists: allow wins */
	size_t list_count;
	struct feed *feeds; /* each file once, in the order of the text */
	size_t feed_count;
	bool strict;                          /* a wrong line of a feed is an error */
	bool lists_watched;                   /* some entry of the lists comes from a feed */
	bool zones_watched;                   /* likewise of a zone's sources */
	size_t contested;                     /* prefixes of feeds that two zones claim */
	char *contest;                        /* the first of them, in words; NULL: none */
	uint64_t shadow[SW_REASONS_MAX / 64]; /* reasons that are only counted */
	bool fragments_drop;
	struct tables tables;
	struct position tables_at[TABLE_COUNT]; /* line 0: the size is a default */
	char *state_file;     /* where the state is saved; NULL: as the service manager says */
	bool state_off;       /* nowhere */
	uint64_t state_every; /* nanoseconds from one time to the next */
	uint64_t known_for;   /* nanoseconds that a known endpoint may be idle */
	char (*hosts)[SW_HOST_WORDS * 8]; /* names of the inside, in lower case */
	size_t host_count;
	struct rate emergency; /* of each zone; set when there are numbers or it is written */
	char (*emergency_numbers)[SW_EMERGENCY_DIGITS];
	size_t emergency_count;    /* at most SW_EMERGENCY_MAX */
	char **content_types;      /* media types that zones name */
	size_t content_type_count; /* at most SW_CONTENT_TYPES_MAX */
	struct user_agent *agents; /* no name twice */
	size_t agent_count;
	enum sw_action structure; /* of attack tools that their structure gives away */
	enum sw_action injection; /* of text that looks like SQL or markup */
	struct patch *patches;    /* at most SW_PATCHES_MAX, no name twice */
	size_t patch_count;
	struct number *dial_prefixes; /* the longest first, at most SW_DIAL_PREFIXES_MAX; not
				       * `international`: a number of the own country follows */
	size_t dial_prefix_count;
	struct number country;       /* code of the own country; length 0: not said */
	struct number_rule *numbers; /* no prefix twice in a zone and direction; the gentlest won */
	size_t number_count;
	struct rate events;
	struct event_logging log;
	struct hep_target hep;
	struct hooks hooks;
	char metrics_host[64]; /* numeric address, IPv6 without brackets */
	uint16_t metrics_port; /* 0: no exporter */
};

/* True for an IPv4 address (which is kept as ::ffff:a.b.c.d). */
static inline bool addr_is_ipv4(const struct sw_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return __builtin_memcmp(addr->octets, mapped, sizeof(mapped)) == 0;
}

/* Frees what *p owns and leaves it empty. */
void policy_free(struct policy *p);
#define auto_policy cleanup(policy_free)

/* Its hash in hexadecimal; the caller frees it. */
char *policy_hash(const struct policy *policy);

#endif
