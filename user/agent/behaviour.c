/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/behaviour.h"

#include <bpf/bpf.h>
#include <inttypes.h>
#include <string.h>

#include "agent/accounts.h"
#include "agent/conduct.h"
#include "agent/say.h"
#include "base/text.h"
#include "kernel/bans.h"
#include "kernel/penalties.h"
#include "kernel/state_values.h"
#include "lib/token.h"
#include "policy/names.h"
#include "policy/prefix.h"

static const enum sw_reason reasons[SW_OFFENCE_COUNT] = {
	[SW_OFFENCE_AUTH] = SW_REASON_AUTH_FAILURES,
	[SW_OFFENCE_ENUMERATION] = SW_REASON_ENUMERATION,
	[SW_OFFENCE_SANITY] = SW_REASON_SANITY_VIOLATIONS,
};

/* The zone as the policy has it now; the offence may be older. */
static const struct zone *zone_of(const struct behaviour *behaviour,
				  const struct sw_offence *offence)
{
	return state_zone(behaviour->state, behaviour->policy, offence->zone);
}

static bool is_monitored(const struct policy *policy, const struct zone *zone,
			 enum sw_reason reason)
{
	return policy->mode == SW_MODE_MONITOR || zone->mode == SW_MODE_MONITOR ||
	       policy->shadow[reason / 64] >> (reason % 64) & 1;
}

static const char *source_text(const struct sw_source *source, char text[64])
{
	struct prefix prefix = {.addr = source->addr,
				.length = source->length,
				.ipv6 = !addr_is_ipv4(&source->addr)};

	return prefix_text(&prefix, text, 64);
}

/* The same line that refused packets have: an operator who asks for the reason finds it there. */
static void tell(const struct behaviour *behaviour, const struct sw_offence *offence,
		 const struct ban_order *order, const struct sw_ban *made)
{
	struct sw_event event = {
		.time = offence->time,
		.reason = order->reason,
		.mode = made ? SW_MODE_ENFORCE : SW_MODE_MONITOR,
		.zone = offence->zone,
		.src = offence->source.addr,
		.kind = SW_EVENT_BAN,
		.evidence = order->evidence,
	};

	if (behaviour->told)
		behaviour->told(behaviour->context, &event, order, made);
}

/* The subject: "192.0.2.1", or "the username 'bob' from 192.0.2.1". */
static char *subject_text(const struct sw_offence *offence, const struct ban_order *order)
{
	char text[64];

	source_text(&offence->source, text);
	return order->user ?
		       xasprintf("the username '%s' from %s", printable(order->user).text, text) :
		       xstrdup(text);
}

static void say_made(const struct behaviour *behaviour, const char *subject,
		     const struct ban_order *order, const struct sw_ban *made)
{
	uint64_t seconds = (made->end - made->start) / SW_NS_PER_SEC;
	char source[64];

	addr_text(&order->source.addr, source, sizeof(source));
	say_with(behaviour->say,
		 SAY_NOTICE "%s is %s for %" PRIu64 " s: %s, %u within the period" SAY_FIELDS
			    "event=%s source=%s reason=%s seconds=%" PRIu64 " evidence=%u",
		 subject, order->user ? "refused" : "banned", seconds, reason_name(order->reason),
		 order->evidence, order->user ? "refused" : "ban", source,
		 reason_name(order->reason), seconds, order->evidence);
}

enum outcome { NOT_CARRIED_OUT, CARRIED_OUT };

/* Writes what the order says, unless the zone only watches. */
static enum outcome sentence(struct behaviour *behaviour, const struct sw_offence *offence,
			     const struct ban_order *order, bool monitored)
{
	auto_free char *subject = subject_text(offence, order);
	struct sw_ban made;

	if (monitored) {
		say_with(behaviour->say,
			 "%s would be %s: %s, %u within the period (monitor mode: "
			 "nothing is dropped)",
			 subject, order->user ? "refused" : "banned", reason_name(order->reason),
			 order->evidence);
		tell(behaviour, offence, order, NULL);
		return NOT_CARRIED_OUT;
	}
	switch (ban_sentence(behaviour->state, order, monotonic_ns(), &made)) {
	case BAN_MADE:
		say_made(behaviour, subject, order, &made);
		tell(behaviour, offence, order, &made);
		return CARRIED_OUT;
	case BAN_FULL:
		if (!behaviour->counts.full++)
			say_with(behaviour->say,
				 "%s is not %s: the table is full; raise tables: {bans: ...}",
				 subject, order->user ? "refused" : "banned");
		break;
	case BAN_THERE:
		break;
	}
	return NOT_CARRIED_OUT;
}

