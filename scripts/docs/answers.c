/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the program says about policies. Reads them from standard input, each with a NUL behind
 * it. Answers each with what is wrong with it, or, when it is good, with '=' and a hash of what
 * it means; then a NUL. One process for all of them: the generator of the documents asks
 * hundreds of times.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compile.h"
#include "policy/model.h"
#include "policy/text.h"

static uint64_t hash; /* FNV-1a */

static void add(const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3ull;
}

static void add_rate(const struct rate *rate)
{
	uint64_t values[] = { rate->set, rate->count, rate->period, rate->burst };

	add(values, sizeof(values));
}

/* What the data path reads. */
static void add_compiled(const struct policy *policy)
{
	auto_free struct sw_policy *compiled = xcalloc(1, sizeof(*compiled));
	uint8_t numbers[SW_ZONES_MAX] = {};
	struct sw_meta meta = {};

	for (size_t i = 0; i < policy->zone_count; i++)
		numbers[i] = i;
	compile_policy(policy, numbers, &meta, compiled);
	memset(compiled->hash, 0, sizeof(compiled->hash));
	add(compiled, sizeof(*compiled));
}

/* What the agent reads, and how long the lists are. */
static void add_model(const struct policy *policy)
{
	uint64_t counts[] = {
		policy->interface_count, policy->observe_count, policy->service_count,
		policy->zone_count, policy->list_count, policy->host_count, policy->agent_count,
		policy->dial_prefix_count, policy->number_count, policy->country.length,
		policy->state_off, policy->state_file != NULL, policy->state_every,
		policy->metrics_port, policy->strict,
	};

	add(counts, sizeof(counts));
	add(&policy->tables, sizeof(policy->tables));
	add(policy->metrics_host, sizeof(policy->metrics_host));
	add_rate(&policy->events);
	add(&policy->log.to, sizeof(policy->log.to));
	add_rate(&policy->log.rate);
	add(policy->hep.host, sizeof(policy->hep.host));
	add(&policy->hep.port, sizeof(policy->hep.port));
	add(&policy->hep.id, sizeof(policy->hep.id));
	add_rate(&policy->hep.rate);
	for (int i = 0; i < HOOK_COUNT; i++)
		if (policy->hooks.programs[i].path)
			add(policy->hooks.programs[i].path, strlen(policy->hooks.programs[i].path));
	add(policy->hooks.user, sizeof(policy->hooks.user));
	add(&policy->hooks.calm, sizeof(policy->hooks.calm));
	for (size_t i = 0; i < policy->zone_count; i++) {
		add_rate(&policy->zones[i].cleartext);
		add(&policy->zones[i].bans.duration, sizeof(uint64_t));
		add(&policy->zones[i].bans.max, sizeof(uint64_t));
		add(&policy->zones[i].bans.escalate, sizeof(uint32_t));
		add(&policy->zones[i].probe, sizeof(bool));
		add(&policy->zones[i].connections, sizeof(uint32_t));
		add(&policy->zones[i].calls.forget, sizeof(uint64_t));
	}
	for (size_t i = 0; i < policy->service_count; i++)
		add(&policy->services[i].tls_min, sizeof(uint16_t));
}

static void answer(const char *text, size_t size)
{
	auto_policy struct policy policy = {};
	struct error e = {};

	if (policy_parse("policy", text, size, &policy, &e) < 0) {
		fputs(e.text, stdout);
	} else {
		hash = 0xcbf29ce484222325ull;
		add_compiled(&policy);
		add_model(&policy);
		printf("=%" PRIx64, hash);
	}
	putchar('\0');
	fflush(stdout);
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getdelim(&text, &room, '\0', stdin)) > 0) {
		if (text[size - 1] == '\0')
			size--;
		answer(text, size);
	}
	free(text);
	return 0;
}
