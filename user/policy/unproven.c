/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Ceilings of a zone for all senders together that proved nothing. They are always there: a ceiling
 * that the zone does not set comes from its budget for newcomers, or from its limit.
 */
#include "policy/unproven.h"

#include "policy/keys.h"
#include "policy/names.h"

/* The ceiling of a zone with neither: as much as one server can read beside its calls, and more
 * than a busy one gets. */
#define CEILING_FREE 20000

/* How many of each class come with a request outside a dialog, and then some; and what a zone whose
 * own numbers are small gets all the same. */
static const struct {
	uint32_t times;
	uint32_t least;
} usual[SW_UNPROVEN_COUNT] = {
	[SW_UNPROVEN_KEEPALIVE] = {10, 2000},
	[SW_UNPROVEN_STUN] = {10, 2000},
	[SW_UNPROVEN_RESPONSE] = {10, 1000},
	[SW_UNPROVEN_ACK] = {10, 1000},
	[SW_UNPROVEN_DIALOG] = {10, 1000},
	[SW_UNPROVEN_BELONGING] = {10, 1000},
	[SW_UNPROVEN_SYN] = {10, 1000},
	/* Below it no connection is looked up, nor known what a fragment is of. */
	[SW_UNPROVEN_SEGMENT] = {10, CEILING_FREE},
	[SW_UNPROVEN_FRAGMENT] = {10, CEILING_FREE},
};

int read_unproven(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to)
{
	struct key keys[SW_UNPROVEN_COUNT + 1] = {KEYS_END};

	(void)key;
	for (int i = 0; i < SW_UNPROVEN_COUNT; i++)
		keys[i] = (struct key)KEY(unproven_words[i], read_rate,
					  .offset = i * sizeof(struct rate));
	return read_map(d, value, keys, to);
}

static uint64_t a_second(const struct rate *rate)
{
	return (unsigned __int128)rate->count * SW_NS_PER_SEC / rate->period;
}

void complete_unproven(struct zone *zone)
{
	/* A peer is never a newcomer. */
	bool newcomers = zone->newcomers.set && zone->trust != SW_TRUST_PEER;
	const struct rate *from = newcomers ? &zone->newcomers : &zone->zone_rate;

	for (int i = 0; i < SW_UNPROVEN_COUNT; i++) {
		uint64_t count = from->set ? a_second(from) * usual[i].times : CEILING_FREE;

		if (zone->unproven[i].set)
			continue;
		if (count < usual[i].least)
			count = usual[i].least;
		if (count > SW_NS_PER_SEC)
			count = SW_NS_PER_SEC;
		zone->unproven[i] = (struct rate){
			.set = true, .count = count, .burst = count, .period = SW_NS_PER_SEC};
	}
}
