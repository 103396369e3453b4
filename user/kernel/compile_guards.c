/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile_guards.h"

#include <string.h>

#include <sipward/state.h>

#include "kernel/compile_rate.h"

/* How many bits of the sketch n destinations set, on average: linear counting. */
static uint32_t sketch_bits(uint64_t n)
{
	double clear = SW_DIALER_BITS;

	for (uint64_t i = 0; i < n; i++)
		clear -= clear / SW_DIALER_BITS;
	/* A thirty-second more: a few sets of n numbers set more bits than most. */
	return (SW_DIALER_BITS - (uint32_t)clear) * 33 / 32;
}

/* As the words of policy/names.c stand. */
static uint8_t privacy_bits(uint32_t items)
{
	static const uint8_t bits[] = {
		SW_PRIVACY_IDENTITY | SW_PRIVACY_WITHHELD,
		SW_PRIVACY_CHARGING,
		SW_PRIVACY_ADDRESSES,
		SW_PRIVACY_HOSTS,
	};
	uint8_t all = 0;

	for (size_t i = 0; i < array_size(bits); i++)
		if (items >> i & 1)
			all |= bits[i];
	return all;
}

static void compile_guard(const struct guard_rules *rules, struct sw_guard *to)
{
	to->teardown = rules->teardown;
	to->loop = rules->loop;
	to->digest_leak = rules->digest_leak;
	to->sweep = rules->sweep;
	to->destinations = rules->destinations.set ? sketch_bits(rules->destinations.count) : 0;
	to->window = rules->destinations.period;
	to->privacy_report = privacy_bits(rules->privacy[SW_ACTION_REPORT]);
	to->privacy_deny = privacy_bits(rules->privacy[SW_ACTION_DENY]);
	if (rules->teardown)
		to->rules |= SW_GUARD_TEARDOWN;
	if (rules->loop)
		to->rules |= SW_GUARD_LOOP;
	if (rules->digest_leak)
		to->rules |= SW_GUARD_DIGEST_LEAK;
	if (rules->sweep || rules->destinations.set)
		to->rules |= SW_GUARD_FRAUD;
	if (to->privacy_report | to->privacy_deny)
		to->rules |= SW_GUARD_PRIVACY;
}

static void compile_host(const char *name, struct sw_host *to)
{
	memset(to, 0, sizeof(*to));
	to->length = strlen(name);
	memcpy(to->words, name, to->length);
	memset(to->masks, 0xff, to->length);
}

void compile_guards(const struct policy *policy, const uint8_t *numbers, struct sw_policy *out)
{
	for (size_t i = 0; i < policy->service_count; i++)
		out->openings |= SW_IS_STREAM(policy->services[i].transport);
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];
		struct sw_zone *to = &out->zones[numbers[i]];

		to->require = zone->require;
		to->cleartext = compile_rate(&zone->cleartext);
		compile_guard(&zone->guard, &to->guard);
		out->require |= zone->require != SW_REQUIRE_ANY;
		out->guards |= to->guard.rules;
	}
	out->openings |= out->require;
	for (size_t i = 0; i < policy->host_count; i++)
		compile_host(policy->hosts[i], &out->hosts[i]);
	out->host_count = policy->host_count;
}
