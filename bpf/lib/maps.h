/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Every map of the data path and its constants. Two kinds: policy maps are made anew for
 * each generation and written by user space only; state maps are pinned and outlive it.
 * user/kernel sets max_entries of those whose size a policy can choose.
 *
 * No spoofed packet pushes the entry of a real sender out of a table. Below is the reason for each
 * table, by the packets that write it. U stands for packets that get in without a proof, which for
 * a zone with newcomers at R a second is 2 R a second (first packets, and retransmissions), and C
 * for a ceiling (rules/unproven.h):
 *
 *   nobody but user space   meta, zone_names, local_addrs, bans, connection_counts, probes,
 *                           penalties, health, calls_aged: hashes, which evict nothing;
 *                           offences that may be spoofed are told at 500 a second at most, and
 *                           one penalty takes many.
 *   a proof                 known, known_cells, authenticated, quotas: hashes, which take nobody
 *                           in when they are full. refusals, owners, dialers, spared_streams:
 *                           LRU, whose writers all proved where they are.
 *   any packet, in place    zone_cells, ceilings, service_cells, event_cell, observed, counters,
 *                           tallies, the counts in patch_names: one entry for each number;
 *                           samples: a new one takes the place of the oldest one.
 *                           opening_hints: a cell that is written twice says "many", and the table
 *                           behind it decides. greylist: a line forgets its oldest of 16 cells
 *                           (greylist.h).
 *   any packet, by source   sources, prefixes, unproven_dialers; by called number, callees: an
 *                           entry is taken only when it says nothing any more (ways.h); full,
 *                           cells are shared, and no sketch is made.
 *
 *   the server's answers    calls, call_counts: hashes, which take nothing in when they are full.
 *
 * The others are LRU, which keeps an entry for as long as half of its size is written anew, and
 * longer when it was looked up meanwhile. They hold as long as that takes longer than an entry
 * matters. At R = 100, so U = 200, and sizes as they are:
 *
 *   attempts, unproven_refusals  U: 163 s; an answer comes within 32 (Timer F)
 *   callers                 INVITEs of all zones; the call of one that is forgotten is not counted
 *   asks                    requests of all zones; what is forgotten begins no dialog
 *   proofs, sent_tags       answers to U: 327 s; a challenge is answered at once, and the endpoint
 *                           is in `known` then; a tag matters to a newcomer until it is probed
 *   branches                requests that follow from U: 327 s; they are waited for 200 s. Where
 *                           one was forgotten too soon the observer notes it, and no rule speaks
 *   dialogs, transactions   what the server answers of U; `dialogs_full` says that some may be
 *                           missing, and no rule speaks
 *   loops                   U, and C of dialogs: 27 s; a request that loops is back within one
 *   openings                2 C of SYN, 2000: 16 s; a client sends its first payload at once. What
 *                           is forgotten is judged while the kernel has read nothing of it
 *   fragments               first fragments that passed, with `fragments: drop` (stages/fragment.h)
 *
 * A larger R wants larger tables: `tables` of the policy.
 */
#ifndef SIPWARD_BPF_LIB_MAPS_H
#define SIPWARD_BPF_LIB_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <sipward/offence.h>
#include <sipward/quota.h>
#include <sipward/policy.h>
#include <sipward/sample.h>
#include <sipward/state.h>

/* The parts of a scan that the stages of this policy use: SIP_NEED_ bits. */
const volatile __u32 scan_needs = 0;
#define SIP_NEEDS(what) (scan_needs & (what))
#include "sip/sdp.h"
#include "sip/sip_scan.h"
#include "sip/sip_peek.h"
#include "lib/facts.h"

/* The compiled policy: frozen before the verifier reads it. */
const volatile struct sw_policy policy = {};

/* 1 in tests, `explain` and `audit`: time is what user space wrote into test_run_now, and the
 * outcome of each packet is written to `test_run`. Where it is 0 the verifier removes all that. */
const volatile __u32 in_test_run = 0;
__u64 test_run_now = 0;
struct sw_test_run test_run = {};
struct sip_msg test_run_msg = {};
__u8 test_run_scanned = 0;  /* the scanner read the packet under work */
__u8 test_run_searched = 0; /* likewise: find_opening() */

/* The kinds of maps: name, entries, key, value. Arrays have numbers for keys; rings have octets. A
 * plain hash takes its memory as it fills, and evicts nothing; the keys of a trie are prefixes. */
