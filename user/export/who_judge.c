/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_judge.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "policy/names.h"
#include "policy/rate.h"
#include "policy/tune.h"

/* A drop that is older than this is a thing of the past: a phone that registers tries again within
 * this time. */
#define RECENT 300

/* Seconds for which a refused newcomer says something of the next one. */
#define BUDGET_TURNS 60

#define FOR_A_WHILE " --for 1h"

struct verdict {
	struct json_object *facts;
	struct json_object *zone;
	struct json_object *causes;
	const char *address;
};

/* --- words --- */

static char *seconds_text(struct json_object *o)
{
	if (!text_of(o, "seconds_left"))
		return xstrdup("until it is removed");
	return xasprintf("%s left", spoken(count_of(o, "seconds_left")).text);
}

/* As one word of a shell; NULL when it cannot be typed. A backslash may stand for an octet that is
 * not shown. */
static char *shell_word(const char *text)
{
	if (!is_printable(text) || strpbrk(text, "'\\"))
		return NULL;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")])
		return xasprintf("'%s'", text);
	return xstrdup(text);
}

static const char *reason_text_of(const char *reason)
{
	int number = reason ? reason_by_name(reason) : -1;

	return number < 0 ? "banned" : reason_text(number);
}

static bool is_only_counted(struct json_object *facts, const char *reason)
{
	struct json_object *all = json_object_object_get(facts, "only_counted");

	for (size_t i = 0; all && i < json_object_array_length(all); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(all, i)), reason) == 0)
			return true;
	return false;
}

/* Takes both texts over. A rule that is in shadow keeps nobody out. */
static void add_cause(struct verdict *v, const char *reason, char *text, char *command, bool waits)
{
	struct json_object *o;

	if (!is_only_counted(v->facts, reason)) {
		o = json_object_new_object();
		json_text(o, "reason", reason);
		json_text(o, "text", text);
		json_text(o, "command", command);
		json_flag(o, "waits", waits);
		json_object_array_add(v->causes, o);
	}
	free(text);
	free(command);
}

static bool has_cause(const struct verdict *v, const char *reason)
{
	for (size_t i = 0; i < json_object_array_length(v->causes); i++)
		if (strcmp(text_of(json_object_array_get_idx(v->causes, i), "reason"), reason) == 0)
			return true;
	return false;
}

/* --- lists and bans --- */

static bool is_in(struct json_object *facts, const char *what)
{
	return json_object_object_get(facts, what) != NULL;
}

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

/* --- newcomers --- */

enum known { KNOWN_NOT, KNOWN_PROVED, KNOWN_GOOD };

/* The best endpoint, of the port that was asked for or of any. */
static enum known known_as(struct json_object *facts)
{
	struct json_object *all = json_object_object_get(facts, "known");
	enum known known = KNOWN_NOT;

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *grade = text_of(o, "grade");

		if (json_object_get_boolean(json_object_object_get(o, "forgotten")))
			continue;
		if (grade && strcmp(grade, "good") == 0)
			return KNOWN_GOOD;
		known = KNOWN_PROVED;
	}
	return known;
}

static struct json_object *limit_of(const struct verdict *v, const char *reason)
{
	struct json_object *all = json_object_object_get(v->facts, "limits");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (strcmp(text_of(o, "reason"), reason) == 0)
			return o;
	}
	return NULL;
}

/* Twice as much of it, and a burst that lets in the next packet whatever the cell has spent: the
 * cell keeps what was spent at the old rate. */
static char *more_of(struct json_object *limit)
{
	auto_free char *key = limit ? shell_word(text_of(limit, "rule")) : NULL;
	struct rate rate = {};
	const char *why, *unit;

	if (!key || rate_parse(text_of(limit, "limit"), &rate, &why) < 0)
		return NULL;
	unit = strchr(text_of(limit, "limit"), '/') + 1;
	return xasprintf("sipward tune %s %" PRIu64 "/%.*s burst %" PRIu64 FOR_A_WHILE, key,
			 rate.count * 2, (int)strcspn(unit, " "), unit, rate.burst * 3 + 1);
}

/* Why a newcomer's first request is dropped now, and the command that ends it, if there is one.
 * NULL: it is not dropped. */
