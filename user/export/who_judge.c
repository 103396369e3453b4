/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_judge.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "export/who_answer.h"
#include "export/who_drops.h"
#include "export/who_limits.h"

/* --- lists and bans --- */

static void judge_list(struct verdict *v)
{
	struct json_object *list = json_object_object_get(v->facts, "list");
	const char *place = text_of(list, "place");

	if (!list || strcmp(text_of(list, "list"), "deny") != 0 || is_in(v->facts, "allowed"))
		return;
	add_cause(v, "deny_list",
		  xasprintf("it is on the deny list, by %s%s%s", text_of(list, "prefix"),
			    place ? " at " : "", place ? place : ""),
		  xasprintf("sipward allow add %s", v->address), false);
}

/* What an earned ban was for; "manual" is one of the operator's. */
static void judge_ban(struct verdict *v)
{
	struct json_object *ban = json_object_object_get(v->facts, "ban");
	struct json_object *list = json_object_object_get(v->facts, "list");
	auto_free char *left = NULL, *evidence = NULL;
	const char *reason = text_of(ban, "reason"), *note = text_of(ban, "note");
	bool manual;

	if (!ban || (list && strcmp(text_of(list, "list"), "allow") == 0))
		return;
	manual = strcmp(reason, "manual") == 0;
	if (!manual && strcmp(text_of(v->zone, "trust") ?: "", "peer") == 0)
		return;
	left = seconds_text(ban);
	evidence = count_of(ban, "evidence") ?
			   xasprintf(" (%s offences)", text_of(ban, "evidence")) :
			   xasprintf("%s%s%s", note && *note ? " (note: " : "", note ? note : "",
				     note && *note ? ")" : "");
	add_cause(v, manual ? "ban" : reason,
		  xasprintf("%s%s, %s", manual ? "it is banned by hand" : reason_text_of(reason),
			    evidence, left),
		  xasprintf("sipward ban del %s", v->address), false);
}

static void judge_usernames(struct verdict *v)
{
	struct json_object *all = json_object_object_get(v->facts, "refused_usernames");

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *user = text_of(o, "user");
		auto_free char *word = shell_word(user), *left = seconds_text(o);

		add_cause(v, "login_refused",
			  xasprintf("the username %s is refused to it for wrong passwords, %s",
				    printable(user).text, left),
			  word ? xasprintf("sipward ban del %s --user %s", v->address, word) :
				 xasprintf("sipward ban del %s", v->address),
			  false);
	}
}

void who_judge(struct json_object *facts)
{
	struct verdict v = {.facts = facts,
			    .zone = json_object_object_get(facts, "zone"),
			    .causes = json_object_new_array(),
			    .address = text_of(facts, "address")};
	auto_free char *answer = NULL;
	const char *word;

	json_object_object_add(facts, "keeps_out", v.causes);
	judge_list(&v);
	judge_ban(&v);
	judge_usernames(&v);
	if (v.zone) {
		judge_newcomer(&v);
		judge_limits(&v);
		judge_connections(&v);
		judge_calls(&v);
		judge_drops(&v);
	}
	word = verdict_word(&v);
	answer = answer_text(&v, word);
	json_text(facts, "verdict", word);
	json_text(facts, "answer", answer);
}

bool who_is_out(struct json_object *facts)
{
	const char *verdict = text_of(facts, "verdict");

	return strcmp(verdict, "in") != 0 && strcmp(verdict, "monitored") != 0;
}
