/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/audit.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "policy/names.h"

static void describe(struct audit *audit, const struct test_run *test_run)
{
	struct utsname system;
	time_t now = time(NULL);
	struct tm utc;

	test_run_tag(test_run, audit->tag);
	if (uname(&system) == 0)
		snprintf(audit->kernel, sizeof(audit->kernel), "%s %s", system.sysname,
			 system.release);
	strftime(audit->date, sizeof(audit->date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &utc));
}

static int run_vectors(struct audit *audit, struct test_run *test_run, struct error *e)
{
	struct battlefield field;

	audit->results = xcalloc(audit->vectors.count + 1, sizeof(*audit->results));
	if (battlefield_open(&field, test_run, audit->policy, e) < 0)
		return -1;
	for (size_t i = 0; i < audit->vectors.count; i++) {
		struct vector *vector = &audit->vectors.items[i];

		if (attack_run(&field, vector, &audit->results[i], e) < 0)
			return fail(e, EXIT_FAILED, "vector '%s' of %s", vector->name,
				    vector->file);
	}
	return 0;
}

static void list_tuned(struct audit *audit, const struct loaded_policy *loaded)
{
	for (size_t i = 0; i < loaded->override_count; i++) {
		auto_free char *before = audit->tuned;

		audit->tuned = xasprintf("%s%s%s %s", before ? before : "", before ? ", " : "",
					 loaded->overrides[i].key, loaded->overrides[i].value);
	}
}

int audit_make(struct audit *audit, const struct loaded_policy *loaded, const char *directory,
	       struct error *e)
{
	auto_test_run struct test_run test_run = {.state = STATE_CLOSED, .counters = -1};
	auto_tree struct node *root = policy_tree(&loaded->text, e);

	*audit = (struct audit){.policy = &loaded->policy};
	if (!root || vectors_builtin(&audit->vectors, e) < 0 ||
	    (directory && vectors_read(&audit->vectors, directory, e) < 0) ||
	    test_run_open(&test_run, audit->policy, e) < 0)
		return -1;
	list_tuned(audit, loaded);
	audit->findings = xcalloc(control_count, sizeof(*audit->findings));
	for (size_t i = 0; i < control_count; i++)
		control_find(&controls[i], audit->policy, root, &audit->findings[i]);
	describe(audit, &test_run);
	return run_vectors(audit, &test_run, e);
}

void audit_free(struct audit *audit)
{
	for (size_t i = 0; audit->findings && i < control_count; i++)
		finding_free(&audit->findings[i]);
	free(audit->findings);
	free(audit->results);
	vectors_free(&audit->vectors);
	free(audit->tuned);
}

static enum answer answer_by_controls(const struct audit *audit, const struct threat *threat)
{
	enum control_state best = STATE_OFF;

	for (size_t i = 0; i < control_count; i++)
		if (strcmp(controls[i].threat, threat->name) == 0 &&
		    audit->findings[i].state > best)
			best = audit->findings[i].state;
	return best == STATE_ON ? ANSWER_ON : best == STATE_SHADOW ? ANSWER_SHADOW : ANSWER_OFF;
}

bool audit_next_vector(const struct audit *audit, const char *threat, size_t *i)
{
	while (*i < audit->vectors.count && strcmp(audit->vectors.items[*i].threat, threat) != 0)
		++*i;
	return *i < audit->vectors.count;
}

enum answer audit_answer(const struct audit *audit, const struct threat *threat)
{
	size_t ran = 0, stopped = 0, shadow = 0;

	for (size_t i = 0; audit_next_vector(audit, threat->name, &i); i++) {
		enum outcome outcome = audit->results[i].outcome;

		if (outcome == OUTCOME_ABSENT)
			continue;
		ran++;
		stopped += outcome == OUTCOME_STOPPED;
		shadow += outcome == OUTCOME_SHADOW;
	}
	if (!ran)
		return answer_by_controls(audit, threat);
	if (stopped)
		return stopped == ran ? ANSWER_ON : ANSWER_PARTLY;
	return shadow ? ANSWER_SHADOW : ANSWER_OFF;
}

const char *answer_name(enum answer answer)
{
	static const char *const names[] = {"on", "partly", "would-drop", "off"};

	return names[answer];
}

/* Legal in itself, but not what this policy lets the zone do. */
static uint32_t unwanted(const struct packet_count *count)
{
	return count->reasons[SW_REASON_METHOD] + count->reasons[SW_REASON_EGRESS_METHOD] +
	       count->reasons[SW_REASON_CLEARTEXT];
}

uint32_t audit_legal_lost(const struct audit *audit)
{
	uint32_t lost = 0;

	for (size_t i = 0; i < audit->vectors.count; i++) {
		const struct packet_count *count = &audit->results[i].legal;

		if (count->dropped > unwanted(count))
			lost += count->dropped - unwanted(count);
	}
	return lost;
}

char *count_text(const struct packet_count *count)
{
	const char *before = " (";
	char *text;

	if (!count->dropped && !count->would)
		return count->sent == 1 ? xstrdup("passed") : xasprintf("%u passed", count->sent);
	if (count->sent == 1)
		text = xstrdup(count->dropped ? "dropped" : "would-drop");
	else
		text = xasprintf("%s %u of %u", count->dropped ? "dropped" : "would-drop",
				 count->dropped ? count->dropped : count->would, count->sent);
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++) {
		auto_free char *old = text;

		if (!count->reasons[i]) {
			take(old);
			continue;
		}
		text = count->sent == 1 ? xasprintf("%s%s%s", old, before, reason_name(i)) :
					  xasprintf("%s%s%s %u", old, before, reason_name(i),
						    count->reasons[i]);
		before = ", ";
	}
	if (before[0] == ',') {
		auto_free char *old = text;

		text = xasprintf("%s)", old);
	}
	return text;
}
