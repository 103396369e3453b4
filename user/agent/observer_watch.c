/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/observer_watch.h"

#include "agent/say.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "export/observer_text.h"
#include "kernel/health.h"
#include "kernel/known.h"
#include "kernel/share.h"

/* However silent the kernel is about it, the routes are looked through now and then. */
#define FIND_TICKS (60 * TICKS_A_SECOND)

/* The observers are looked at twice a second, the server once. */
#define TICKS_A_SECOND 2
#define TICK           (SW_NS_PER_SEC / TICKS_A_SECOND)

/* How long the greylist stays open after the last second in which the server fell behind. */
#define PRESSURE_SECONDS 3

/* Between two looks for what the kernel told: at least so long, and so many times as long as the
 * last one took, for a host may have thousands of routes and interfaces. */
#define REST_NS    (5 * 1000000ull)
#define REST_TIMES 4

/* --- in place --- */

/* Interfaces that answers can leave by now. */
static int find(struct observation *o, struct error *e)
{
	struct observers now = {};

	if (observers_find(&now, &o->now.egress, e) < 0) {
		observers_free(&now);
		return -1;
	}
	observers_free(&o->now.observers);
	o->now.observers = now;
	return 0;
}

/* Attaches what is missing, and says so. Returns how many, or -1. */
static int mend(struct observation *o, struct error *e)
{
	int mended = observers_mend(&o->now.observers, o->now.program, e);

	if (mended <= 0)
		return mended;
	say_with(o->say,
		 SAY_WARNING "the observer was missing on %d interface%s and is attached again",
		 mended, mended > 1 ? "s" : "");
	__atomic_add_fetch(&o->mended, mended, __ATOMIC_RELAXED);
	return mended;
}

/* The findings of one look, for the data path. */
struct finding {
	uint64_t now;
	bool placed; /* all observers are in place now */
	bool gap;    /* they were not a moment ago */
	bool whole_second;
	bool behind; /* the server is */
	bool unanswered;
	bool heard; /* whether it is was found out */
	uint64_t overflowed_until;
	struct sw_health health; /* out: as it was written */
};

static void write_heartbeat(struct sw_health *health, void *context)
{
	health->heartbeat = *(const uint64_t *)context;
}

/* Before the routes are looked through, which takes long where there are a million. */
static void beat(struct observation *o, const struct finding *found)
{
	uint64_t now = found->now;

	pthread_mutex_lock(&o->lock);
	if (!o->fresh)
		health_change(&o->now.state, write_heartbeat, &now);
	pthread_mutex_unlock(&o->lock);
}

/* True when all of them are where they were a second ago. A gap, however short, is one; but an
 * interface of which the kernel told as soon as a route led there was no way out before. */
static bool keep_in_place(struct observation *o, struct finding *found)
{
	struct error e = {};
	int missing = mend(o, &e), more = 0;

	if (missing == 0 && o->find != FIND_NOTHING)
		beat(o, found);
	if (missing >= 0 && o->find != FIND_NOTHING &&
	    (find(o, &e) < 0 || (more = mend(o, &e)) < 0))
		missing = -1;
	say_once(o->say, o->trouble, sizeof(o->trouble), missing < 0 ? e.text : "");
	if (missing < 0)
		return false;
	found->gap = missing || (more && o->find != FIND_TOLD);
	found->placed = true;
	o->find = FIND_NOTHING;
	return missing == 0;
}

/* Likewise. While an apply swaps observers they are not ours to attach. */
static bool look_after(struct observation *o, struct finding *found)
{
	bool seen;

	if (pthread_mutex_trylock(&o->placing) != 0) {
		found->placed = observers_missing(&o->now.observers) == 0;
		return found->placed;
	}
	seen = keep_in_place(o, found);
	pthread_mutex_unlock(&o->placing);
	return seen;
}

/* --- the server --- */

static void hear_the_server(struct observation *o, struct finding *found, bool seen)
{
	uint64_t tallies[SW_TALLY_COUNT];

	if (tallies_read(&o->now.state, tallies, NULL) < 0)
		return;
	pressure_step(&o->pressure, tallies[SW_TALLY_REQUESTS], tallies[SW_TALLY_ANSWERS], seen);
	found->heard = true;
	found->behind = pressure_falls_behind(&o->pressure);
	found->unanswered = pressure_unanswered(&o->pressure);
	if (found->behind && !o->pressed)
		o->say(SAY_WARNING
		       "the server leaves most requests unanswered; newcomers wait (greylist)");
	o->pressed = found->behind;
}

/* --- what is told --- */

