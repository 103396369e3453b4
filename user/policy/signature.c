/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>

#include "policy/names.h"
#include "policy/parts.h"

/* embedded.S */
extern const char user_agents[] __attribute__((visibility("hidden")));
extern const char user_agents_end[] __attribute__((visibility("hidden")));

/* "deny NAME" */
static int add_agent(struct draft *d, const struct source *s, struct position at, const char *text,
		     const void *context)
{
	struct policy *p = &d->policy;
	size_t word = strcspn(text, " \t");
	const char *name = text + word + strspn(text + word, " \t");
	struct user_agent agent = { .action = SW_ACTION_DENY };

	(void)context;
	if (word == 6 && strncmp(text, "report", word) == 0)
		agent.action = SW_ACTION_REPORT;
	else if (word != 4 || strncmp(text, "deny", word) != 0)
		return fail_at(s, at, "'%s' is neither 'deny NAME' nor 'report NAME'",
			       quote(text).text);
	if (strlen(name) < SW_AGENT_BEGIN || strlen(name) > SW_AGENT_OCTETS) {
		return fail_at(s, at, "'%s' is no name to look for: %u to %u characters",
			       quote(name).text, SW_AGENT_BEGIN, SW_AGENT_OCTETS);
	}
	for (size_t i = 0; name[i]; i++)
		agent.name[i] = tolower((unsigned char)name[i]);
	for (size_t i = 0; i < p->agent_count; i++) {
		if (strcmp(p->agents[i].name, agent.name) == 0)
			return fail_at(s, at, "'%s' is there twice; keep one", name);
	}
	append(p->agents, p->agent_count, agent);
	return 0;
}

static int read_user_agent(struct draft *d, const struct key *key, const struct node *value,
			   void *to)
{
	static const struct builtin_list list = {
		"(built-in list of user agents)", user_agents, user_agents_end, { add_agent, NULL },
	};

	(void)key, (void)to;
	return read_list_choice(d, value, &list);
}

int read_signatures(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("user_agent", read_user_agent),
		KEY("structure", read_word, .offset = offsetof(struct policy, structure),
		    .words = action_words),
		KEYS_END
	};

	(void)key;
	return read_map(d, value, keys, to);
}
