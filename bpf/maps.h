/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Every map of the data path and its constants. Two kinds: policy maps are made anew for
 * each generation and written by user space only; state maps are pinned and outlive it.
 * user/kernel sets max_entries of those whose size a policy can choose.
 */
#ifndef SIPWARD_BPF_MAPS_H
#define SIPWARD_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <sipward/offence.h>
#include <sipward/policy.h>
#include <sipward/state.h>

/* What the stages of this policy use of a scan: SIP_NEED_ bits. */
const volatile __u32 scan_needs = 0;
#define SIP_NEEDS(what) (scan_needs & (what))
#include "sip_scan.h"
#include "facts.h"

/* The compiled policy: frozen before the verifier reads it. */
const volatile struct sw_policy policy = {};

/* 1 in tests, `explain` and `audit`: time is what user space wrote into trial_now, and the
 * outcome of each packet is written to `trial`. Where it is 0 the verifier removes all that. */
const volatile __u32 on_trial = 0;
__u64 trial_now = 0;
struct sw_trial trial = {};
struct sip_msg trial_msg = {};
__u8 trial_scanned = 0; /* the scanner read the packet under work */

/* --- policy maps --- */

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_prefix4);
	__type(value, __u32); /* zone number */
} zones_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_prefix6);
	__type(value, __u32);
} zones_v6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_addr);
	__type(value, __u32); /* enum sw_list */
} list_hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_prefix4);
	__type(value, __u32); /* enum sw_list */
} lists_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_prefix6);
	__type(value, __u32);
} lists_v6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_service_addr);
	__type(value, __u32);
} service_addrs SEC(".maps");

/* Prefixes of telephone numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_number);
	__type(value, __u32); /* SW_NUMBER_VALUE() */
} numbers SEC(".maps");

/* Names of attack tools, by their hash (name_hash.h). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32); /* enum sw_action */
} agents SEC(".maps");

/* --- state maps, host-wide --- */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_meta);
} meta SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SW_ZONES_MAX);
	__type(key, __u32);
	__type(value, struct sw_zone_name);
} zone_names SEC(".maps");

/* Addresses of this host, kept by the agent from netlink: transit is not ours. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SW_LOCAL_ADDRS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_addr);
	__type(value, __u32);
} local_addrs SEC(".maps");

/* A plain hash: traffic never writes to it, so nothing is ever evicted from it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_ban);
} bans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct sw_source);
	__type(value, struct sw_cells);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sw_fragment_key);
	__type(value, struct sw_fragment);
} fragments SEC(".maps");

/* One limit cell a zone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SW_ZONES_MAX);
	__type(key, __u32);
	__type(value, struct sw_zone_cell);
} zone_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_zone_cell);
} event_cell SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SW_EVENT_RING_SIZE);
} events SEC(".maps");

/* The packets themselves, beside their events: read by `sipward capture`, and as long as nobody
 * does, nothing is copied. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} captured SEC(".maps");

/* What the agent is to close the connection for. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SW_CLOSINGS_RING_SIZE);
} closings SEC(".maps");

/* Sources with many TCP connections, written by the agent alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SW_CROWDED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_crowd);
} crowded SEC(".maps");

/* Endpoints with a proof. A plain hash that only proofs write to: what has none can neither
 * enter it nor push anything out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_known);
} known SEC(".maps");

/* Limit cells of sources that have a known endpoint: never debited by any other packet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_known_cells);
} known_cells SEC(".maps");

/* Limit cells of networks. Spoofed sources may push one out, which then begins anew. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sw_source);
	__type(value, struct sw_prefix_cells);
} prefixes SEC(".maps");

/* One limit cell a service, by its place in the policy. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SW_SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct sw_zone_cell);
} service_cells SEC(".maps");

/* Known endpoints of each /24 and /48; kept right by the agent's sweep. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct sw_source);
	__type(value, __u32);
} quotas SEC(".maps");

/* Written by the observer for what the server sends, so newcomers fill it only as fast as
 * their budget lets the server answer. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144);
	__type(key, __u64);
	__type(value, struct sw_proof);
} proofs SEC(".maps");

/* Mappable, for then the kernel lays it on a page, and each line on one cache line. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct sw_sights);
} sights SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_tag_habit);
} tag_habit SEC(".maps");

/* Newcomers that the agent is to probe. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SW_NEWCOMER_RING_SIZE);
} newcomers SEC(".maps");

/* Written for requests that get in, so newcomers fill it only as fast as their budget. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_attempt);
} attempts SEC(".maps");

/* Only what carries a proof writes to it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_refusal);
} refusals SEC(".maps");

/* A plain hash that only those enter whom the server served; the agent sweeps idle ones out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_good);
} goods SEC(".maps");

/* Written by the agent only. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sw_source);
	__type(value, struct sw_penalty);
} penalties SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SW_OFFENCE_RING_SIZE);
} offences SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SW_TALLY_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} tallies SEC(".maps");

/* Branches of requests that the server sent, in a table of their own: what the server answers
 * to newcomers pushes none of them out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, struct sw_proof);
} branches SEC(".maps");

/* What the agent tells the data path. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_health);
} health SEC(".maps");

/* Connections whose first payload is to be judged. A flood of SYNs makes it forget: then what
 * comes is no first payload, and passes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_opening);
} openings SEC(".maps");

/* Which of them a segment may belong to at all (opening.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SW_OPENING_HINTS);
	__type(key, __u32);
	__type(value, __u64);
} opening_hints SEC(".maps");

/* What the observers say of themselves. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_observed);
} observed SEC(".maps");
/* Dialogs by their parties, and transactions by whom they belong to. Only what the server sends
 * writes here: a flood gets in as fast as the server answers it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_dialog);
} dialogs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_proof);
} transactions SEC(".maps");

/* Requests outside a dialog, and how often they came by. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct sw_loop);
} loops SEC(".maps");

/* What sources dial: those by the path of a proof; and all others, whose flood pushes out nobody
 * but them. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sw_source);
	__type(value, struct sw_caller);
} callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sw_source);
	__type(value, struct sw_caller);
} strangers SEC(".maps");

/* --- state maps of one interface --- */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SW_ZONES_MAX);
	__type(key, __u32);
	__type(value, struct sw_counters);
} counters SEC(".maps");

/* --- scratch: what does not fit the stack of one packet --- */

struct scratch {
	struct packet packet;
	struct departure departure;
	struct sip_buf buf;
	struct sip_input input;
	struct sip_msg msg;
	struct content content;
	__u64 tick;      /* jiffies when tick_time was read */
	__u64 tick_time; /* CLOCK_MONOTONIC nanoseconds */
	__u32 events_suppressed;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_map SEC(".maps");

#endif