static void ban(struct behaviour *behaviour, const struct zone *zone,
		const struct sw_offence *offence, uint32_t evidence)
{
	struct ban_order order = {
		.source = offence->source,
		.reason = reasons[offence->kind],
		.evidence = evidence,
		.bans = &zone->bans,
		.room = &behaviour->room,
	};
	bool monitored = is_monitored(behaviour->policy, zone, order.reason);

	if (sentence(behaviour, offence, &order, monitored) == CARRIED_OUT)
		behaviour->counts.bans[offence->kind]++;
	else if (monitored)
		behaviour->counts.would_ban[offence->kind]++;
}

/* Of somebody who registers from the same address it lasts no longer the next time: a neighbour may
 * have guessed at him. */
static void refuse_login(struct behaviour *behaviour, const struct zone *zone,
			 const struct sw_offence *offence, uint32_t evidence)
{
	char user[SW_LOGIN_NAME + 1];
	struct ban_order order = {
		.source = offence->source,
		.reason = SW_REASON_LOGIN_REFUSED,
		.evidence = evidence,
		.user = user,
		.first = offence->users & SW_USER_SELF,
		.bans = &zone->bans,
		.room = &behaviour->room,
	};
	bool monitored = is_monitored(behaviour->policy, zone, order.reason) ||
			 is_monitored(behaviour->policy, zone, SW_REASON_AUTH_FAILURES);

	snprintf(user, sizeof(user), "%.*s", SW_LOGIN_NAME, offence->name);
	sw_login_key(&order.source, offence->login);
	if (sentence(behaviour, offence, &order, monitored) == CARRIED_OUT)
		behaviour->counts.refused++;
	else if (monitored)
		behaviour->counts.would_refuse++;
}

static void penalise(struct behaviour *behaviour, const struct zone *zone,
		     const struct sw_offence *offence)
{
	if (is_monitored(behaviour->policy, zone, reasons[offence->kind]))
		return;
	if (penalty_set(behaviour->state, &offence->source, monotonic_ns() + zone->bans.duration))
		behaviour->counts.penalties++;
	else
		behaviour->counts.full++;
}

/* Counts it by one threshold; true when that is reached, and then it begins anew. */
static bool reaches(struct conduct *conduct, const struct sw_offence *offence,
		    const struct threshold *threshold)
{
	if (!threshold->count || conduct_note(conduct, offence, threshold) < threshold->count)
		return false;
	conduct_forget(conduct, offence);
	return true;
}

/* --- wrong passwords --- */

/* So many usernames are refused to one source before it is taken for a guesser, when nobody else is
 * known to be there; else as many as wrong passwords are of one. */
#define GUESSED_LOGINS 3

static struct threshold guesser(const struct zone *zone, const struct sw_offence *offence)
{
	const struct threshold *failures = &zone->bans.thresholds[SW_OFFENCE_AUTH];
	struct threshold logins = {.count = GUESSED_LOGINS, .period = zone->bans.duration};

	if (offence->users & SW_USER_OTHER && failures->count > logins.count)
		logins.count = failures->count;
	if (logins.period < failures->period)
		logins.period = failures->period;
	return logins;
}

/* How many usernames with a refused password make a sprayer: as many as are searched for; and more
 * than log in there. */
static struct threshold sprayer(const struct zone *zone, const struct sw_offence *offence)
{
	struct threshold names = zone->bans.thresholds[SW_OFFENCE_ENUMERATION];

	if (!names.count) {
		names = zone->bans.thresholds[SW_OFFENCE_AUTH];
		names.count *= 2;
	}
	if (names.count < offence->good)
		names.count = offence->good;
	return names;
}

/* The data path forgets a refusal with the success that follows. */
static bool stands(void *context, uint64_t who)
{
	struct sw_refusal refusal;

	return bpf_map_lookup_elem(*(const int *)context, &who, &refusal) == 0;
}

/* One password tried on many names. The number of names, or 0. */
static uint32_t sprays(struct behaviour *behaviour, const struct zone *zone,
		       const struct sw_offence *offence)
{
	struct conduct *conduct = offence->proved ? behaviour->evidence : behaviour->hints;
	struct threshold threshold = sprayer(zone, offence);
	struct sw_offence spray = *offence;
	uint32_t names;
	int refusals =
		behaviour->state->fds[offence->proved ? STATE_REFUSALS : STATE_UNPROVEN_REFUSALS];

	spray.kind = CONDUCT_SPRAY;
	names = conduct_spray(conduct, &spray, &threshold, stands, &refusals);
	if (names < threshold.count)
		return 0;
	conduct_forget(conduct, &spray);
	return names;
}

