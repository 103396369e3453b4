/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/accounts.h"

#include <string.h>
#include <sys/random.h>

#include "lib/token.h"

#define SETS 512 /* a power of two */
#define WAYS 8

struct failure {
	uint64_t at;
	uint64_t who;   /* token of the login and its method */
	uint64_t login; /* token of the login: of one source */
	uint64_t ripe;
};

struct account {
	uint64_t key; /* token of the username */
	uint8_t zone;
	uint64_t last; /* 0: the entry is free */
	size_t count;
	struct failure *failures; /* the oldest first */
};

struct accounts {
	__u64 seed[2]; /* or an attacker would choose which usernames push out others */
	struct account sets[SETS][WAYS];
};

struct accounts *accounts_new(void)
{
	struct accounts *accounts = xcalloc(1, sizeof(*accounts));

	/* Without randomness it counts as well. */
	if (getrandom(accounts->seed, sizeof(accounts->seed), GRND_NONBLOCK) < 0)
		memset(accounts->seed, 0, sizeof(accounts->seed));
	return accounts;
}

void accounts_free(struct accounts **accounts)
{
	for (int i = 0; *accounts && i < SETS; i++)
		for (int j = 0; j < WAYS; j++)
			free((*accounts)->sets[i][j].failures);
	free(*accounts);
	*accounts = NULL;
}

static void reset(struct account *account)
{
	free(account->failures);
	memset(account, 0, sizeof(*account));
}

static struct account *find(struct accounts *accounts, const struct sw_offence *offence)
{
	uint64_t key = token_account(accounts->seed, offence->name);
	struct account *set = accounts->sets[(key + offence->zone) & (SETS - 1)], *quiet = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].last && set[i].key == key && set[i].zone == offence->zone)
			return &set[i];
		/* One with few failures costs a flood of names nothing. */
		if (set[i].count < quiet->count ||
		    (set[i].count == quiet->count && set[i].last < quiet->last))
			quiet = &set[i];
	}
	reset(quiet);
	quiet->key = key;
	quiet->zone = offence->zone;
	return quiet;
}

static void drop(struct account *account, size_t index)
{
	memmove(&account->failures[index], &account->failures[index + 1],
		(--account->count - index) * sizeof(*account->failures));
}

/* The oldest ones of a login make room, so that one source is a part of the whole. */
static void drop_own(struct account *account, uint64_t login, size_t most)
{
	size_t count = 0;

	for (size_t i = account->count; i-- > 0;)
		if (account->failures[i].login == login && ++count >= most)
			drop(account, i);
}

static void drop_older(struct account *account, uint64_t now, uint64_t period)
{
	while (account->count && account->failures[0].at + period <= now)
		drop(account, 0);
}

static uint32_t count_ripe(const struct account *account, uint64_t now)
{
	uint32_t count = 0;

	for (size_t i = 0; i < account->count; i++)
		count += account->failures[i].ripe <= now;
	return count;
}

static uint32_t count_sources(const struct account *account, uint64_t now)
{
	uint32_t count = 0;

	for (size_t i = 0; i < account->count; i++) {
		bool first = account->failures[i].ripe <= now;

		for (size_t j = 0; j < i && first; j++)
			first = account->failures[j].ripe > now ||
				account->failures[j].login != account->failures[i].login;
		count += first;
	}
	return count;
}

/* Those that are not ripe must not push out those that are: as many again. */
static void append_failure(struct account *account, const struct sw_offence *offence,
			   const struct threshold *threshold)
{
	struct failure failure = {.at = offence->time,
				  .who = offence->who,
				  .login = offence->login,
				  .ripe = offence->time};

	if (offence->first == SW_FIRST_STALE)
		failure.ripe += CONDUCT_GRACE;
	if (account->count >= 2 * (size_t)threshold->count)
		drop(account, 0);
	append(account->failures, account->count, failure);
	account->last = offence->time;
}

bool accounts_note(struct accounts *accounts, const struct sw_offence *offence,
		   const struct threshold *threshold, conduct_stands stands, void *context,
		   struct account_attack *attack)
{
	uint32_t share = (threshold->count + ACCOUNT_SOURCES - 1) / ACCOUNT_SOURCES;
	struct account *account = find(accounts, offence);
	uint64_t now = offence->time;

	drop_older(account, now, threshold->period);
	drop_own(account, offence->login, share);
	append_failure(account, offence, threshold);
	if (count_ripe(account, now) < threshold->count)
		return false;
	for (size_t i = account->count; i-- > 0;)
		if (account->failures[i].ripe <= now && !stands(context, account->failures[i].who))
			drop(account, i);
	attack->failures = count_ripe(account, now);
	attack->sources = count_sources(account, now);
	if (attack->failures < threshold->count || attack->sources < ACCOUNT_SOURCES)
		return false;
	reset(account);
	return true;
}
