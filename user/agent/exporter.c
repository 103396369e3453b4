/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/exporter.h"

#include "agent/core.h"
#include "agent/feed_reload.h"
#include "agent/interfaces.h"
#include "agent/say.h"
#include "export/metrics.h"

static char *render_metrics(void *context, struct error *e)
{
	struct agent *agent = context;
	const struct ban_counts *counts = &agent->upkeep.counts;
	auto_free struct metrics_list *lists = NULL;
	size_t list_count = feeds_metrics(agent, &lists);
	struct metrics_source source = {
		.state = &agent->state,
		.policy = &agent->running.policy,
		.generation = agent->generation,
		.events = agent->history.count,
		.reload_failures = agent->reload_failures,
		.interfaces_missing = interfaces_missing(agent),
		.observed = agent->observation.observed,
		.tuned = agent->running.override_count,
		.bans = agent->upkeep.counted ? (long)counts->denies : -1,
		.ban_entries = agent->upkeep.counted ? (long)(counts->denies + counts->allows +
							      counts->remembered) :
						       -1,
		.started = agent->started,
		.exporter_ends = exporter_ends(agent->exporter),
		.behaviour = &agent->behaviour.counts,
		.round_ns = agent->loop.rounds.longest,
		.lists = lists,
		.list_count = list_count,
		.repairs = agent->repairs.counts,
		.log = &agent->outlets.log.counts,
		.hep = &agent->outlets.hep.counts,
		.hooks = agent->hooks.counts,
		.closed = agent->connections.ring.buffer ? agent->connections.closed : NULL,
	};

	return metrics_render(&source, e);
}

struct exporter *open_exporter(struct agent *agent, const struct policy *policy, struct error *e)
{
	const struct exporter_host host = {
		.loop = &agent->loop,
		.render = render_metrics,
		.context = agent,
		.say = say_text,
	};

	return exporter_open(&host, policy, agent->exporter, e);
}

int use_exporter(struct agent *agent, struct exporter *exporter, struct error *e)
{
	agent->exporter = exporter;
	return exporter_start(exporter, e);
}
