/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/catalogue.h"

#include <string.h>

#include "policy/names.h"

/* The name and the threat of each reason in reasons.def, for the controls of rules.def. */
#define REASON(number, id, name, threat, ...)                         \
	static const char name_##id[] __attribute__((unused)) = name; \
	static const char threat_##id[] __attribute__((unused)) = threat;
#define SANITY(number, id, name, profile, threat, ...) REASON(number, id, name, threat)
#include <sipward/reasons.def>
#undef REASON
#undef SANITY

#define THREAT(...)
#define CONTROL(...)
#define BLIND(...)

#undef THREAT
#define THREAT(name, title, wire) {name, title, wire},
const struct threat threats[] = {
#include "audit/catalogue.def"
};
const size_t threat_count = array_size(threats);
#undef THREAT
#define THREAT(...)

#undef CONTROL
#define CONTROL(threat, key, off, without, reasons, text) \
	{threat, key, off, CONTROL_##without, reasons, text},
const struct control controls[] = {
#include "audit/catalogue.def"
#define RULE(reason, where, key, off, without, text) \
	CONTROL(threat_##reason, key, off, without, name_##reason, text)
#include <sipward/rules.def>
};
const size_t control_count = array_size(controls);
#undef CONTROL
#define CONTROL(...)

#undef BLIND
#define BLIND(threat, text) {threat, text},
const struct blind_spot blind_spots[] = {
#include "audit/catalogue.def"
};
const size_t blind_spot_count = array_size(blind_spots);

const struct threat *threat_by_name(const char *name)
{
	for (size_t i = 0; i < threat_count; i++)
		if (strcmp(threats[i].name, name) == 0)
			return &threats[i];
	return NULL;
}

const char *control_state_name(enum control_state state)
{
	static const char *const names[] = {"off", "would-drop", "on"};

	return names[state];
}

struct gathering {
	const struct control *control;
	const struct policy *policy;
	const char *file;
	enum control_state state;
	bool written;
	char *where;
};

static void add_where(struct gathering *g, const char *text)
{
	auto_free char *before = g->where;

	g->where = xasprintf("%s%s%s", before ? before : "", before ? ", " : "", text);
}

/* The state of a rule that is not off, in the zone (NULL: outside zones) where it is written. */
static enum control_state state_in(const struct policy *policy, const char *zone)
{
	if (policy->mode == SW_MODE_MONITOR)
		return STATE_SHADOW;
	for (size_t i = 0; zone && i < policy->zone_count; i++)
		if (strcmp(policy->zones[i].name, zone) == 0 &&
		    policy->zones[i].mode == SW_MODE_MONITOR)
			return STATE_SHADOW;
	return STATE_ON;
}

static void found(const struct node *node, const char *zone, void *arg)
{
	struct gathering *g = arg;
	enum control_state state = state_in(g->policy, zone);
	auto_free char *line = NULL;

	g->written = true;
	if (node->kind == NODE_SCALAR ?
		    *g->control->off && strcmp(node->text, g->control->off) == 0 :
		    node->count == 0)
		state = STATE_OFF;
	if (state > g->state)
		g->state = state;
	line = xasprintf("%s:%u%s%s%s", g->file,
			 node->key_at.line ? node->key_at.line : node->at.line, zone ? " (" : "",
			 zone ? zone : "", zone ? ")" : "");
	add_where(g, line);
}

/* Every reason of the control is named in `shadow:`. */
static bool all_in_shadow(const struct control *control, const struct policy *policy)
{
	auto_free char *copy = xstrdup(control->reasons);
	char *rest = copy, *name;

	if (!*copy)
		return false;
	while ((name = strsep(&rest, " "))) {
		int reason = reason_by_name(name);

		if (reason < 0 || !(policy->shadow[reason / 64] >> reason % 64 & 1))
			return false;
	}
	return true;
}

void control_find(const struct control *control, const struct policy *policy,
		  const struct node *root, struct control_finding *finding)
{
	struct gathering g = {.control = control, .policy = policy, .file = policy->file};

	if (*control->key)
		policy_tree_find(root, control->key, found, &g);
	if (!g.written) {
		g.state = control->without == CONTROL_OFF ? STATE_OFF : state_in(policy, NULL);
		g.where = xstrdup(control->without == CONTROL_ALWAYS ? "always" :
				  control->without == CONTROL_ON     ? "default" :
								       "not in the policy");
	}
	if (g.state == STATE_ON && all_in_shadow(control, policy))
		g.state = STATE_SHADOW;
	*finding = (struct control_finding){g.state, g.where};
}

void finding_free(struct control_finding *finding)
{
	free(finding->where);
	*finding = (struct control_finding){};
}
