/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/hook_events.h"

#include <string.h>

#include "agent/core.h"
#include "agent/say.h"
#include "export/event.h"
#include "export/json.h"
#include "kernel/attachment.h"
#include "policy/names.h"
#include "policy/prefix.h"

static bool call(struct agent *agent, enum hook hook, struct json_object *o)
{
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	json_text(o, "host", host);
	return hooks_call(&agent->hooks, &agent->running.policy, hook, o);
}

static struct json_object *object_now(void)
{
	struct json_object *o = json_object_new_object();
	char text[64];

	event_time_text(monotonic_ns(), text, sizeof(text));
	json_text(o, "time", text);
	return o;
}

/* With its length, as routers want it: "198.51.100.66/32", "2001:db8:1:2::/64". */
static void add_prefix(struct json_object *o, const struct sw_source *source)
{
	auto_free char *prefix = NULL;
	char text[64];

	addr_text(&source->addr, text, sizeof(text));
	json_text(o, "source", text);
	prefix = xasprintf("%s/%u", text, source->length);
	json_text(o, "prefix", prefix);
}

/* --- bans --- */

void hook_events_ban(struct agent *agent, const struct sw_event *event,
		     const struct ban_order *order, const struct sw_ban *made)
{
	auto_json struct json_object *o = NULL;
	char text[64];

	/* A username that is refused is no ban of its source. */
	if (order->user)
		return;
	/* What nobody would take back is not announced. */
	if (agent->hook_events.announces &&
	    !announced_add(&agent->hook_events.announced, &order->source, order->reason)) {
		agent->hooks.counts[HOOK_BAN].by[HOOK_LEFT_OUT]++;
		return;
	}
	if (!hooks_wanted(&agent->running.policy, HOOK_BAN))
		return;
	o = event_json(event, &agent->state);
	add_prefix(o, &order->source);
	json_count(o, "seconds", (made->end - made->start) / SW_NS_PER_SEC);
	event_time_text(made->end, text, sizeof(text));
	json_text(o, "until", text);
	call(agent, HOOK_BAN, o);
}

static bool on_unban(void *context, const struct announced_ban *ban)
{
	auto_json struct json_object *o = object_now();

	add_prefix(o, &ban->source);
	json_text(o, "reason", reason_name(ban->reason));
	return call(context, HOOK_UNBAN, o);
}

/* --- attacks --- */

/* The nearest limits: a policy may have more than fit into the text of a hook. */
#define LIMITS_TOLD 16

static void tell_attack(struct agent *agent, const struct attack_now *now, enum hook hook)
{
	const struct attack_watch *watch = &agent->hook_events.attack;
	auto_json struct json_object *o = object_now();
	struct attack_now nearest = *now;

	if (nearest.count > LIMITS_TOLD)
		nearest.count = LIMITS_TOLD;
	attack_now_json(&nearest, o);
	json_text(o, "worst", attack_words[watch->worst]);
	if (hook == HOOK_ATTACK_END)
		json_count(o, "seconds", (monotonic_ns() - watch->began) / SW_NS_PER_SEC);
	call(agent, hook, o);
}

/* The constants of the programs that run, which know the numbers of zones. */
static void read_policy(struct agent *agent)
{
	struct hook_events *events = &agent->hook_events;

	if (events->policy && events->generation == agent->generation)
		return;
	free(take(events->policy));
	for (size_t i = 0; i < agent->interface_count && !events->policy; i++) {
		auto_attachment struct attachment attachment = {};

		if (attachment_read(agent->interfaces[i].name, &attachment, NULL) == 0)
			events->policy = take(attachment.policy);
	}
	events->generation = agent->generation;
}

static void look_for_attack(struct agent *agent)
{
	struct hook_events *events = &agent->hook_events;
	const struct policy *policy = &agent->running.policy;
	auto_attack_now struct attack_now attack = {};
	uint64_t now = monotonic_ns();
	unsigned long long seconds;

	if (!hooks_wanted(policy, HOOK_ATTACK_BEGIN) && !hooks_wanted(policy, HOOK_ATTACK_END))
		return;
	read_policy(agent);
	attack_look(&agent->state, events->policy, now, &attack);
	switch (attack_watch_look(&events->attack, attack.state, now, policy->hooks.calm)) {
	case ATTACK_HAS_BEGUN:
		say(SAY_WARNING "an attack has begun: %s" SAY_FIELDS "event=attack_begin state=%s",
		    attack_words[attack.state], attack_words[attack.state]);
		tell_attack(agent, &attack, HOOK_ATTACK_BEGIN);
		break;
	case ATTACK_HAS_ENDED:
		seconds = (now - events->attack.began) / SW_NS_PER_SEC;
		say(SAY_NOTICE "the attack is over, after %s" SAY_FIELDS
			       "event=attack_end seconds=%llu worst=%s",
		    spoken(seconds).text, seconds, attack_words[events->attack.worst]);
		tell_attack(agent, &attack, HOOK_ATTACK_END);
		break;
	case ATTACK_NO_NEWS:
		break;
	}
}

void hook_events_tick(struct agent *agent)
{
	hooks_tick(&agent->hooks);
	announced_look(&agent->hook_events.announced, &agent->state, on_unban, agent);
	look_for_attack(agent);
}

/* Bans that were made before the hook was there are told of their end, too: the hook before it may
 * have announced them. */
void hook_events_follow(struct agent *agent)
{
	struct hook_events *events = &agent->hook_events;
	bool announces = hooks_wanted(&agent->running.policy, HOOK_UNBAN);
	struct error e = {};

	if (announces && !events->announces &&
	    announced_read(&events->announced, &agent->state, &e) < 0)
		say(SAY_WARNING "hooks: bans that were made before cannot be read: %s", e.text);
	if (!announces)
		announced_free(&events->announced);
	events->announces = announces;
}

void hook_events_free(struct hook_events *events)
{
	announced_free(&events->announced);
	free(take(events->policy));
}