/* --- usernames that are guessed at from many sources --- */

/* Without `account` of a zone: said, and nothing else. */
static const struct threshold account_usual = {.count = 30, .period = 600 * SW_NS_PER_SEC};

/* NULL: as many as may be have a limit by hints. */
static uint64_t *room_for_hinted(struct behaviour *behaviour, uint64_t now)
{
	for (size_t i = 0; i < ACCOUNTS_HINTED; i++)
		if (behaviour->hinted_until[i] <= now)
			return &behaviour->hinted_until[i];
	return NULL;
}

/* The seed is that of the data path, which finds the entry. */
static int account_key(const struct behaviour *behaviour, const struct sw_offence *offence,
		       struct sw_source *key)
{
	struct sw_meta meta;

	if (state_meta_read(behaviour->state, &meta, NULL) < 0)
		return -1;
	sw_account_key(key, token_account(meta.seed, offence->name), offence->zone);
	return 0;
}

static void say_account(const struct behaviour *behaviour, const struct zone *zone,
			const char *user, const struct account_attack *attack, const char *then)
{
	say_with(behaviour->say,
		 "the account '%s' is attacked in zone '%s': %u wrong passwords from %u sources%s",
		 printable(user).text, zone->name, attack->failures, attack->sources, then);
}

static void guard_account(struct behaviour *behaviour, const struct zone *zone,
			  const struct sw_offence *offence, const struct account_attack *attack)
{
	char user[SW_LOGIN_NAME + 1];
	struct ban_order order = {
		.reason = SW_REASON_ACCOUNT_ATTACKED,
		.evidence = attack->failures,
		.user = user,
		.first = true,
		.bans = &zone->bans,
		.room = &behaviour->room,
	};
	uint64_t now = monotonic_ns(), *room = NULL;
	enum ban_outcome outcome;
	struct sw_ban made;

	snprintf(user, sizeof(user), "%.*s", SW_LOGIN_NAME, offence->name);
	if (!zone->bans.account.count ||
	    is_monitored(behaviour->policy, zone, SW_REASON_ACCOUNT_ATTACKED)) {
		behaviour->counts.accounts_watched++;
		say_account(behaviour, zone, user, attack,
			    zone->bans.account.count ?
				    "; newcomers with it would get a limit (monitor mode)" :
				    "; `bans: {account: 30/10m}` gives newcomers with it a limit");
		return;
	}
	if (!offence->proved && !(room = room_for_hinted(behaviour, now))) {
		behaviour->counts.accounts_watched++;
		say_account(
			behaviour, zone, user, attack,
			"; it gets no limit: as many as may be have one by what may be spoofed");
		return;
	}
	if (account_key(behaviour, offence, &order.source) < 0)
		return;
	outcome = ban_sentence(behaviour->state, &order, now, &made);
	behaviour->counts.full += outcome == BAN_FULL;
	if (outcome != BAN_MADE)
		return;
	if (room)
		*room = made.end;
	behaviour->counts.accounts++;
	say_account(behaviour, zone, user, attack,
		    "; newcomers with it have a limit now, known phones go on");
}

static void judge_account(struct behaviour *behaviour, const struct zone *zone,
			  const struct sw_offence *offence)
{
	const struct threshold *threshold =
		zone->bans.account.count ? &zone->bans.account : &account_usual;
	int refusals =
		behaviour->state->fds[offence->proved ? STATE_REFUSALS : STATE_UNPROVEN_REFUSALS];
	struct account_attack attack;

	if (accounts_note(offence->proved ? behaviour->accounts : behaviour->accounts_hinted,
			  offence, threshold, stands, &refusals, &attack))
		guard_account(behaviour, zone, offence, &attack);
}

/* A username is refused to its source; a source that guesses at several is banned. */
static void judge_failure(struct behaviour *behaviour, const struct zone *zone,
			  const struct sw_offence *offence)
{
	const struct threshold *failures = &zone->bans.thresholds[SW_OFFENCE_AUTH];
	struct threshold logins = guesser(zone, offence);
	struct sw_offence guessed = *offence;

	if (!reaches(behaviour->evidence, offence, failures))
		return;
	refuse_login(behaviour, zone, offence, failures->count);
	guessed.kind = CONDUCT_REFUSED;
	guessed.who = offence->login;
	if (reaches(behaviour->evidence, &guessed, &logins))
		ban(behaviour, zone, offence, logins.count * failures->count);
}