/* Its own fields alone: others are written by other threads. */
static void write_finding(struct sw_health *health, void *context)
{
	struct finding *found = context;

	if (found->placed)
		health->heartbeat = found->now;
	if (found->gap)
		health->observed_from = found->now;
	if (found->whole_second)
		health->overflowed_until = found->overflowed_until;
	if (found->behind)
		health->pressure_until = found->now + PRESSURE_SECONDS * SW_NS_PER_SEC;
	if (found->heard && !found->unanswered)
		health->unanswered_from = 0;
	else if (found->heard && !health->unanswered_from)
		health->unanswered_from = found->now;
	found->health = *health;
}

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

/* Nothing is told of a generation that has just gone. */
static void tell(struct observation *o, struct finding *found)
{
	bool told;

	pthread_mutex_lock(&o->lock);
	told = !o->fresh;
	if (told)
		health_change(&o->now.state, write_finding, found);
	pthread_mutex_unlock(&o->lock);
	if (told)
		say_state(o, &found->health, found->now);
}

static void look(struct observation *o, bool whole_second)
{
	struct finding found = {.now = monotonic_ns(), .whole_second = whole_second};
	uint64_t end;

	o->look_soon = false;
	if (o->now.program < 0)
		return;
	o->missed |= !look_after(o, &found);
	if (whole_second) {
		canaries_step(&o->canaries, &o->now.state, found.now);
		found.overflowed_until = o->canaries.overflowed_until;
		hear_the_server(o, &found, !o->missed);
		o->missed = false;
	}
	tell(o, &found);
	end = monotonic_ns();
	o->rest_until = end + REST_NS + REST_TIMES * (end - found.now);
}

/* --- what happens --- */

static void on_route(void *context, int ifindex)
{
	struct observation *o = context;

	if (o->find == FIND_NOTHING && o->now.egress.routes &&
	    !observers_include(&o->now.observers, ifindex))
		o->find = FIND_TOLD;
}

static void on_filter(void *context, int ifindex)
{
	struct observation *o = context;

	o->look_soon |= observers_include(&o->now.observers, ifindex);
}

static void on_link(void *context, const char *iface, bool gone, bool up)
{
	struct observation *o = context;

	(void)iface, (void)gone, (void)up;
	if (o->find == FIND_NOTHING)
		o->find = FIND_TOLD;
}

static void read_netlink(struct observation *o)
{
	struct error e = {};
	bool lost = false;

	if (netlink_read(&o->netlink, &lost, &e) < 0)
		say_once(o->say, o->trouble, sizeof(o->trouble), e.text);
	if (lost)
		o->find = FIND_ALL;
	else if (o->find != FIND_NOTHING)
		o->look_soon = true;
}

/* --- the thread --- */

static void placement_free(struct placement *placement)
{
	close_fd(&placement->program);
	observers_free(&placement->observers);
	free(placement->egress.named);
	state_close(&placement->state);
	*placement = (struct placement){.program = -1, .state = STATE_CLOSED};
}

static void rename_in(struct egress *egress, const struct renaming *renaming)
{
	for (size_t i = 0; i < egress->named_count; i++)
		if (strcmp(egress->named[i], renaming->from) == 0)
			memcpy(egress->named[i], renaming->to, IFNAMSIZ);
}

/* With the lock. */
static void follow_renamings(struct observation *o)
{
	for (size_t i = 0; i < o->renaming_count; i++)
		rename_in(&o->now.egress, &o->renamings[i]);
	free(o->renamings);
	o->renamings = NULL;
	o->renaming_count = 0;
}

/* Takes over what the loop left there. False when the thread is to end. */
static bool take_over(struct observation *o)
{
	struct placement before = {.program = -1, .state = STATE_CLOSED};
	bool end;

	pthread_mutex_lock(&o->lock);
	end = o->end;
	if (o->fresh) {
		before = o->now;
		o->now = o->next;
		o->next = (struct placement){.program = -1, .state = STATE_CLOSED};
		o->fresh = false;
	}
	follow_renamings(o);
	pthread_mutex_unlock(&o->lock);
	placement_free(&before);
	return !end;
}

/* Waits until something happens, or until `tick`, or until what was told of is looked at. */
static void wait_for(struct observation *o, uint64_t tick)
{
	struct pollfd fds[] = {
		{.fd = o->wake, .events = POLLIN},
		{.fd = netlink_fd(&o->netlink), .events = POLLIN},
	};
	uint64_t now = monotonic_ns(), until = tick;
	eventfd_t count;

	if (o->look_soon && o->rest_until < until)
		until = o->rest_until;
	if (poll(fds, array_size(fds), until > now ? (until - now) / 1000000 + 1 : 0) <= 0)
		return;
	if (fds[0].revents)
		eventfd_read(o->wake, &count);
	if (fds[1].revents)
		read_netlink(o);
}

