/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile.h"

#include <string.h>

#include "kernel/compile_content.h"
#include "kernel/compile_guards.h"
#include "kernel/compile_patches.h"
#include "kernel/compile_rate.h"
#include "kernel/table_sizes.h"

/* Limits of a source that may refuse a message before it is read in full. */
#define RATES_EARLY (SW_RATES_REQUESTS | SW_RATE_BIT(DIALOG) | SW_RATE_BIT(RESPONSE))

static struct sw_mask compile_mask(uint32_t length, uint32_t skipped)
{
	struct sw_mask mask = {.length = length};

	for (uint32_t bit = 0; bit < skipped + length; bit++)
		mask.addr.octets[bit / 8] |= 0x80 >> bit % 8;
	return mask;
}

/* IPv4 addresses are mapped: 96 bits stand before them. */
static void compile_masks(uint32_t v4, uint32_t v6, struct sw_mask masks[2])
{
	masks[0] = compile_mask(v4, 96);
	masks[1] = compile_mask(v6, 0);
}

static void compile_service(const struct service *service, struct sw_policy *out)
{
	uint64_t *ports = SW_IS_STREAM(service->transport) ? (uint64_t *)out->tcp_ports :
							     (uint64_t *)out->udp_ports;
	struct sw_service *to = &out->services[out->service_count++];

	to->transport = service->transport;
	to->any_address = service->address_count == 0;
	to->port_first = service->port_first;
	to->port_last = service->port_last;
	to->limit = compile_rate(&service->rate);
	out->have_service_limits |= service->rate.set;
	to->tls_min = service->tls_min;
	for (uint32_t port = service->port_first; port <= service->port_last; port++)
		ports[port >> 6] |= 1ull << (port & 63);
}

static void compile_zone(const struct policy *policy, const struct zone *zone, struct sw_zone *to)
{
	to->mode = policy->mode == SW_MODE_MONITOR ? SW_MODE_MONITOR : zone->mode;
	to->trust = zone->trust;
	compile_masks(zone->count.v4, zone->count.v6, to->source);
	to->source_port = zone->count.port;
	to->methods = zone->methods | SW_METHODS_ALWAYS;
	to->sanity = zone->profile == SW_PROFILE_STRICT  ? SW_SANITY_STRICT :
		     zone->profile == SW_PROFILE_DEFAULT ? SW_SANITY_DEFAULT :
							   0;
	to->watched =
		to->sanity | (zone->source_rates[SW_RATE_MALFORMED].set ? SW_SANITY_DEFAULT : 0);
	to->bounds = zone->bounds;
	to->body = zone->body;
	to->newcomers = compile_rate(&zone->newcomers);
	to->greylist = zone->greylist;
	/* A policy that only counts sends no probes. */
	to->probe = zone->probe && to->mode == SW_MODE_ENFORCE;
	to->responses = zone->responses;
	to->to_tag = zone->to_tag;
	for (int i = 0; i < SW_OFFENCE_COUNT; i++)
		to->bans |= zone->bans.thresholds[i].count ? 1u << i : 0;
	/* As many as make an attack, and three at once. */
	if (zone->bans.account.count) {
		to->account.interval = zone->bans.account.period / zone->bans.account.count;
		to->account.tolerance = 2 * to->account.interval;
	}
	to->connections = zone->connections;
	to->source_calls = zone->calls.source;
	to->zone_calls = zone->calls.zone;
	to->calls = zone->calls.source || zone->calls.zone;
	to->tcp = to->mode == SW_MODE_ENFORCE ? zone->tcp : SW_TCP_COUNT;
	to->zone_limit = compile_rate(&zone->zone_rate);
	to->prefix_limit = compile_rate(&zone->prefix_rate);
	to->callee_limit = compile_rate(&zone->callee_rate);
	for (int i = 0; i < SW_RATE_COUNT; i++)
		to->source_limits[i] = compile_rate(&zone->source_rates[i]);
	for (int i = 0; i < SW_UNPROVEN_COUNT; i++)
		to->unproven[i] = compile_rate(&zone->unproven[i]);
}