static const char *why_waits(const struct verdict *v, char **command)
{
	struct json_object *budget = limit_of(v, "newcomers");
	auto_free char *key = zone_key(text_of(v->zone, "name"), "newcomers.greylist");
	auto_free char *word = shell_word(key);

	if (is_in(v->facts, "penalty"))
		return "it has a penalty for offences that somebody else may have sent";
	if (strcmp(text_of(v->zone, "greylist"), "always") == 0) {
		*command = word ? xasprintf("sipward tune %s auto" FOR_A_WHILE, word) : NULL;
		return "its zone admits newcomers when they retransmit (greylist: always)";
	}
	if (json_object_get_boolean(json_object_object_get(v->facts, "server_falls_behind")))
		return "the server leaves most requests unanswered";
	if (!json_object_get_boolean(json_object_object_get(budget, "spent")))
		return NULL;
	*command = more_of(budget);
	return "the newcomers' budget of its zone is spent";
}

/* An endpoint that the server served does not notice a penalty. */
static void judge_newcomer(struct verdict *v)
{
	bool penalty = is_in(v->facts, "penalty"), off;
	enum known known = known_as(v->facts);
	auto_free char *command = NULL;
	const char *why;

	if (!json_object_get_boolean(json_object_object_get(v->zone, "newcomers")) ||
	    known == KNOWN_GOOD || (known == KNOWN_PROVED && !penalty))
		return;
	why = why_waits(v, &command);
	if (!why)
		return;
	off = strcmp(text_of(v->zone, "greylist"), "off") == 0 && !penalty;
	add_cause(v, off ? "newcomers" : "greylist",
		  xasprintf("%s%s", known ? "" : "over UDP it is not known yet, and ", why),
		  take(command), !off);
}

/* --- limits --- */

static void judge_limits(struct verdict *v)
{
	struct json_object *all = json_object_object_get(v->facts, "limits");
	bool no_stranger = text_of(v->facts, "port") && known_as(v->facts);

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *share = text_of(o, "share"), *reason = text_of(o, "reason");

		/* A ceiling of those without a proof is for some packets, and for no known sender:
		 * only a drop tells. */
		if (!json_object_get_boolean(json_object_object_get(o, "spent")) ||
		    strcmp(reason, "newcomers") == 0 || strncmp(reason, "unproven_", 9) == 0 ||
		    (no_stranger && share && strcmp(share, "no proof") == 0))
			continue;
		add_cause(v, reason,
			  xasprintf("%s: %s is spent (%s of %s)", reason_text_of(reason),
				    text_of(o, "rule"), text_of(o, "used"), text_of(o, "room")),
			  more_of(o), false);
	}
}

static void judge_connections(struct verdict *v)
{
	uint64_t limit = count_of(v->zone, "connections");
	uint64_t now = count_of(v->facts, "connections");
	auto_free char *key = zone_key(text_of(v->zone, "name"), "connections");
	auto_free char *word = shell_word(key);

	if (limit && now >= limit)
		add_cause(v, "connections",
			  xasprintf("it has %" PRIu64 " TCP connections, and its zone allows "
				    "%" PRIu64 ": no more are let in",
				    now, limit),
			  word ? xasprintf("sipward tune %s %" PRIu64 FOR_A_WHILE, word,
					   limit * 2) :
				 NULL,
			  false);
}

/* --- drops of the last minutes --- */

/* Reasons that the maps tell: such a drop is over, or was told already. */
static bool is_state(const char *reason)
{
	static const char *const words[] = {
		"deny_list",     "ban", "auth_failures", "enumeration", "sanity_violations",
		"login_refused", NULL};

	return word_index(reason, words) >= 0;
}

static bool is_of_newcomers(const char *reason)
{
	return strcmp(reason, "greylist") == 0 || strcmp(reason, "newcomers") == 0;
}

static bool is_enforced(struct json_object *drop)
{
	return strcmp(text_of(drop, "mode"), "enforce") == 0;
}

/* Whether such a packet would be dropped again. The newcomers' budget comes and goes. */
static bool is_current(const struct verdict *v, struct json_object *drop)
{
	const char *reason = text_of(drop, "reason");
	uint64_t ago = count_of(drop, "seconds_ago");

	if (!is_enforced(drop) || ago > RECENT || is_state(reason) ||
	    ago > count_of(v->facts, "policy_seconds"))
		return false;
	return !is_of_newcomers(reason) || (ago <= BUDGET_TURNS && !known_as(v->facts));
}

