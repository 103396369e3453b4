/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/admission.h"

#include "agent/probe.h"
#include "kernel/known.h"
#include "kernel/observe.h"

#define KNOWN_TICKS 60

/* When the server is believed to fall behind: requests a second, and for how long at least. */
#define PRESSURE_REQUESTS 50
#define PRESSURE_SECONDS  3

void admission_observer(struct admission *admission, int program)
{
	close_fd(&admission->observer);
	admission->observer = program;
}

static void on_newcomers(void *context, int fd)
{
	struct admission *admission = context;

	(void)fd;
	probe_read(admission->probe);
}

static void stop_probing(struct admission *admission)
{
	if (!admission->probe)
		return;
	loop_remove(admission->loop, probe_fd(admission->probe));
	probe_close(&admission->probe);
}

int admission_follow(struct admission *admission, const struct policy *policy, struct error *e)
{
	bool wanted = false;

	for (size_t i = 0; i < policy->zone_count; i++)
		wanted |= policy->zones[i].newcomers.set && policy->zones[i].probe;
	if (!wanted)
		stop_probing(admission);
	if (!wanted || admission->probe)
		return 0;
	admission->probe = probe_open(admission->state, e);
	if (!admission->probe)
		return -1;
	return loop_add(admission->loop, probe_fd(admission->probe), on_newcomers, admission, e);
}

/* The server falls behind when it leaves most of what it gets without any answer. Then
 * newcomers wait, and those who are known go on. */
static bool falls_behind(struct admission *admission)
{
	uint64_t tallies[SW_TALLY_COUNT], requests, answers;

	if (tallies_read(admission->state, tallies, NULL) < 0)
		return false;
	requests = tallies[SW_TALLY_REQUESTS] - admission->requests;
	answers = tallies[SW_TALLY_ANSWERS] - admission->answers;
	admission->requests = tallies[SW_TALLY_REQUESTS];
	admission->answers = tallies[SW_TALLY_ANSWERS];
	return requests >= PRESSURE_REQUESTS && answers < requests / 4;
}

static void keep_observers(struct admission *admission, char (*names)[IFNAMSIZ], size_t count)
{
	auto_free char *text = NULL;
	struct error e = {};
	int mended = observers_mend(names, count, admission->observer, &e);

	if (mended < 0)
		admission->say(e.text);
	if (mended > 0) {
		text = xasprintf("the observer was missing on %d interface%s and is attached again",
				 mended, mended > 1 ? "s" : "");
		admission->say(text);
	}
}

void admission_tick(struct admission *admission, const struct policy *policy,
		    char (*names)[IFNAMSIZ], size_t count, uint64_t ticks)
{
	struct sw_health health = {};
	struct error e = {};

	if (admission->observer < 0)
		return;
	keep_observers(admission, names, count);
	if (falls_behind(admission)) {
		state_health_read(admission->state, &health);
		health.pressure_until = monotonic_ns() + PRESSURE_SECONDS * SW_NS_PER_SEC;
		state_health_write(admission->state, &health);
	}
	if (ticks % KNOWN_TICKS == 0 && known_sweep(admission->state, policy->known_for, &e) < 0)
		admission->say(e.text);
}

void admission_close(struct admission *admission)
{
	stop_probing(admission);
	close_fd(&admission->observer);
	admission->observer = -1;
}
