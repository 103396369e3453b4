/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/conduct.h"

#include <string.h>
#include <sys/random.h>

#include "lib/token.h"

#define SETS 1024 /* a power of two */
#define WAYS 8

struct seen {
	uint64_t at;
	uint64_t who;
	uint64_t ripe; /* of a spray: since when it counts */
};

struct offender {
	struct sw_source source;
	uint32_t kind;
	uint64_t who;      /* of failed logins, else 0 */
	uint64_t last;     /* 0: the entry is free */
	uint32_t failures; /* as the last offence said */
	size_t count;
	struct seen *seen; /* the oldest first */
};

struct conduct {
	__u64 seed[2]; /* or whoever spoofs addresses would choose whom they push out */
	struct offender offenders[SETS][WAYS];
};

struct conduct *conduct_new(void)
{
	struct conduct *conduct = xcalloc(1, sizeof(*conduct));

	/* Without randomness it counts as well. */
	if (getrandom(conduct->seed, sizeof(conduct->seed), GRND_NONBLOCK) < 0)
		memset(conduct->seed, 0, sizeof(conduct->seed));
	return conduct;
}

void conduct_free(struct conduct **conduct)
{
	for (int i = 0; *conduct && i < SETS; i++)
		for (int j = 0; j < WAYS; j++)
			free((*conduct)->offenders[i][j].seen);
	free(*conduct);
	*conduct = NULL;
}

static uint64_t login_of(const struct sw_offence *offence)
{
	return offence->kind == SW_OFFENCE_AUTH ? offence->who : 0;
}

static struct offender *set_of(struct conduct *conduct, const struct sw_offence *offence)
{
	struct token t;

	token_start(&t, conduct->seed, offence->kind);
	token_addr(&t, &offence->source.addr);
	token_word(&t, login_of(offence));
	return conduct->offenders[token_end(&t) & (SETS - 1)];
}

static bool is_of(const struct offender *offender, const struct sw_offence *offence)
{
	return offender->last && offender->kind == offence->kind &&
	       offender->who == login_of(offence) &&
	       memcmp(&offender->source, &offence->source, sizeof(offence->source)) == 0;
}

static void reset(struct offender *offender)
{
	free(offender->seen);
	memset(offender, 0, sizeof(*offender));
}

static struct offender *find(struct conduct *conduct, const struct sw_offence *offence)
{
	struct offender *set = set_of(conduct, offence);

	for (int i = 0; i < WAYS; i++)
		if (is_of(&set[i], offence))
			return &set[i];
	return NULL;
}

static struct offender *make(struct conduct *conduct, const struct sw_offence *offence)
{
	struct offender *set = set_of(conduct, offence), *quiet = set;

	for (int i = 1; i < WAYS; i++)
		if (set[i].last < quiet->last)
			quiet = &set[i];
	reset(quiet);
	quiet->source = offence->source;
	quiet->kind = offence->kind;
	quiet->who = login_of(offence);
	return quiet;
}

static void drop(struct offender *offender, size_t index)
{
	memmove(&offender->seen[index], &offender->seen[index + 1],
		(--offender->count - index) * sizeof(*offender->seen));
}

static void drop_older(struct offender *offender, uint64_t now, uint64_t period)
{
	while (offender->count && offender->seen[0].at + period <= now)
		drop(offender, 0);
}

static void drop_same(struct offender *offender, uint64_t who)
{
	for (size_t i = 0; i < offender->count; i++)
		if (offender->seen[i].who == who) {
			drop(offender, i);
			return;
		}
}

uint32_t conduct_note(struct conduct *conduct, const struct sw_offence *offence,
		      const struct threshold *threshold)
{
	struct offender *offender = find(conduct, offence);
	struct seen seen = {.at = offence->time};

	if (!offender)
		offender = make(conduct, offence);
	if (offence->kind == SW_OFFENCE_AUTH && offence->proved &&
	    offence->failures <= offender->failures)
		offender->count = 0; /* there was a success between them */
	drop_older(offender, offence->time, threshold->period);
	if (offence->kind == SW_OFFENCE_ENUMERATION || offence->kind == CONDUCT_REFUSED) {
		seen.who = offence->who;
		drop_same(offender, seen.who);
	}
	while (offender->count >= threshold->count)
		drop(offender, 0);
	append(offender->seen, offender->count, seen);
	offender->failures = offence->failures;
	offender->last = offence->time;
	return offender->count;
}

/* One that was refused a second time has no old nonce. */
static uint64_t ripe_at(const struct sw_offence *offence)
{
	return offence->time + (offence->first == SW_FIRST_STALE ? CONDUCT_GRACE : 0);
}

/* As old as its first refusal, and counted from the first one on that is beyond doubt. */
static void note_spray(struct offender *offender, const struct sw_offence *offence, size_t max)
{
	struct seen seen = {.at = offence->time, .who = offence->who, .ripe = ripe_at(offence)};

	for (size_t i = 0; i < offender->count; i++) {
		if (offender->seen[i].who != seen.who)
			continue;
		if (offender->seen[i].ripe > seen.ripe)
			offender->seen[i].ripe = seen.ripe;
		return;
	}
	if (offender->count >= max)
		drop(offender, 0);
	append(offender->seen, offender->count, seen);
}

static uint32_t count_ripe(const struct offender *offender, uint64_t now)
{
	uint32_t count = 0;

	for (size_t i = 0; i < offender->count; i++)
		count += offender->seen[i].ripe <= now;
	return count;
}

/* Names that are not counted yet must not push out those that are. */
static size_t spray_room(uint32_t count)
{
	return count < 32 ? count * 8 : count + 256;
}

uint32_t conduct_spray(struct conduct *conduct, const struct sw_offence *offence,
		       const struct threshold *threshold, conduct_stands stands, void *context)
{
	struct offender *offender = find(conduct, offence);

	if (!offender)
		offender = make(conduct, offence);
	drop_older(offender, offence->time, threshold->period);
	note_spray(offender, offence, spray_room(threshold->count));
	offender->last = offence->time;
	if (count_ripe(offender, offence->time) < threshold->count)
		return 0;
	for (size_t i = offender->count; i-- > 0;)
		if (offender->seen[i].ripe <= offence->time &&
		    !stands(context, offender->seen[i].who))
			drop(offender, i);
	return count_ripe(offender, offence->time);
}

void conduct_forget(struct conduct *conduct, const struct sw_offence *offence)
{
	struct offender *offender = find(conduct, offence);

	if (offender)
		reset(offender);
}