#define MAP(name, kind, flags, entries, key_type, value_type) \
	struct {                                              \
		__uint(type, BPF_MAP_TYPE_##kind);            \
		__uint(map_flags, flags);                     \
		__uint(max_entries, entries);                 \
		__type(key, key_type);                        \
		__type(value, value_type);                    \
	} name SEC(".maps")
#define HASH(name, entries, key, value) MAP(name, HASH, BPF_F_NO_PREALLOC, entries, key, value)
#define TRIE(name, entries, key, value) MAP(name, LPM_TRIE, BPF_F_NO_PREALLOC, entries, key, value)
#define LRU(name, entries, key, value)  MAP(name, LRU_HASH, 0, entries, key, value)
#define ARRAY(name, entries, value)     MAP(name, ARRAY, 0, entries, __u32, value)
#define PERCPU(name, entries, value)    MAP(name, PERCPU_ARRAY, 0, entries, __u32, value)
#define RING(name, octets)                          \
	struct {                                    \
		__uint(type, BPF_MAP_TYPE_RINGBUF); \
		__uint(max_entries, octets);        \
	} name SEC(".maps")

/* --- policy maps --- */

TRIE(zones_v4, 1, struct sw_prefix4, __u32); /* zone number */
TRIE(zones_v6, 1, struct sw_prefix6, __u32);
HASH(list_hosts, 1, struct sw_addr, __u32);  /* enum sw_list */
TRIE(lists_v4, 1, struct sw_prefix4, __u32); /* enum sw_list */
TRIE(lists_v6, 1, struct sw_prefix6, __u32);
HASH(service_addrs, 1, struct sw_service_addr, __u32);

/* Prefixes of telephone numbers. */
TRIE(numbers, 1, struct sw_number, __u32); /* SW_NUMBER_VALUE() */

/* Names of attack tools, by their hash (name_hash.h). */
HASH(agents, 1, __u64, __u32); /* enum sw_action */

/* When something was last reported, in seconds, and what, as a part of its token: a cell each, that
 * the next one with this cell takes over (events.h). Written by any packet, and a generation begins
 * with none. */
#define REPORTS_TOLD 4096
ARRAY(reports_told, REPORTS_TOLD, __u64);

/* --- state maps, host-wide --- */

ARRAY(meta, 1, struct sw_meta);
ARRAY(zone_names, SW_ZONES_MAX, struct sw_zone_name);

/* Addresses of this host, kept by the agent from netlink: transit is not ours. */
HASH(local_addrs, SW_LOCAL_ADDRS_MAX, struct sw_addr, __u32);

/* A plain hash: traffic never writes to it, so nothing is ever evicted from it. */
HASH(bans, 65536, struct sw_source, struct sw_ban);

/* Limit cells of sources (ways.h). */
ARRAY(sources, 65536 / SW_WAYS, struct sw_cell_line);

/* Datagrams whose first fragment was judged and passed; and those of which nothing was judged
 * (stages/fragment.h). Both only with `fragments: drop`. */
LRU(fragments, 16384, struct sw_fragment_key, struct sw_fragment);
LRU(other_fragments, 16384, struct sw_fragment_key, struct sw_fragment);

/* The register of the operator's rules, and how often each matched. */
ARRAY(patch_names, SW_PATCH_NUMBERS, struct sw_patch_name);

/* One limit cell a zone, and one for all events. */
ARRAY(zone_cells, SW_ZONES_MAX, struct sw_zone_cell);
ARRAY(event_cell, 1, struct sw_zone_cell);

/* Of each zone: what all senders without a proof may send of each class (rules/unproven.h). */
ARRAY(ceilings, SW_ZONES_MAX, struct sw_ceilings);

RING(events, SW_EVENT_RING_SIZE);

/* The packets themselves, beside their events: read by `sipward capture`, and as long as nobody
 * does, nothing is copied. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} captured SEC(".maps");

/* Samples of packets, and who wants them (sampling.h). Mapped by those who read them. */
MAP(sampling, ARRAY, BPF_F_MMAPABLE, 1, __u32, struct sw_sampling);
MAP(samples, ARRAY, BPF_F_MMAPABLE, SW_SAMPLES, __u32, struct sw_sample);

/* Offences for which the agent closes the connection. */
RING(closings, SW_CLOSINGS_RING_SIZE);

/* Sources with many TCP connections, written by the agent alone. */
HASH(connection_counts, SW_CONNECTION_COUNTS_MAX, struct sw_source, struct sw_connection_count);

/* Endpoints with a proof. A plain hash that only proofs write to: a packet without a proof can
 * neither enter it nor push anything out. */
HASH(known, 262144, struct sw_source, struct sw_known);

/* Limit cells of sources that have a known endpoint: never debited by any other packet. */
HASH(known_cells, 262144, struct sw_source, struct sw_known_cells);

/* Limit cells of networks (ways.h). */
ARRAY(prefixes, 16384 / SW_WAYS, struct sw_prefix_line);

/* Limit cells of called numbers (ways.h, rules/callee_limit.h). */
ARRAY(callees, SW_CALLEE_LINES, struct sw_callee_line);

/* One limit cell a service, by its place in the policy. */
ARRAY(service_cells, SW_SERVICES_MAX, struct sw_zone_cell);

/* Known endpoints of each address, network and block, and of the whole table (quota.h); kept right
 * by the agent's sweep. A plain hash that holds two keys for each entry of that table: forgotten
 * counts would let one network have more than its share. */
HASH(quotas, 524288, struct sw_source, struct sw_quota);
ARRAY(known_fill, SW_KNOWN_FILL_COUNT, __u64);

/* Nonces of challenges, and tags, that left for an address; written by the observer, so newcomers
 * fill them only as fast as their budget lets the server answer. Two tables: tags are many, and
 * push out no nonce. */
LRU(proofs, 131072, __u64, struct sw_proof);
LRU(sent_tags, 131072, __u64, struct sw_proof);

/* Branches of the agent's probes. A plain hash that only the agent fills, at its own rate; the
 * answer takes the entry out. Its memory is taken at once, so that no flood changes it. */
MAP(probes, HASH, 0, SW_PROBES_MAX, __u64, struct sw_proof);

/* Mappable, for then the kernel lays it on a page, and each line on one cache line. */
MAP(greylist, ARRAY, BPF_F_MMAPABLE, 65536, __u32, struct sw_greylist_line);

/* Newcomers that the agent is to probe. */
RING(newcomers, SW_NEWCOMER_RING_SIZE);

/* Written for requests that get in, so newcomers fill it only as fast as their budget. */
LRU(attempts, 65536, __u64, struct sw_attempt);

/* Only what comes on a connection writes to `refusals`; all others push out each other. */
LRU(refusals, 65536, __u64, struct sw_refusal);
LRU(unproven_refusals, 65536, __u64, struct sw_refusal);

/* A plain hash that only those enter whom the server served; the agent sweeps idle ones out. */
HASH(authenticated, 262144, struct sw_source, struct sw_authenticated);

/* Endpoints and connections on which a username registered: only what is proved writes here. */
LRU(owners, 65536, __u64, __u64);

/* Written by the agent only. */
HASH(penalties, 65536, struct sw_source, struct sw_penalty);

RING(offences, SW_OFFENCE_RING_SIZE);

PERCPU(tallies, SW_TALLY_COUNT, __u64);

/* Branches of requests that the server sent, in a table of their own: answers of the server to
 * newcomers push none of them out. */
LRU(branches, 131072, __u64, struct sw_proof);

/* State that the agent writes for the data path. */
ARRAY(health, 1, struct sw_health);

/* Connections whose first payload is to be judged, and the octets of it that passed (opening.h). A
 * flood of SYNs makes them forget: then what comes is no first payload, and passes. */
LRU(openings, 65536, __u64, struct sw_opening);
LRU(opening_texts, 2048, __u64, struct sw_opening_text);

/* Which of them a segment may belong to at all (opening.h). */
ARRAY(opening_hints, SW_OPENING_HINTS, __u64);

/* Connections of banned sources that carry an emergency call (rules/stream.h). Only messages on a
 * connection write here, as fast as the budget of `emergency:` allows. A connection that was
 * forgotten is noted again with the next message of its call. */
LRU(spared_streams, 16384, __u64, struct sw_stream);

/* State that the observers write. */
ARRAY(observed, 1, struct sw_observed);

/* Dialogs by their parties, and transactions by the address that they belong to. Only messages of
 * the server write here: a flood gets in only as fast as the server answers it. */
LRU(dialogs, 65536, __u64, struct sw_dialog);
LRU(transactions, 65536, __u64, struct sw_proof);

/* Calls, and how many each source and each zone has (lib/calls.h). Hashes, which evict nothing: a
 * call that finds no room is not counted. Only answers and BYEs of the server write here; the agent
 * alone writes `calls_aged`. */
HASH(calls, SW_CALLS_MAX, __u64, struct sw_call);
LRU(callers, 65536, __u64, struct sw_caller);
HASH(call_counts, SW_CALLS_MAX, struct sw_source, struct sw_call_count);
HASH(calls_aged, SW_CALLS_MAX, struct sw_source, __u32);

/* Requests without a To-tag that were let through, where a zone has `to_tag: proven`: their answers
 * may begin a dialog. Newcomers fill it only as fast as their budget; the answer to a forgotten
 * request begins no dialog. */
LRU(asks, 65536, __u64, struct sw_proof);

/* Requests outside a dialog, and how often they came by. */
LRU(loops, 65536, __u64, struct sw_loop);

/* Numbers that sources dial: sources with a proof, and all others (ways.h). */
LRU(dialers, 16384, struct sw_source, struct sw_dialer);
ARRAY(unproven_dialers, 16384 / SW_WAYS, struct sw_dialer_line);

/* --- state maps of one interface --- */

PERCPU(counters, SW_ZONES_MAX, struct sw_counters);

/* --- scratch: what does not fit the stack of one packet --- */

struct scratch {
	struct packet packet;
	struct outbound outbound;
	struct sip_buf buf;
	struct sip_input input;
	struct sip_msg msg;
	struct content content;
	struct beginning beginning;
	struct stream stream;
	struct patching patching;
	struct sdp sdp;
	struct told told;
	__u64 tick;       /* jiffies when tick_time was read */
	__u64 tick_time;  /* CLOCK_MONOTONIC nanoseconds */
	__u64 spent_tick; /* jiffies when the budget of events was last spent */
	__u32 events_suppressed;
	__u32 sample_gap;    /* packets until the next sample, */
	__u64 sample_period; /* as they were drawn (sampling.h) */
	__u32 sample_rate;
	__u32 sample_weight;
	__u32 samples_in_period;
	__u32 pad;
};

PERCPU(scratch_map, 1, struct scratch);

#endif
