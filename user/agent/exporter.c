/* SPDX-License-Identifier: GPL-2.0-only
 *
 * /metrics: opened where the policy wants it, moved when another policy wants it elsewhere.
 */
#include "agent/core.h"
#include "export/http.h"
#include "export/metrics.h"

static char *render_metrics(void *context, struct error *e)
{
	struct agent *agent = context;
	struct metrics_source source = {
		.state = &agent->state,
		.policy = &agent->running.policy,
		.generation = agent->generation,
		.events = agent->history.count,
		.reload_failures = agent->reload_failures,
		.interfaces_missing = interfaces_missing(agent),
		.observed = agent->observation.program >= 0,
		.tuned = agent->running.deviation_count,
		.behaviour = &agent->behaviour.counts,
		.closed = agent->connections.ring ? agent->connections.closed : NULL,
	};

	return metrics_render(&source, e);
}

static void on_http(void *context, int fd)
{
	struct agent *agent = context;

	(void)fd;
	http_run(agent->http);
}

struct http *open_exporter(struct agent *agent, const struct policy *policy, struct error *e)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->render = render_metrics;
	http->context = agent;
	if (http_open(http, policy->metrics_host, policy->metrics_port, e) < 0) {
		free(http);
		return NULL;
	}
	return http;
}

void close_exporter(struct agent *agent, struct http **http)
{
	if (!*http)
		return;
	if (http_fd(*http) >= 0)
		loop_remove(&agent->loop, http_fd(*http));
	http_close(*http);
	free(*http);
	*http = NULL;
}

int use_exporter(struct agent *agent, struct http *http, struct error *e)
{
	agent->http = http;
	return http_fd(http) < 0 ? 0 : loop_add(&agent->loop, http_fd(http), on_http, agent, e);
}