/* splitmix64 (Steele, Lea, Flood 2014): each output in a stream of its own. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void compile_tables(const struct tables *tables, struct sw_policy *out)
{
	out->greylist_mask = tables->entries[TABLE_GREYLIST] - 1;
	out->dialogs = tables->entries[TABLE_DIALOGS];
	out->known_entries = tables->entries[TABLE_KNOWN];
	out->source_lines = way_lines(tables->entries[TABLE_SOURCES]);
	out->prefix_lines = way_lines(tables->entries[TABLE_PREFIXES]);
	out->unproven_dialer_lines = way_lines(tables->entries[TABLE_DIALERS]);
	for (uint64_t i = 0; i < SW_WAY_KEYS; i++)
		out->way_keys[i] = mix(out->seed[0] + mix(out->seed[1] + i));
}

/* The scanner's checks have masks of their own. */
static void compile_shadow(const uint64_t *shadow, struct sw_policy *out)
{
	memcpy(out->shadow, shadow, sizeof(out->shadow));
	for (int i = 0; i < SW_SANITY_COUNT; i++) {
		unsigned int reason = SW_REASON_OF_SANITY[i];

		out->shadow_sanity |= (shadow[reason / 64] >> reason % 64 & 1) << i;
	}
}

void compile_policy(const struct policy *policy, const uint8_t *numbers, const struct sw_meta *meta,
		    struct sw_policy *out)
{
	memset(out, 0, sizeof(*out));
	out->abi_version = SW_ABI_VERSION;
	out->mode = policy->mode;
	out->generation = meta->generation;
	memcpy(out->seed, meta->seed, sizeof(out->seed));
	compile_shadow(policy->shadow, out);
	memcpy(out->hash, policy->hash, sizeof(out->hash));
	compile_masks(SW_SUBSCRIBER_V4, SW_SUBSCRIBER_V6, out->subscriber);
	compile_masks(SW_PREFIX_V4, SW_PREFIX_V6, out->network);
	out->fragments_drop = policy->fragments_drop;
	out->known_for = policy->known_for;
	compile_tables(&policy->tables, out);
	out->emergency = compile_rate(&policy->emergency);
	for (size_t i = 0; i < policy->emergency_count; i++)
		memcpy(out->emergency_numbers[i], policy->emergency_numbers[i],
		       SW_EMERGENCY_DIGITS);
	out->emergency_count = policy->emergency_count;
	out->events = compile_rate(&policy->events);
	for (size_t i = 0; i < policy->service_count; i++)
		compile_service(&policy->services[i], out);
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		compile_zone(policy, zone, &out->zones[numbers[i]]);
		out->admission |= zone->newcomers.set;
		out->early |= zone->newcomers.set || zone->zone_rate.set;
		out->responses_expected |= zone->responses == SW_RESPONSES_EXPECTED;
		out->to_tags |= zone->to_tag == SW_TO_TAG_PROVEN;
		out->bans |= zone->bans.set;
		out->calls |= zone->calls.source || zone->calls.zone;
		out->have_connection_limits |= zone->connections > 0;
		out->tcp_close |= out->zones[numbers[i]].tcp == SW_TCP_CLOSE ||
				  zone->bans.thresholds[SW_OFFENCE_AUTH].count;
		out->have_zones |= zone->source_count > 0;
		out->have_prefix_limits |= zone->prefix_rate.set;
		out->have_callee_limits |= zone->callee_rate.set;
		out->count_ports |= zone->count.port;
		for (int rate = 0; rate < SW_RATE_COUNT; rate++)
			out->limited |= (uint32_t)zone->source_rates[rate].set << rate;
		out->bodies |= zone->body;
		out->sanity_strict |= zone->profile == SW_PROFILE_STRICT;
	}
	out->have_zones |= policy->zones_watched;
	out->early |= (out->limited & RATES_EARLY) != 0;
	compile_content(policy, numbers, out);
	compile_guards(policy, numbers, out);
	compile_patches(policy, numbers, out);
	out->observed = out->admission || out->responses_expected || out->to_tags || out->calls ||
			out->guards & SW_GUARD_OBSERVED || out->egress;
	out->connections = out->admission || out->tcp_close || out->bans;
	/* A feed may bring either kind at any time. */
	out->have_list_hosts = out->have_list_prefixes = policy->lists_watched;
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct prefix *prefix = &policy->list[i].prefix;

		if (prefix->length == (prefix->ipv6 ? 128 : 32))
			out->have_list_hosts = 1;
		else
			out->have_list_prefixes = 1;
	}
}