static void judge_login(struct behaviour *behaviour, const struct zone *zone,
			const struct sw_offence *offence)
{
	uint32_t names = sprays(behaviour, zone, offence);

	if (offence->first == SW_FIRST_NOT)
		judge_failure(behaviour, zone, offence);
	if (names)
		ban(behaviour, zone, offence, names);
}

static void judge_evidence(struct behaviour *behaviour, const struct zone *zone,
			   const struct sw_offence *offence)
{
	const struct threshold *threshold = &zone->bans.thresholds[offence->kind];

	if (offence->kind == SW_OFFENCE_AUTH) {
		judge_login(behaviour, zone, offence);
		return;
	}
	/* A source that finds more users than it misses makes calls; it does not search. */
	if (offence->kind == SW_OFFENCE_ENUMERATION && offence->found)
		return;
	if (reaches(behaviour->evidence, offence, threshold))
		ban(behaviour, zone, offence, threshold->count);
}

static void judge_hint(struct behaviour *behaviour, const struct zone *zone,
		       const struct sw_offence *offence)
{
	const struct threshold *threshold = &zone->bans.thresholds[offence->kind];

	if ((offence->kind == SW_OFFENCE_AUTH && sprays(behaviour, zone, offence)) ||
	    (offence->first == SW_FIRST_NOT && reaches(behaviour->hints, offence, threshold)))
		penalise(behaviour, zone, offence);
}

void behaviour_judge(struct behaviour *behaviour, const struct sw_offence *offence)
{
	const struct zone *zone = zone_of(behaviour, offence);

	if (offence->kind >= SW_OFFENCE_COUNT)
		return;
	if (offence->proved)
		behaviour->counts.evidence[offence->kind]++;
	else
		behaviour->counts.hints[offence->kind]++;
	if (!zone || !zone->bans.set || zone->trust == SW_TRUST_PEER ||
	    /* Again here: the list may be newer than the offence. */
	    allowed_holds(&behaviour->allowed, &offence->source.addr))
		return;
	if (offence->kind == SW_OFFENCE_AUTH)
		judge_account(behaviour, zone, offence);
	if (offence->proved)
		judge_evidence(behaviour, zone, offence);
	else
		judge_hint(behaviour, zone, offence);
}

static void on_offence(void *context, const void *data, size_t size)
{
	if (size >= sizeof(struct sw_offence))
		behaviour_judge(context, data);
}

static void on_offences(void *context, int fd)
{
	struct behaviour *behaviour = context;

	(void)fd;
	ring_read(&behaviour->ring);
}

static void stop_reading(struct behaviour *behaviour)
{
	if (behaviour->ring.buffer) {
		loop_remove(behaviour->loop, ring_fd(&behaviour->ring));
		ring_close(&behaviour->ring);
	}
	conduct_free(&behaviour->evidence);
	conduct_free(&behaviour->hints);
	accounts_free(&behaviour->accounts);
	accounts_free(&behaviour->accounts_hinted);
}

int behaviour_follow(struct behaviour *behaviour, const struct policy *policy,
		     struct allowed *allowed, struct error *e)
{
	struct allowed before = behaviour->allowed;
	bool wanted = false;

	behaviour->policy = policy;
	behaviour->allowed = *allowed;
	*allowed = before;
	behaviour->room = (struct ban_room){};
	for (size_t i = 0; i < policy->zone_count; i++)
		wanted |= policy->zones[i].bans.set;
	if (!wanted)
		stop_reading(behaviour);
	if (!wanted || behaviour->ring.buffer)
		return 0;
	behaviour->evidence = conduct_new();
	behaviour->hints = conduct_new();
	behaviour->accounts = accounts_new();
	behaviour->accounts_hinted = accounts_new();
	if (ring_open(&behaviour->ring, behaviour->state->fds[STATE_OFFENCES], "offences",
		      on_offence, behaviour, e) < 0)
		return -1;
	return loop_add(behaviour->loop, ring_fd(&behaviour->ring), on_offences, behaviour, e);
}

void behaviour_close(struct behaviour *behaviour)
{
	stop_reading(behaviour);
	allowed_free(&behaviour->allowed);
}
