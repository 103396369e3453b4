/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/behaviour.h"

#include <inttypes.h>
#include <string.h>

#include "agent/conduct.h"
#include "agent/say.h"
#include "kernel/bans.h"
#include "kernel/penalties.h"
#include "kernel/state_values.h"

static const enum sw_reason reasons[SW_OFFENCE_COUNT] = {
	[SW_OFFENCE_AUTH] = SW_REASON_AUTH_FAILURES,
	[SW_OFFENCE_ENUMERATION] = SW_REASON_ENUMERATION,
	[SW_OFFENCE_SANITY] = SW_REASON_SANITY_VIOLATIONS,
};

/* The zone as the policy has it now; the offence may be older. */
static const struct zone *zone_of(const struct behaviour *behaviour,
				  const struct sw_offence *offence)
{
	const struct policy *policy = behaviour->policy;
	char name[SW_NAME_MAX];

	state_zone_name(behaviour->state, offence->zone, name);
	for (size_t i = 0; i < policy->zone_count; i++)
		if (strcmp(policy->zones[i].name, name) == 0)
			return &policy->zones[i];
	return NULL;
}

static bool is_monitored(const struct policy *policy, const struct zone *zone,
			 enum sw_reason reason)
{
	return policy->mode == SW_MODE_MONITOR || zone->mode == SW_MODE_MONITOR ||
	       policy->shadow[reason / 64] >> (reason % 64) & 1;
}

static const char *source_text(const struct sw_source *source, char text[64])
{
	struct prefix prefix = {.addr = source->addr, .length = source->length,
				.ipv6 = !addr_is_ipv4(&source->addr)};

	return prefix_text(&prefix, text, 64);
}

/* The same line that refused packets have: whoever asks why finds it there. */
static void tell(const struct behaviour *behaviour, const struct sw_offence *offence,
		 enum sw_mode mode, uint32_t evidence)
{
	struct sw_event event = {
		.time = offence->time,
		.reason = reasons[offence->kind],
		.mode = mode,
		.zone = offence->zone,
		.src = offence->source.addr,
		.kind = SW_EVENT_BAN,
		.evidence = evidence,
	};

	if (behaviour->told)
		behaviour->told(behaviour->context, &event);
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
	struct sw_ban made;
	char text[64];

	source_text(&offence->source, text);
	if (is_monitored(behaviour->policy, zone, order.reason)) {
		behaviour->counts.would_ban[offence->kind]++;
		say_with(behaviour->say, "%s would be banned: %s, %u within the period (monitor: "
			 "nothing is carried out)", text, reason_name(order.reason), evidence);
		tell(behaviour, offence, SW_MODE_MONITOR, evidence);
		return;
	}
	switch (ban_sentence(behaviour->state, &order, monotonic_ns(), &made)) {
	case BAN_MADE:
		behaviour->counts.bans[offence->kind]++;
		say_with(behaviour->say, "%s is banned for %" PRIu64 " s: %s, %u within the period",
			 text, (uint64_t)((made.end - made.start) / SW_NS_PER_SEC),
			 reason_name(order.reason), evidence);
		tell(behaviour, offence, SW_MODE_ENFORCE, evidence);
		break;
	case BAN_FULL:
		if (!behaviour->counts.full++)
			say_with(behaviour->say, "%s is not banned: the table is full; raise "
				 "tables: {bans: ...}", text);
		break;
	case BAN_THERE:
		break;
	}
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

/* One password tried on many names is enumeration, too. */
static void judge_spray(struct behaviour *behaviour, const struct zone *zone,
			const struct sw_offence *offence)
{
	const struct threshold *threshold = &zone->bans.thresholds[SW_OFFENCE_ENUMERATION];
	struct sw_offence spray = *offence;

	spray.kind = SW_OFFENCE_ENUMERATION;
	if (reaches(behaviour->evidence, &spray, threshold))
		ban(behaviour, zone, &spray, threshold->count);
}

static void judge_evidence(struct behaviour *behaviour, const struct zone *zone,
			   const struct sw_offence *offence)
{
	const struct threshold *threshold = &zone->bans.thresholds[offence->kind];

	/* Several who log in behind one address are not all banned for one of them. */
	if (offence->kind == SW_OFFENCE_AUTH && offence->good > 1) {
		behaviour->counts.spared++;
		return;
	}
	/* Whoever finds more than he misses dials, and does not try. */
	if (offence->kind == SW_OFFENCE_ENUMERATION && offence->found)
		return;
	if (reaches(behaviour->evidence, offence, threshold))
		ban(behaviour, zone, offence, threshold->count);
	if (offence->kind == SW_OFFENCE_AUTH)
		judge_spray(behaviour, zone, offence);
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
	if (offence->proved)
		judge_evidence(behaviour, zone, offence);
	else if (reaches(behaviour->hints, offence, &zone->bans.thresholds[offence->kind]))
		penalise(behaviour, zone, offence);
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
