/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which policy runs.
 */
#include <string.h>

#include "agent/core.h"

static bool same_listener(const struct policy *a, const struct policy *b)
{
	return a->metrics_port == b->metrics_port && strcmp(a->metrics_host, b->metrics_host) == 0;
}

/* Everything that can fail is tried before the running policy is given up. */
static int load_again(struct agent *agent, struct error *e)
{
	auto_policy struct policy policy = {};
	struct http *http = NULL;
	bool moves;

	if (policy_load(agent->options->policy, &policy, e) < 0)
		return -1;
	moves = !same_listener(&policy, &agent->policy);
	if (moves && !(http = open_exporter(agent, &policy, e)))
		return -1;
	if (protect(agent, &policy, e) < 0) {
		close_exporter(agent, &http);
		return -1;
	}
	if (moves) {
		close_exporter(agent, &agent->http);
		if (use_exporter(agent, http, e) < 0)
			return -1;
	}
	policy_free(&agent->policy);
	agent->policy = policy;
	memset(&policy, 0, sizeof(policy));
	return admission_follow(&agent->admission, &agent->policy, e);
}

void reload(struct agent *agent)
{
	struct error e = {};

	if (load_again(agent, &e) == 0) {
		agent->reload_error[0] = '\0';
		say("policy reloaded");
		return;
	}
	agent->reload_failures++;
	snprintf(agent->reload_error, sizeof(agent->reload_error), "%s", e.text);
	say("reload refused, the running policy stays: %s", e.text);
}
