/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/zone.h"

#include <string.h>

#include "policy/content.h"
#include "policy/guard.h"
#include "policy/keys.h"
#include "policy/names.h"
#include "policy/number.h"
#include "policy/sanity.h"
#include "policy/unproven.h"
#include "policy/zone_sources.h"

#define THRESHOLD_MAX 1000
#define METHODS_ALL   ((SW_MESSAGE_BIT(OTHER) << 1) - 1)

static bool is_public(const struct zone *z)
{
	return strcmp(z->name, PUBLIC) == 0;
}

static int read_name(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *name = want_text(d, value);

	(void)key;
	if (!name)
		return -1;
	if (strlen(name) >= SW_NAME_MAX || name[strspn(name, allowed)]) {
		return fail_at(&d->source, value->at,
			       "'%s' is not a zone name: 1 to %u letters, "
			       "digits, '_', '.' or '-'",
			       quote(name).text, SW_NAME_MAX - 1);
	}
	for (size_t i = 0; i < d->policy.zone_count; i++) {
		const struct zone *z = &d->policy.zones[i];

		if (z->at.line && strcmp(z->name, name) == 0) {
			return fail_at(&d->source, value->at,
				       "zone '%s' is already at %u:%u; "
				       "give this one another name",
				       name, z->at.line, z->at.column);
		}
	}
	strcpy(to, name);
	return 0;
}

static int read_trust(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	struct zone *z = to;
	int trust = want_word(d, value, trust_words);

	(void)key;
	if (trust < 0)
		return -1;
	if (trust == SW_TRUST_PEER && is_public(z)) {
		return fail_at(&d->source, value->at,
			       "zone 'public' has all sources and cannot be "
			       "a peer; give the peer a zone of its own");
	}
	z->trust = trust;
	return 0;
}

/* A policy in monitor mode has no zone that enforces: it is the one switch for all. */
static int read_mode(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	enum sw_mode *mode = to;
	int said = want_word(d, value, mode_words);

	(void)key;
	if (said < 0)
		return -1;
	if (d->policy.mode != SW_MODE_MONITOR)
		*mode = said;
	return 0;
}

/* A peer's connection carries the calls of many. */
static int read_tcp(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to)
{
	struct zone *z = to;
	int tcp = want_word(d, value, tcp_words);

	(void)key;
	if (tcp < 0)
		return -1;
	if (tcp == SW_TCP_CLOSE && z->trust == SW_TRUST_PEER)
		return fail_at(&d->source, value->at,
			       "zone '%s' is a peer: closing its connection "
			       "would end the calls of many; write tcp: count",
			       z->name);
	z->tcp = tcp;
	return 0;
}

static int read_methods(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	uint32_t methods = 0;

	(void)key;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		int method = want_word(d, value->items[i], method_words);

		if (method < 0)
			return -1;
		if (methods & 1u << method)
			return fail_again(d, value->items[i]);
		methods |= 1u << method;
	}
	*(uint32_t *)to = methods | SW_METHODS_ALWAYS;
	return 0;
}

/* unlisted: deny; stands behind `methods` in the table. */
static int read_unlisted(struct parse_context *d, const struct key *key, const struct node *value,
			 void *to)
{
	struct egress_rules *egress = to;

	if (!egress->methods) {
		return fail_at(&d->source, value->key_at,
			       "'unlisted' is the action for methods "
			       "that are not in 'methods' beside it; write that list, or remove "
			       "'unlisted'");
	}
	return read_word(d, key, value, &egress->unlisted);
}

/* egress: {methods: [INVITE], unlisted: deny, statuses: {deny: [3xx]}, ...}: the messages that the
 * server may send to the zone, in the words for those that the zone may send. */