static void *keep_looking(void *context)
{
	struct observation *o = context;
	uint64_t tick = monotonic_ns() + TICK, now;

	while (take_over(o)) {
		now = monotonic_ns();
		if (now >= tick) {
			if (o->ticks++ % FIND_TICKS == 0)
				o->find = FIND_ALL;
			look(o, o->ticks % TICKS_A_SECOND == 0);
			tick = tick + TICK > now ? tick + TICK : now + TICK;
		} else if (o->look_soon && now >= o->rest_until) {
			look(o, false);
		}
		wait_for(o, tick);
	}
	return NULL;
}

/* --- generations --- */

static void remember_egress(struct egress *egress, const struct apply *apply)
{
	const struct policy *policy = apply->policy;
	bool listed = policy->observe_count > 0;
	size_t count = listed ? policy->observe_count : apply->wanted_count;
	const void *from = listed ? policy->observe : apply->wanted;

	egress->named = xcalloc(count ? count : 1, IFNAMSIZ);
	memcpy(egress->named, from, count * IFNAMSIZ);
	egress->named_count = count;
	egress->routes = !listed;
}

struct beginning {
	const struct apply *apply;
	const struct placement *placement;
};

/* Packets that leave by a new interface, or from a new port, were not noted before; nor were
 * dialogs for which no rule asked. */
static void write_beginning(struct sw_health *health, void *context)
{
	const struct beginning *begins = context;
	uint64_t now = monotonic_ns(), services = begins->apply->services;

	if (begins->placement->program < 0)
		*health = (struct sw_health){.penalised_until = health->penalised_until};
	else if (begins->placement->observers.added || health->services != services ||
		 !health->observed_from)
		health->observed_from = now;
	if (begins->placement->program >= 0)
		health->heartbeat = now;
	health->services = services;
}

void observation_follow(struct observation *o, struct apply *apply)
{
	static const enum state_map maps[] = {STATE_HEALTH, STATE_TALLIES, STATE_BRANCHES};
	struct placement placement = {
		.program = take_fd(apply->observer),
		.observers = apply->observers,
	};
	struct beginning begins = {.apply = apply, .placement = &placement};

	memset(&apply->observers, 0, sizeof(apply->observers));
	remember_egress(&placement.egress, apply);
	state_share(&placement.state, o->state, maps, array_size(maps));
	o->observed = placement.program >= 0;
	pthread_mutex_lock(&o->lock);
	health_change(o->state, write_beginning, &begins);
	placement_free(&o->next);
	o->next = placement;
	o->fresh = true;
	pthread_mutex_unlock(&o->lock);
	if (o->open)
		eventfd_write(o->wake, 1);
}

void observation_renamed(struct observation *o, const char *from, const char *to)
{
	struct renaming renaming = {};

	snprintf(renaming.from, IFNAMSIZ, "%s", from);
	snprintf(renaming.to, IFNAMSIZ, "%s", to);
	pthread_mutex_lock(&o->lock);
	append(o->renamings, o->renaming_count, renaming);
	pthread_mutex_unlock(&o->lock);
}

uint64_t observation_mended(const struct observation *o)
{
	return __atomic_load_n(&o->mended, __ATOMIC_RELAXED);
}

void observation_hold(struct observation *o)
{
	pthread_mutex_lock(&o->placing);
}

void observation_release(struct observation *o)
{
	pthread_mutex_unlock(&o->placing);
}

static int start_thread(struct observation *o, struct error *e)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&o->thread, NULL, keep_looking, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return fail(e, EXIT_FAILED, "the thread of the observation cannot be made: %s",
			    strerror(error));
	pthread_setname_np(o->thread, "sipward-observe");
	o->open = true;
	return 0;
}

int observation_open(struct observation *o, struct error *e)
{
	o->events = (struct netlink_events){
		.link = on_link,
		.route = on_route,
		.filter = on_filter,
		.context = o,
	};
	o->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->wake < 0)
		return fail(e, EXIT_FAILED, "eventfd: %s", strerror(errno));
	return netlink_open(&o->netlink, &o->events, e) < 0 ? -1 : start_thread(o, e);
}

void observation_close(struct observation *o)
{
	if (o->open) {
		pthread_mutex_lock(&o->lock);
		o->end = true;
		pthread_mutex_unlock(&o->lock);
		eventfd_write(o->wake, 1);
		pthread_join(o->thread, NULL);
		o->open = false;
	}
	netlink_close(&o->netlink);
	placement_free(&o->now);
	placement_free(&o->next);
	free(take(o->renamings));
	close_fd(&o->wake);
	o->wake = -1;
}
