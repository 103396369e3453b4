/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/signature.h"

#include <ctype.h>
#include <string.h>

#include "policy/keys.h"
#include "policy/limits.h"
#include "policy/lists.h"
#include "policy/names.h"

/* embedded.S */
extern const char user_agents[] __attribute__((visibility("hidden")));
extern const char user_agents_end[] __attribute__((visibility("hidden")));

/* "deny NAME" */
static int add_agent(struct parse_context *d, const struct source *s, struct position at,
		     const char *text, const void *context)
{
	struct policy *p = &d->policy;
	size_t word = strcspn(text, " \t");
	const char *name = text + word + strspn(text + word, " \t");
	struct user_agent agent = {.action = SW_ACTION_DENY, .at = at};

	(void)context;
	if (word == 6 && strncmp(text, "report", word) == 0)
		agent.action = SW_ACTION_REPORT;
	else if (word != 4 || strncmp(text, "deny", word) != 0)
		return fail_at(s, at, "'%s' is neither 'deny NAME' nor 'report NAME'",
			       quote(text).text);
	if (strlen(name) < SW_AGENT_BEGIN || strlen(name) > SW_AGENT_OCTETS) {
		return fail_at(s, at, "'%s' is not a name to look for: %u to %u characters",
			       quote(name).text, SW_AGENT_BEGIN, SW_AGENT_OCTETS);
	}
	for (size_t i = 0; name[i]; i++)
		agent.name[i] = tolower((unsigned char)name[i]);
	if (p->agent_count == AGENTS_MAX)
		return fail_at(s, at,
			       "more than %u names of attack tools; shorten the list, "
			       "a name matches all that begin with it",
			       AGENTS_MAX);
	if (count_entry(d, s, at) < 0)
		return -1;
	append(p->agents, p->agent_count, agent);
	return 0;
}

/* Equal ones stand together, in the order of the text. */
static int agent_compare(const void *left, const void *right)
{
	const struct user_agent *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : (a->at.line > b->at.line) - (a->at.line < b->at.line);
}

static int check_agents(struct parse_context *d, const struct source *s)
{
	size_t count = d->policy.agent_count, size = count * sizeof(struct user_agent);
	auto_free struct user_agent *sorted = xcalloc(1, size);
	const struct user_agent *again = NULL;

	if (!count)
		return 0;
	memcpy(sorted, d->policy.agents, size);
	qsort(sorted, count, sizeof(*sorted), agent_compare);
	for (size_t i = 1; i < count; i++) {
		const struct user_agent *agent = &sorted[i];

		if (strcmp(agent[-1].name, agent->name) == 0 &&
		    (!again || agent->at.line < again->at.line))
			again = agent;
	}
	return !again ? 0 : fail_at(s, again->at, "'%s' is written twice; keep one", again->name);
}

static int read_user_agent(struct parse_context *d, const struct key *key, const struct node *value,
			   void *to)
{
	static const struct builtin_list list = {
		"(built-in list of user agents)",
		user_agents,
		user_agents_end,
		{add_agent, NULL, check_agents},
	};

	(void)key, (void)to;
	return read_list_choice(d, value, &list);
}

int read_signatures(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to)
{
	static const struct key keys[] = {
		KEY("user_agent", read_user_agent),
		KEY("structure", read_word, .offset = offsetof(struct policy, structure),
		    .words = action_words),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}
