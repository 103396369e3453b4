/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/admission.h"

#include "agent/probe.h"

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

	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		wanted |= zone->newcomers.set && zone->probe && zone->mode == SW_MODE_ENFORCE;
	}
	if (!wanted)
		stop_probing(admission);
	if (!wanted || admission->probe)
		return 0;
	admission->probe = probe_open(admission->state, e);
	if (!admission->probe)
		return -1;
	return loop_add(admission->loop, probe_fd(admission->probe), on_newcomers, admission, e);
}

void admission_close(struct admission *admission)
{
	stop_probing(admission);
}