static int read_egress(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	static const struct key keys[] = {
		KEY("methods", read_methods, .offset = offsetof(struct egress_rules, methods)),
		KEY("unlisted", read_unlisted, .words = action_words),
		KEY("headers", read_header_rules, .offset = offsetof(struct egress_rules, content)),
		KEY("statuses", read_status_rules,
		    .offset = offsetof(struct egress_rules, content)),
		KEY("content_types", read_type_rules,
		    .offset = offsetof(struct egress_rules, content)),
		KEYS_END,
	};
	struct egress_rules *egress = to;

	(void)key;
	egress->unlisted = SW_ACTION_REPORT;
	return read_map(d, value, keys, egress);
}

static int read_source_rates(struct parse_context *d, const struct key *key,
			     const struct node *value, void *to)
{
	struct key keys[SW_RATE_COUNT + 1] = {KEYS_END};
	size_t count = 0;

	(void)key;
	for (enum sw_rate rate = 0; rate < SW_RATE_COUNT; rate++) {
		if (rate_name(rate)) {
			keys[count++] = (struct key)KEY(rate_name(rate), read_rate,
							.offset = rate * sizeof(struct rate));
		}
	}
	return read_map(d, value, keys, to);
}

static int read_rates(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	static const struct key keys[] = {
		KEY("zone", read_rate, .offset = offsetof(struct zone, zone_rate)),
		KEY("prefix", read_rate, .offset = offsetof(struct zone, prefix_rate)),
		KEY("source", read_source_rates, .offset = offsetof(struct zone, source_rates)),
		KEY("callee", read_rate, .offset = offsetof(struct zone, callee_rate)),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

/* count: address, address+port, or {v4: 24, v6: 56} */
static int read_count(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	static const char *const words[] = {"address", "address+port", NULL};
	static const struct key keys[] = {
		KEY("v4", read_number, .offset = offsetof(struct counting, v4), .min = 8,
		    .max = 32),
		KEY("v6", read_number, .offset = offsetof(struct counting, v6), .min = 16,
		    .max = 128),
		KEYS_END,
	};
	struct counting *count = to;
	int word;

	(void)key;
	if (value->kind == NODE_MAP)
		return read_map(d, value, keys, count);
	word = want_word(d, value, words);
	count->port = word == 1;
	return word < 0 ? -1 : 0;
}

/* newcomers: {rate: 500/s, greylist: auto, probe: auto} */
static int read_newcomers(struct parse_context *d, const struct key *key, const struct node *value,
			  void *to)
{
	static const struct key keys[] = {
		KEY("rate", read_rate, .offset = offsetof(struct zone, newcomers),
		    .required = true),
		KEY("greylist", read_word, .offset = offsetof(struct zone, greylist),
		    .words = greylist_words),
		KEY("probe", read_switch, .offset = offsetof(struct zone, probe)),
		KEYS_END,
	};
	struct zone *z = to;

	(void)key;
	z->greylist = SW_GREYLIST_AUTO;
	z->probe = true;
	return read_map(d, value, keys, to);
}

/* 10/60s: as a rate is written, but without a burst. */
static int read_threshold(struct parse_context *d, const struct key *key, const struct node *value,
			  void *to)
{
	struct threshold *threshold = to;
	struct rate rate = {};

	if (read_rate(d, key, value, &rate) < 0)
		return -1;
	if (strchr(value->text, ' '))
		return fail_at(&d->source, value->at,
			       "%s is a count within a period, as in "
			       "10/60s; it has no burst",
			       label(value).text);
	if (rate.count > THRESHOLD_MAX)
		return fail_at(&d->source, value->at,
			       "%s cannot be '%s': the count must be within "
			       "1..%u",
			       label(value).text, quote(value->text).text, THRESHOLD_MAX);
	threshold->count = rate.count;
	threshold->period = rate.period;
	return 0;
}

/* As many as the data path notes; and session timers (RFC 4028) are 30 minutes, or none. */
#define CALLS_MOST         SW_CALLS_MAX
#define CALLS_FORGET_LEAST (300 * SW_NS_PER_SEC)

/* Below this, an account is not attacked from many sources (agent/accounts.h). */
#define ACCOUNT_LEAST 5

/* bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m, ...} */
static int read_bans(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
#define THRESHOLD(name, id) \
	KEY(name, read_threshold, .offset = offsetof(struct bans, thresholds[SW_OFFENCE_##id]))
	static const struct key keys[] = {
		THRESHOLD("auth_failures", AUTH),
		THRESHOLD("enumeration", ENUMERATION),
		THRESHOLD("sanity", SANITY),
		KEY("account", read_threshold, .offset = offsetof(struct bans, account)),
		KEY("for", read_duration, .offset = offsetof(struct bans, duration)),
		KEY("escalate", read_number, .offset = offsetof(struct bans, escalate), .min = 1,
		    .max = 100),
		KEY("max", read_duration, .offset = offsetof(struct bans, max)),
		KEYS_END,
	};
#undef THRESHOLD
	struct zone *z = to;
	struct bans bans = {.set = true,
			    .duration = 600 * SW_NS_PER_SEC,
			    .escalate = 4,
			    .max = 24 * 3600 * SW_NS_PER_SEC,
			    .at = value->at};
	bool any = false;

	(void)key;
	if (read_map(d, value, keys, &bans) < 0)
		return -1;
	for (int i = 0; i < SW_OFFENCE_COUNT; i++)
		any |= bans.thresholds[i].count > 0;
	if (!any)
		return fail_at(&d->source, value->at,
			       "'bans' has no reason to ban for; write at "
			       "least one of auth_failures, enumeration and sanity, as in 10/60s");
	if (bans.account.count && !bans.thresholds[SW_OFFENCE_AUTH].count)
		return fail_at(&d->source, value->at,
			       "'account' needs 'auth_failures' beside it, as in 10/60s: it counts "
			       "the same wrong passwords, over all sources");
	if (bans.account.count && bans.account.count < ACCOUNT_LEAST)
		return fail_at(&d->source, value->at,
			       "'account' cannot be below %u: an attack comes from as many "
			       "sources",
			       ACCOUNT_LEAST);
	if (bans.max < bans.duration)
		return fail_at(&d->source, value->at,
			       "'max' is shorter than 'for', the first ban; "
			       "raise it, or lower 'for'");
	if (z->trust == SW_TRUST_PEER)
		return fail_at(&d->source, value->key_at,
			       "zone '%s' is a peer, and a peer is "
			       "never banned; remove 'bans', or 'trust: peer'",
			       z->name);
	if (!z->newcomers.set)
		return fail_at(&d->source, value->key_at,
			       "'bans' needs 'newcomers: {rate: ...}' "
			       "in the same zone: without it sipward asks nobody for a proof, and "
			       "spoofable packets earn no ban");
	z->bans = bans;
	return 0;
}

static int read_zone_sanity(struct parse_context *d, const struct key *key,
			    const struct node *value, void *to)
{
	struct sanity sanity = d->sanity;
	struct zone *z = to;

	if (read_sanity(d, key, value, &sanity) < 0)
		return -1;
	z->profile = sanity.profile;
	z->body = sanity.body;
	z->bounds = sanity.bounds;
	return 0;
}

/* calls: {source: 4, zone: 200, forget: 4h} */
static int read_calls(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	static const struct key keys[] = {
		KEY("source", read_number, .offset = offsetof(struct call_limits, source), .min = 1,
		    .max = CALLS_MOST),
		KEY("zone", read_number, .offset = offsetof(struct call_limits, zone), .min = 1,
		    .max = CALLS_MOST),
		KEY("forget", read_duration, .offset = offsetof(struct call_limits, forget)),
		KEYS_END,
	};
	struct call_limits *calls = to;

	(void)key;
	if (read_map(d, value, keys, calls) < 0)
		return -1;
	if (!calls->source && !calls->zone)
		return fail_at(&d->source, value->at,
			       "'calls' has no limit; write source or zone, as in {source: 4}");
	if (calls->zone && calls->source > calls->zone)
		return fail_at(&d->source, value->at,
			       "'source' is above 'zone', which is of all sources together; lower "
			       "it, or raise 'zone'");
	if (calls->forget < CALLS_FORGET_LEAST)
		return fail_at(&d->source, value->at,
			       "'forget' cannot be below 5m: calls without session timers are "
			       "silent for long, and would not be counted");
	return 0;
}

static struct zone new_zone(const struct parse_context *d, struct position at)
{
	return (struct zone){
		.trust = SW_TRUST_NONE,
		.mode = d->policy.mode,
		.methods = METHODS_ALL,
		.profile = d->sanity.profile,
		.body = d->sanity.body,
		.bounds = d->sanity.bounds,
		.count = {.v4 = SW_SUBSCRIBER_V4, .v6 = SW_SUBSCRIBER_V6},
		.calls = {.forget = 4 * 3600 * SW_NS_PER_SEC},
		.at = at,
	};
}

/* The name comes first, since the rows behind it allow other values when the zone is public. */
const struct key zone_keys[] = {
	KEY("name", read_name, .offset = offsetof(struct zone, name), .required = true,
	    .fixed = true),
	KEY("sources", read_sources, .always = true, .fixed = true),
	KEY("trust", read_trust, .fixed = true),
	KEY("mode", read_mode, .offset = offsetof(struct zone, mode)),
	KEY("methods", read_methods, .offset = offsetof(struct zone, methods)),
	KEY("count", read_count, .offset = offsetof(struct zone, count), .fixed = true),
	KEY("rates", read_rates),
	KEY("newcomers", read_newcomers),
	KEY("unproven", read_unproven, .offset = offsetof(struct zone, unproven)),
	KEY("bans", read_bans),
	KEY("tcp", read_tcp),
	KEY("connections", read_number, .offset = offsetof(struct zone, connections), .min = 1,
	    .max = 1000000),
	KEY("calls", read_calls, .offset = offsetof(struct zone, calls)),
	KEY("responses", read_word, .offset = offsetof(struct zone, responses),
	    .words = responses_words),
	KEY("to_tag", read_word, .offset = offsetof(struct zone, to_tag), .words = to_tag_words),
	KEY("sanity", read_zone_sanity),
	KEY("headers", read_header_rules, .offset = offsetof(struct zone, content)),
	KEY("statuses", read_status_rules, .offset = offsetof(struct zone, content)),
	KEY("routing", read_routing, .offset = offsetof(struct zone, content)),
	KEY("caller", read_caller),
	KEY("callee", read_callee),
	KEY("content_types", read_type_rules, .offset = offsetof(struct zone, content)),
	KEY("egress", read_egress, .offset = offsetof(struct zone, egress)),
	KEY("require", read_require),
	KEY("cleartext", read_cleartext),
	KEY("teardown", read_word, .offset = offsetof(struct zone, guard.teardown),
	    .words = teardown_words),
	KEY("digest_leak", read_word, .offset = offsetof(struct zone, guard.digest_leak),
	    .words = action_words),
	KEY("loop", read_word, .offset = offsetof(struct zone, guard.loop), .words = action_words),
	KEY("fraud", read_fraud, .offset = offsetof(struct zone, guard)),
	KEY("privacy", read_privacy, .offset = offsetof(struct zone, guard)),
	KEYS_END,
};

static int add_zone(struct parse_context *d, const struct node *item)
{
	struct zone zone = new_zone(d, item->at);

	if (read_map(d, item, zone_keys, &zone) < 0)
		return -1;
	if (is_public(&zone)) {
		d->policy.zones[SW_ZONE_PUBLIC] = zone;
		return 0;
	}
	if (d->policy.zone_count == SW_ZONES_MAX) {
		return fail_at(&d->source, item->at,
			       "more than %u zones, 'public' included; "
			       "put sources with the same rules into one zone",
			       SW_ZONES_MAX);
	}
	append(d->policy.zones, d->policy.zone_count, zone);
	return 0;
}

int read_zones(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	struct zone public = new_zone(d, (struct position){0});

	(void)key, (void)to;
	strcpy(public.name, PUBLIC);
	append(d->policy.zones, d->policy.zone_count, public);
	if (value && want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; value && i < value->count; i++) {
		if (add_zone(d, value->items[i]) < 0)
			return -1;
	}
	return 0;
}
