/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/merge.h"

#include <string.h>

#include <sipward/offence.h>

bool entry_lives(enum state_map map, const void *value, uint64_t now)
{
	switch (map) {
	case STATE_FRAGMENTS:
	case STATE_OTHER_FRAGMENTS:
		return ((const struct sw_fragment *)value)->expires > now;
	case STATE_PROOFS:
	case STATE_SENT_TAGS:
	case STATE_BRANCHES:
	case STATE_TRANSACTIONS:
	case STATE_ASKS:
		return ((const struct sw_proof *)value)->expires > now;
	case STATE_DIALOGS:
		return ((const struct sw_dialog *)value)->expires > now;
	case STATE_LOOPS:
		return ((const struct sw_loop *)value)->expires > now;
	case STATE_OPENINGS:
		return ((const struct sw_opening *)value)->expires > now;
	default:
		return true;
	}
}

bool entries_move(enum state_map map)
{
	/* The greylist fills again within a second, and nobody was known by it. Limits begin
	 * anew. */
	return map != STATE_GREYLIST && map != STATE_SOURCES && map != STATE_PREFIXES &&
	       map != STATE_UNPROVEN_DIALERS;
}

bool same_ban(const struct sw_ban *a, const struct sw_ban *b)
{
	return a->start == b->start && a->end == b->end && a->reason == b->reason;
}

/* The later of two arrival times is the true one. */
static void later(uint64_t *times, const uint64_t *before, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (before[i] > times[i])
			times[i] = before[i];
}

static void merge_ban(const struct sw_ban *before, struct sw_ban *now)
{
	uint64_t hits = before->hits > now->hits ? before->hits : now->hits;
	bool by_hand = before->reason == SW_REASON_BAN || before->reason == SW_REASON_NONE;
	uint64_t spared[2];

	if (same_ban(before, now) && !by_hand) {
		memcpy(spared, now->spared, sizeof(spared));
		later(spared, (const uint64_t *)before->spared, array_size(spared));
		memcpy(now->spared, spared, sizeof(spared));
	} else if (!same_ban(before, now)) {
		*now = *before;
	}
	now->hits = hits;
}

/* Times may lie before the kernel's start, and are compared by their difference. */
static void merge_known(const struct sw_known *before, struct sw_known *now)
{
	if ((int64_t)(before->seen - now->seen) > 0) {
		now->seen = before->seen;
		now->vlan = before->vlan;
		now->ttl = before->ttl;
	}
	if ((int64_t)(before->since - now->since) < 0)
		now->since = before->since;
	if (before->grade > now->grade)
		now->grade = before->grade;
	if (before->proofs > now->proofs)
		now->proofs = before->proofs;
}

static void merge_proof(const struct sw_proof *before, struct sw_proof *now)
{
	if (memcmp(&before->addr, &now->addr, sizeof(now->addr)) != 0) {
		now->shared = 1;
		return;
	}
	now->shared |= before->shared;
	now->methods |= before->methods;
	if (before->expires > now->expires)
		now->expires = before->expires;
}

static bool has_party(const struct sw_dialog *dialog, const struct sw_addr *addr)
{
	for (size_t i = 0; i < dialog->count && i < SW_PARTIES_MAX; i++)
		if (memcmp(&dialog->parties[i], addr, sizeof(*addr)) == 0)
			return true;
	return false;
}

static void merge_dialog(const struct sw_dialog *before, struct sw_dialog *now)
{
	for (size_t i = 0; i < before->count && i < SW_PARTIES_MAX; i++) {
		if (has_party(now, &before->parties[i]))
			continue;
		if (now->count < SW_PARTIES_MAX)
			now->parties[now->count++] = before->parties[i];
		else
			now->many = 1;
	}
	now->many |= before->many;
	now->spared |= before->spared;
	now->sides |= before->sides;
	if (before->expires > now->expires)
		now->expires = before->expires;
}

static void merge_good(const struct sw_authenticated *before, struct sw_authenticated *now)
{
	uint64_t logins = before->logins | now->logins, called = before->called | now->called;

	if ((int64_t)(before->seen - now->seen) > 0)
		*now = *before;
	now->logins = logins;
	now->called = called;
}

static void merge_loop(const struct sw_loop *before, struct sw_loop *now)
{
	now->seen |= before->seen;
	if (before->count > now->count)
		now->count = before->count;
	if (before->expires > now->expires)
		now->expires = before->expires;
}

static void merge(enum state_map map, const void *before, void *value)
{
	switch (map) {
	case STATE_BANS:
		merge_ban(before, value);
		break;
	case STATE_KNOWN:
		merge_known(before, value);
		break;
	case STATE_KNOWN_CELLS:
		later(value, before, sizeof(struct sw_known_cells) / sizeof(uint64_t));
		break;
	case STATE_PROOFS:
	case STATE_SENT_TAGS:
	case STATE_BRANCHES:
	case STATE_TRANSACTIONS:
	case STATE_ASKS:
		merge_proof(before, value);
		break;
	case STATE_DIALOGS:
		merge_dialog(before, value);
		break;
	case STATE_AUTHENTICATED:
		merge_good(before, value);
		break;
	case STATE_LOOPS:
		merge_loop(before, value);
		break;
	case STATE_DIALERS:
		if (((const struct sw_dialer *)before)->until > ((struct sw_dialer *)value)->until)
			memcpy(value, before, sizeof(struct sw_dialer));
		break;
	default: /* a fragment is there or not; counts are made anew by the next sweep */
		break;
	}
}

bool entry_merge(enum state_map map, const void *before, void *value, size_t size)
{
	char was[ENTRY_MAX];

	memcpy(was, value, size);
	merge(map, before, value);
	return memcmp(was, value, size) != 0;
}
