/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile_content.h"

#include <string.h>

#include "lib/name_hash.h"
#include "sip/sip_msg.h"

/* As the scanner numbers the headers of headers.def. */
static uint32_t header_bits(uint32_t headers)
{
	static const uint32_t bits[SW_HEADER_COUNT] = {
#define HEADER(id, name) [SW_HEADER_##id] = SIP_PRESENT(id),
#include <sipward/headers.def>
#undef HEADER
	};
	uint32_t all = 0;

	for (int i = 0; i < SW_HEADER_COUNT; i++)
		if (headers >> i & 1)
			all |= bits[i];
	return all;
}

static void compile_zone_content(const struct content_rules *rules, struct sw_content *to)
{
	to->report_headers = header_bits(rules->headers[SW_ACTION_REPORT]);
	to->deny_headers = header_bits(rules->headers[SW_ACTION_DENY]);
	to->report_statuses = rules->statuses[SW_ACTION_REPORT];
	to->deny_statuses = rules->statuses[SW_ACTION_DENY];
	to->report_types = rules->types[SW_ACTION_REPORT];
	to->deny_types = rules->types[SW_ACTION_DENY];
	to->routing = rules->routing;
	if (to->routing.routes || to->routing.record_routes || to->routing.max_breadth ||
	    to->routing.own_via)
		to->rules |= SW_CONTENT_ROUTING;
	if (to->report_headers | to->deny_headers)
		to->rules |= SW_CONTENT_HEADERS;
	if (to->report_statuses | to->deny_statuses)
		to->rules |= SW_CONTENT_STATUSES;
	if (to->report_types | to->deny_types)
		to->rules |= SW_CONTENT_TYPES;
}

static void compile_egress(const struct egress_rules *rules, struct sw_egress *to)
{
	compile_zone_content(&rules->content, &to->content);
	if (!rules->methods || rules->unlisted == SW_ACTION_PASS)
		return;
	to->methods = rules->methods;
	to->unlisted = rules->unlisted;
	to->content.rules |= SW_CONTENT_METHODS;
}

static uint64_t name_hash(const char *name)
{
	uint64_t hash = NAME_HASH_START;

	for (; *name; name++)
		hash = name_hash_step(hash, *name);
	return hash;
}

static void compile_types(const struct policy *policy, struct sw_policy *out)
{
	for (size_t i = 0; i < policy->content_type_count; i++)
		out->content_types[i] = name_hash(policy->content_types[i]);
}

uint64_t compile_agent(const struct user_agent *agent)
{
	return name_hash(agent->name);
}

static void mark_hash(__u64 filter[SW_AGENT_FILTER], uint64_t hash)
{
	filter[SW_AGENT_WORD(hash)] |= 1ull << (hash & 63);
}

static void compile_signatures(const struct policy *policy, struct sw_policy *out)
{
	for (size_t i = 0; i < policy->agent_count; i++) {
		char begin[SW_AGENT_BEGIN + 1] = "";

		memcpy(begin, policy->agents[i].name, SW_AGENT_BEGIN);
		mark_hash(out->agent_begins, name_hash(begin));
		mark_hash(out->agent_filter, compile_agent(&policy->agents[i]));
	}
	out->structure = policy->structure;
	out->injection = policy->injection;
}

/* Digits as the data path keeps them: four bits each, the first one on top. */
static uint64_t pack_digits(const struct number *number)
{
	uint64_t word = 0;

	for (int i = 0; i < number->length && i < 16; i++)
		word |= (uint64_t)number->digits[i] << (60 - 4 * i);
	return word;
}

static void compile_dial_prefixes(const struct policy *policy, struct sw_policy *out)
{
	for (size_t i = 0; i < policy->dial_prefix_count; i++) {
		const struct number *prefix = &policy->dial_prefixes[i];
		struct sw_dial_prefix *to = &out->dial_prefixes[out->dial_prefix_count++];

		to->digits = pack_digits(prefix);
		to->mask = prefix->length ? ~0ull << (64 - 4 * prefix->length) : 0;
		to->length = prefix->length;
		to->international = prefix->international;
	}
	out->country = pack_digits(&policy->country);
	out->country_length = policy->country.length;
}

struct sw_number compile_number(const struct number_rule *rule, uint8_t zone_number)
{
	struct sw_number key = {
		.length = SW_NUMBER_HEAD + 4 * rule->prefix.length,
		.zone = zone_number,
		.kind = rule->direction | rule->prefix.international << 1,
	};

	for (int i = 0; i < rule->prefix.length; i++)
		key.digits[i / 2] |= rule->prefix.digits[i] << (i % 2 ? 0 : 4);
	return key;
}

uint32_t compile_number_value(const struct number_rule *rule)
{
	return SW_NUMBER_VALUE(rule->action, rule->high_risk);
}

static void compile_numbers(const struct policy *policy, const uint8_t *zone_numbers,
			    struct sw_policy *out)
{
	for (size_t i = 0; i < policy->number_count; i++) {
		const struct number_rule *rule = &policy->numbers[i];
		struct sw_content *content = &out->zones[zone_numbers[rule->zone]].content;
		bool caller = rule->direction == SW_CALLER;
		uint8_t *sternest = caller ? &content->caller : &content->callee;

		content->rules |= caller ? SW_CONTENT_CALLER : SW_CONTENT_CALLEE;
		if (rule->action > *sternest)
			*sternest = rule->action;
	}
}

/* Families that every zone uses. */
static uint32_t rules_of_all(const struct policy *policy)
{
	return (policy->agent_count ? SW_CONTENT_AGENTS : 0) |
	       (policy->injection != SW_ACTION_PASS ? SW_CONTENT_INJECTION : 0) |
	       (policy->structure != SW_ACTION_PASS ? SW_CONTENT_STRUCTURE : 0);
}

void compile_content(const struct policy *policy, const uint8_t *zone_numbers,
		     struct sw_policy *out)
{
	compile_types(policy, out);
	compile_signatures(policy, out);
	compile_dial_prefixes(policy, out);
	compile_numbers(policy, zone_numbers, out);
	for (size_t i = 0; i < policy->zone_count; i++) {
		struct sw_content *content = &out->zones[zone_numbers[i]].content;
		struct sw_egress *egress = &out->zones[zone_numbers[i]].egress;

		compile_egress(&policy->zones[i].egress, egress);
		out->egress |= egress->content.rules;
		if (egress->content.deny_statuses)
			out->egress |= SW_EGRESS_DIALOGS;
		compile_zone_content(&policy->zones[i].content, content);
		content->rules |= rules_of_all(policy);
		out->content |= content->rules;
	}
}