/* Puts this reason into shadow, beside those that are. */
static char *shadow_command(const struct verdict *v, const char *reason)
{
	struct json_object *all = json_object_object_get(v->facts, "only_counted");
	auto_free char *list = xstrdup(reason);

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		auto_free char *before = list;

		list = xasprintf("%s, %s", before,
				 json_object_get_string(json_object_array_get_idx(all, i)));
	}
	return xasprintf("sipward tune shadow '[%s]'" FOR_A_WHILE, list);
}

/* What another policy refused, before a reload or `tune`, says nothing of this one. */
static void judge_drops(struct verdict *v)
{
	struct json_object *all = json_object_object_get(v->facts, "drops");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i), *limit;
		const char *reason = text_of(o, "reason");

		if (!is_current(v, o) || has_cause(v, reason))
			continue;
		limit = limit_of(v, is_of_newcomers(reason) ? "newcomers" : reason);
		add_cause(v, reason,
			  xasprintf("%s (%s packets, the last %s s ago)", text_of(o, "text"),
				    text_of(o, "count"), text_of(o, "seconds_ago")),
			  limit ? more_of(limit) : shadow_command(v, reason),
			  strcmp(reason, "greylist") == 0);
	}
}

/* --- the answer --- */

static const char *verdict_word(const struct verdict *v)
{
	bool waits = true;

	if (text_of(v->facts, "trouble"))
		return "unknown";
	if (!text_of(v->facts, "interface") || !json_object_array_length(v->causes))
		return "in";
	if (strcmp(text_of(v->zone, "mode"), "monitor") == 0)
		return "monitored";
	for (size_t i = 0; i < json_object_array_length(v->causes); i++)
		waits &= json_object_get_boolean(
			json_object_object_get(json_object_array_get_idx(v->causes, i), "waits"));
	return waits ? "waits" : "out";
}

static char *causes_text(const struct verdict *v)
{
	auto_free char *text = xstrdup("");

	for (size_t i = 0; i < json_object_array_length(v->causes); i++) {
		auto_free char *before = text;

		text = xasprintf("%s%s%s", before, i ? "; " : "",
				 text_of(json_object_array_get_idx(v->causes, i), "text"));
	}
	return take(text);
}

/* The drops stand in the order of time, the last one first. */
static struct json_object *last_drop(const struct verdict *v)
{
	struct json_object *all = json_object_object_get(v->facts, "drops");

	for (size_t i = 0; all && i < json_object_array_length(all); i++)
		if (is_enforced(json_object_array_get_idx(all, i)))
			return json_object_array_get_idx(all, i);
	return NULL;
}

static char *answer_text(const struct verdict *v, const char *word)
{
	auto_free char *causes = causes_text(v);
	struct json_object *last = last_drop(v);

	if (strcmp(word, "unknown") == 0)
		return xasprintf("It cannot be told: %s", text_of(v->facts, "trouble"));
	if (strcmp(word, "out") == 0)
		return xasprintf("Yes, sipward drops packets of %s: %s.", v->address, causes);
	if (strcmp(word, "waits") == 0)
		return xasprintf("For now, sipward drops the first request of %s and admits it "
				 "when it is sent again: %s.",
				 v->address, causes);
	if (strcmp(word, "monitored") == 0)
		return xasprintf("No, sipward does not keep %s out: its zone is in monitor mode. "
				 "In enforce mode it would drop its packets: %s.",
				 v->address, causes);
	if (!text_of(v->facts, "interface"))
		return xasprintf("No, sipward does not keep %s out: it is attached to no "
				 "interface, and drops nothing.",
				 v->address);
	if (last)
		return xasprintf("No, nothing in sipward keeps %s out now. It did: the last packet "
				 "was dropped %s s ago (%s: %s).",
				 v->address, text_of(last, "seconds_ago"), text_of(last, "reason"),
				 text_of(last, "text"));
	if (!json_object_get_boolean(json_object_object_get(v->facts, "agent")))
		return xasprintf("No, nothing in sipward's tables keeps %s out; why packets were "
				 "dropped before cannot be seen without an agent.",
				 v->address);
	return xasprintf(
		"No, nothing in sipward keeps %s out, and it remembers no packet of it that "
		"it dropped.",
		v->address);
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
