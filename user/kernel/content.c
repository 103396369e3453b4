/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile.h"

#include "name_hash.h"
#include "sip_msg.h"

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

void compile_content(const struct content_rules *rules, struct sw_content *to)
{
	to->report_headers = header_bits(rules->headers[SW_ACTION_REPORT]);
	to->deny_headers = header_bits(rules->headers[SW_ACTION_DENY]);
	to->report_statuses = rules->statuses[SW_ACTION_REPORT];
	to->deny_statuses = rules->statuses[SW_ACTION_DENY];
	to->report_types = rules->types[SW_ACTION_REPORT];
	to->deny_types = rules->types[SW_ACTION_DENY];
	if (to->report_headers | to->deny_headers)
		to->rules |= SW_CONTENT_HEADERS;
	if (to->report_statuses | to->deny_statuses)
		to->rules |= SW_CONTENT_STATUSES;
	if (to->report_types | to->deny_types)
		to->rules |= SW_CONTENT_TYPES;
}

void compile_content_types(const struct policy *policy, struct sw_policy *out)
{
	for (size_t i = 0; i < policy->content_type_count; i++) {
		uint64_t hash = NAME_HASH_START;

		for (const char *c = policy->content_types[i]; *c; c++)
			hash = name_hash_step(hash, *c);
		out->content_types[i] = hash;
	}
}
