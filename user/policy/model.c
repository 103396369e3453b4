/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/model.h"

#include <string.h>

void policy_free(struct policy *p)
{
	for (size_t i = 0; i < p->service_count; i++)
		free(p->services[i].addresses);
	for (size_t i = 0; i < p->zone_count; i++)
		free(p->zones[i].sources);
	free(p->file);
	free(p->state_file);
	free(p->interfaces);
	free(p->observe);
	free(p->services);
	free(p->zones);
	free(p->list);
	for (size_t i = 0; i < p->feed_count; i++) {
		for (size_t j = 0; j < p->feeds[i].wrong_count; j++)
			free(p->feeds[i].wrong[j]);
		free(p->feeds[i].path);
		free(p->feeds[i].missing);
	}
	free(p->feeds);
	free(p->contest);
	free(p->hosts);
	free(p->emergency_numbers);
	for (size_t i = 0; i < p->content_type_count; i++)
		free(p->content_types[i]);
	free(p->content_types);
	free(p->dial_prefixes);
	free(p->numbers);
	free(p->agents);
	free(p->patches);
	for (int i = 0; i < HOOK_COUNT; i++)
		free(p->hooks.programs[i].path);
	memset(p, 0, sizeof(*p));
}

char *policy_hash(const struct policy *policy)
{
	char *text = xcalloc(1, 2 * sizeof(policy->hash) + 1);

	for (size_t i = 0; i < sizeof(policy->hash); i++)
		sprintf(text + 2 * i, "%02x", policy->hash[i]);
	return text;
}
