/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/observation.h"

#include <string.h>

#include "kernel/health.h"
#include "kernel/known.h"

/* However silent the kernel is about it, the routes are looked through now and then. */
#define FIND_TICKS 60

/* How long the greylist stays open after the last second in which the server fell behind. */
#define PRESSURE_SECONDS 3

/* --- in place --- */

static void say_once(struct observation *o, const char *text)
{
	if (strcmp(o->trouble, text) == 0)
		return;
	snprintf(o->trouble, sizeof(o->trouble), "%s", text);
	if (*text)
		o->say(text);
}

/* Interfaces that answers can leave by now. */
static int find(struct observation *o, struct error *e)
{
	struct observers now = {};

	if (observers_find(&now, &o->egress, e) < 0) {
		observers_free(&now);
		return -1;
	}
	observers_free(&o->observers);
	o->observers = now;
	return 0;
}

/* Attaches what is missing, and says so. Returns how many, or -1. */
static int mend(struct observation *o, struct error *e)
{
	int mended = observers_mend(&o->observers, o->program, e);
	auto_free char *text = NULL;

	if (mended <= 0)
		return mended;
	text = xasprintf("the observer was missing on %d interface%s and is attached again", mended,
			 mended > 1 ? "s" : "");
	o->say(text);
	return mended;
}

/* True when all of them are where they were a second ago. A gap, however short, is one; but an
 * interface of which the kernel told as soon as a route led there was no way out before. */
static bool keep_in_place(struct observation *o, struct sw_health *health, uint64_t now)
{
	struct error e = {};
	int missing = mend(o, &e), more = 0;

	if (missing >= 0 && o->find != FIND_NOTHING &&
	    (find(o, &e) < 0 || (more = mend(o, &e)) < 0))
		missing = -1;
	say_once(o, missing < 0 ? e.text : "");
	if (missing < 0)
		return false;
	if (missing || (more && o->find != FIND_TOLD))
		health->observed_from = now;
	o->find = FIND_NOTHING;
	health->heartbeat = now;
	return missing == 0;
}

/* --- the server --- */

static void hear_the_server(struct observation *o, struct sw_health *health, bool seen,
			    uint64_t now)
{
	uint64_t tallies[SW_TALLY_COUNT];
	bool behind, unanswered;

	if (tallies_read(o->state, tallies, NULL) < 0)
		return;
	pressure_step(&o->pressure, tallies[SW_TALLY_REQUESTS], tallies[SW_TALLY_ANSWERS], seen);
	behind = pressure_falls_behind(&o->pressure);
	unanswered = pressure_unanswered(&o->pressure);
	if (behind)
		health->pressure_until = now + PRESSURE_SECONDS * SW_NS_PER_SEC;
	if (behind && !o->pressed)
		o->say("the server leaves most requests unanswered: newcomers wait");
	o->pressed = behind;
	if (!unanswered)
		health->unanswered_from = 0;
	else if (!health->unanswered_from)
		health->unanswered_from = now;
}

/* --- what happens --- */

static void say_state(struct observation *o, const struct sw_health *health, uint64_t now)
{
	enum sw_observer_state state = sw_observer_state(health, now);
	auto_free char *text = NULL;

	if (state == o->state_said)
		return;
	o->state_said = state;
	text = observer_text(health, now);
	o->say(text);
}

static void look(struct observation *o, bool whole_second)
{
	struct sw_health health = {};
	uint64_t now = monotonic_ns();
	bool seen;

	if (o->program < 0)
		return;
	state_health_read(o->state, &health);
	seen = keep_in_place(o, &health, now);
	if (whole_second) {
		canaries_step(&o->canaries, o->state, now);
		health.forgot_until = o->canaries.forgot_until;
		hear_the_server(o, &health, seen, now);
	}
	state_health_write(o->state, &health);
	say_state(o, &health, now);
}

static void on_route(void *context, int ifindex)
{
	struct observation *o = context;

	if (o->find == FIND_NOTHING && o->egress.routes &&
	    !observers_include(&o->observers, ifindex))
		o->find = FIND_TOLD;
}

static void on_filter(void *context, int ifindex)
{
	struct observation *o = context;

	if (observers_include(&o->observers, ifindex))
		look(o, false);
}

static void on_link(void *context, const char *iface, bool gone, bool up)
{
	struct observation *o = context;

	(void)iface, (void)gone, (void)up;
	if (o->find == FIND_NOTHING)
		o->find = FIND_TOLD;
}

static void on_netlink(void *context, int fd)
{
	struct observation *o = context;
	struct error e = {};
	bool lost = false;

	(void)fd;
	if (netlink_read(&o->netlink, &lost, &e) < 0)
		say_once(o, e.text);
	if (lost)
		o->find = FIND_ALL;
	else if (o->find != FIND_NOTHING)
		look(o, false);
}

void observation_tick(struct observation *o, uint64_t ticks)
{
	if (ticks % FIND_TICKS == 0)
		o->find = FIND_ALL;
	look(o, true);
}

/* --- generations --- */

static void remember_egress(struct observation *o, const struct apply *apply)
{
	const struct policy *policy = apply->policy;
	bool listed = policy->observe_count > 0;
	size_t count = listed ? policy->observe_count : apply->wanted_count;
	const void *from = listed ? policy->observe : apply->wanted;

	free(o->egress.named);
	o->egress.named = xcalloc(count ? count : 1, IFNAMSIZ);
	memcpy(o->egress.named, from, count * IFNAMSIZ);
	o->egress.named_count = count;
	o->egress.routes = !listed;
}

void observation_follow(struct observation *o, struct apply *apply)
{
	struct sw_health health = {};
	uint64_t now = monotonic_ns();

	close_fd(&o->program);
	o->program = take_fd(apply->observer);
	observers_free(&o->observers);
	o->observers = apply->observers;
	memset(&apply->observers, 0, sizeof(apply->observers));
	remember_egress(o, apply);
	state_health_read(o->state, &health);
	/* What leaves by a new interface, or from a new port, was not noted before; nor were
	 * dialogs for which no rule asked. */
	if (o->program < 0)
		health = (struct sw_health){};
	else if (o->observers.added || health.services != apply->services || !health.observed_from)
		health.observed_from = now;
	if (o->program >= 0)
		health.heartbeat = now;
	health.services = apply->services;
	state_health_write(o->state, &health);
}

int observation_open(struct observation *o, struct error *e)
{
	o->events = (struct netlink_events){
		.link = on_link, .route = on_route, .filter = on_filter, .context = o,
	};
	if (netlink_open(&o->netlink, &o->events, e) < 0)
		return -1;
	return loop_add(o->loop, netlink_fd(&o->netlink), on_netlink, o, e);
}

void observation_close(struct observation *o)
{
	netlink_close(&o->netlink);
	close_fd(&o->program);
	observers_free(&o->observers);
	free(o->egress.named);
	o->program = -1;
}
