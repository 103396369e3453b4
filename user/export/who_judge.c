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

/* Seconds within which a sender that was limited sends on. */
#define STILL_SENDS 10

#define FOR_A_WHILE " --for 1h"

struct verdict {
	struct json_object *facts;
	struct json_object *zone;
	struct json_object *causes;
	const char *address;
	struct json_object *unsure; /* a drop of which it cannot be told whether it is over */
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

/* What a command of this kind changes holds for other sources, too. */
static bool is_for_all(const char *command)
{
	return command && strncmp(command, "sipward tune ", strlen("sipward tune ")) == 0;
}

/* Takes both texts over. A rule that is in shadow keeps nobody out. */
static struct json_object *add_cause(struct verdict *v, const char *reason, char *text,
				     char *command, bool waits)
{
	struct json_object *o = NULL;

	if (!is_only_counted(v->facts, reason)) {
		o = json_object_new_object();
		json_text(o, "reason", reason);
		json_text(o, "text", text);
		json_text(o, "command", command);
		json_flag(o, "all_sources", is_for_all(command));
		json_flag(o, "waits", waits);
		json_object_array_add(v->causes, o);
	}
	free(text);
	free(command);
	return o;
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

static const char *behind(const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL;

	return at ? at + strlen(word) : NULL;
}

/* Whether the policy refuses an inner limit that is higher than this one (policy/check.c). */
static bool is_outer(const char *outer, const char *inner)
{
	const char *source = behind(inner, ".rates.source.");

	if (behind(outer, ".rates.zone"))
		return !behind(inner, ".rates.zone");
	if (behind(outer, ".rates.prefix"))
		return source && strcmp(source, "any") == 0;
	return source && strcmp(source, "any") != 0 &&
	       strcmp(behind(outer, ".rates.source.") ?: "", "any") == 0;
}

static bool exceeds_an_outer(const struct verdict *v, const char *rule, const struct rate *rate)
{
	struct json_object *all = json_object_object_get(v->facts, "limits");
	struct rate outer = {};
	const char *why;

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (is_outer(text_of(o, "rule"), rule) &&
		    rate_parse(text_of(o, "limit"), &outer, &why) == 0 &&
		    (unsigned __int128)rate->count * outer.period >
			    (unsigned __int128)outer.count * rate->period)
			return true;
	}
	return false;
}

/* Twice as much of it, and a burst that lets in the next packet whatever the cell has spent: the
 * cell keeps what was spent at the old rate. Only the burst grows where an outer limit forbids
 * more. `tune` does not reach the limit of a service. */
static char *more_of(const struct verdict *v, struct json_object *limit)
{
	auto_free char *key = limit ? shell_word(text_of(limit, "rule")) : NULL;
	struct rate rate = {};
	const char *why, *unit;

	if (!key || strcmp(text_of(limit, "reason"), "rate_service") == 0 ||
	    rate_parse(text_of(limit, "limit"), &rate, &why) < 0)
		return NULL;
	rate.count *= 2;
	if (exceeds_an_outer(v, text_of(limit, "rule"), &rate))
		rate.count /= 2;
	unit = strchr(text_of(limit, "limit"), '/') + 1;
	return xasprintf("sipward tune %s %" PRIu64 "/%.*s burst %" PRIu64 FOR_A_WHILE, key,
			 rate.count, (int)strcspn(unit, " "), unit, rate.burst * 3 + 1);
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
	*command = more_of(v, budget);
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

/* The packets that such a limit counts, where it counts no request outside a dialog. */
static const char *part_of(const char *reason)
{
	static const char *const parts[][2] = {
		{"keepalive_rate", "keepalives; its requests pass"},
		{"stun_rate", "STUN; its requests pass"},
		{"rate_malformed", "malformed messages; its legal requests pass"},
		{"rate_dialog", "requests inside dialogs; those outside pass"},
		{"rate_response", "responses; its requests pass"},
		{"rate_syn", "new TCP connections; its requests over UDP and over connections "
			     "that are open pass"},
	};

	for (size_t i = 0; i < array_size(parts); i++)
		if (strcmp(parts[i][0], reason) == 0)
			return parts[i][1];
	return NULL;
}

static void add_limit(struct verdict *v, struct json_object *limit)
{
	const char *reason = text_of(limit, "reason");
	struct json_object *o = add_cause(v, reason,
					  xasprintf("%s: %s is spent (%s of %s)",
						    reason_text_of(reason), text_of(limit, "rule"),
						    text_of(limit, "used"), text_of(limit, "room")),
					  more_of(v, limit), false);

	if (o && part_of(reason))
		json_text(o, "part", part_of(reason));
	if (o && strcmp(reason, "rate_service") == 0)
		json_text(o, "advice",
			  "raise the rate of this service in the policy's file, and run "
			  "`sipward apply` with it (this holds for all sources)");
}

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
		add_limit(v, o);
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

/* One limit of calls: of `what` it is, and the word of its key. */
static void judge_calls_of(struct verdict *v, const char *what, const char *word, uint64_t now,
			   uint64_t limit)
{
	auto_free char *name = xasprintf("calls.%s", word);
	auto_free char *key = zone_key(text_of(v->zone, "name"), name);
	auto_free char *reason = xasprintf("calls_%s", word), *text = shell_word(key);

	if (limit && now >= limit)
		add_cause(v, reason,
			  xasprintf("%s has %" PRIu64 " calls, and may have %" PRIu64
				    " at a time: no new call is let in",
				    what, now, limit),
			  text ? xasprintf("sipward tune %s %" PRIu64 FOR_A_WHILE, text,
					   limit * 2) :
				 NULL,
			  false);
}

static void judge_calls(struct verdict *v)
{
	if (!json_object_get_boolean(json_object_object_get(v->facts, "calls_limited")))
		return;
	judge_calls_of(v, "it", "source", count_of(v->facts, "calls"),
		       count_of(v->zone, "source_calls"));
	judge_calls_of(v, "its zone", "zone", count_of(v->facts, "calls_of_zone"),
		       count_of(v->zone, "zone_calls"));
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

static bool is_egress(struct json_object *drop)
{
	return strcmp(text_of(drop, "direction") ?: "", "egress") == 0;
}

/* What the server sends is about the one that it is for. */
static bool is_of_address(const struct verdict *v, struct json_object *drop)
{
	const char *address = text_of(drop, is_egress(drop) ? "destination" : "source");

	return !address || strcmp(address, v->address) == 0;
}

/* Of this address; and of this port, when one was asked for. Of IPv6 the agent tells the /64. */
static bool is_own(const struct verdict *v, struct json_object *drop)
{
	const char *port = is_egress(drop) ? "destination_port" : "source_port";

	if (!is_of_address(v, drop))
		return false;
	return !text_of(v->facts, "port") || !text_of(drop, port) ||
	       count_of(v->facts, "port") == count_of(drop, port);
}

/* Whether such a packet would be dropped again. */
enum again { AGAIN_NOT, AGAIN_UNSURE, AGAIN };

static bool begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* It hangs on a value that moves, which a later packet finds changed. */
static bool is_of_value(const char *reason)
{
	static const char *const words[] = {"keepalive_rate", "stun_rate", "connections",
					    "loop",           "cleartext", NULL};

	return begins(reason, "rate_") || begins(reason, "unproven_") ||
	       begins(reason, "toll_fraud_") || is_of_newcomers(reason) ||
	       word_index(reason, words) >= 0;
}

/* What is known of the limits with this reason. A sender that still sends too much finds its limit
 * spent only now and then. */
static bool is_told_by_limits(const struct verdict *v, const char *reason, uint64_t ago,
			      enum again *again)
{
	struct json_object *all = json_object_object_get(v->facts, "limits");
	bool ports = !text_of(v->facts, "port") &&
		     json_object_get_boolean(json_object_object_get(v->zone, "source_port"));
	bool found = false;

	*again = AGAIN_NOT;
	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		/* It is counted for each port, and none was named. */
		if (strcmp(text_of(o, "reason"), reason) != 0 ||
		    (ports && strcmp(text_of(o, "of") ?: "", "source") == 0))
			continue;
		found = true;
		if (json_object_get_boolean(json_object_object_get(o, "spent")) ||
		    (ago <= STILL_SENDS && count_of(o, "used") * 2 > count_of(o, "room")))
			*again = AGAIN;
	}
	return found;
}

/* The port from which a newcomer is known that is not the one of this drop; 0: there is none. */
static uint64_t other_known_port(const struct verdict *v, struct json_object *drop)
{
	struct json_object *all = json_object_object_get(v->facts, "known");
	uint64_t port = 0;

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (json_object_get_boolean(json_object_object_get(o, "forgotten")))
			continue;
		/* It was dropped before it became known. */
		if (count_of(o, "port") == count_of(drop, "source_port"))
			return 0;
		port = count_of(o, "port");
	}
	return port;
}

/* The newcomers' budget comes and goes. */
static bool newcomer_waits(const struct verdict *v, struct json_object *drop)
{
	if (count_of(drop, "seconds_ago") > BUDGET_TURNS)
		return false;
	if (!known_as(v->facts))
		return true;
	return !text_of(v->facts, "port") && text_of(drop, "source_port") &&
	       other_known_port(v, drop);
}

/* A policy that is younger than the drop may have changed the value; a reason of the message
 * itself does not go away with that of another rule. */
static enum again is_current(const struct verdict *v, struct json_object *drop)
{
	const char *reason = text_of(drop, "reason");
	uint64_t ago = count_of(drop, "seconds_ago");
	bool before = ago > count_of(v->facts, "policy_seconds");
	enum again again;

	if (!is_enforced(drop) || !is_own(v, drop) || ago > RECENT || is_state(reason))
		return AGAIN_NOT;
	if (is_of_newcomers(reason))
		return !newcomer_waits(v, drop) ? AGAIN_NOT : before ? AGAIN_UNSURE : AGAIN;
	if (is_told_by_limits(v, reason, ago, &again))
		return again;
	return before && is_of_value(reason) ? AGAIN_UNSURE : AGAIN;
}

/* What is wrong is in the message: the check is for all sources, and stays. */
static bool is_of_message(const char *reason)
{
	int number = reason_by_name(reason);

	switch (number) {
#define REASON(...)
#define SANITY(number, id, ...) case SW_REASON_##id:
#include <sipward/reasons.def>
#undef SANITY
#undef REASON
	case SW_REASON_INJECTION:
	case SW_REASON_SCANNER:
	case SW_REASON_SCANNER_STRUCTURE:
	case SW_REASON_TCP_FLAGS:
	case SW_REASON_PATCH:
		return true;
	default:
		return number >= 0 && strcmp(reason_threat(number) ?: "", "malformed") == 0;
	}
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

static char *drop_text(const struct verdict *v, struct json_object *drop)
{
	uint64_t port = is_of_newcomers(text_of(drop, "reason")) && known_as(v->facts) ?
				other_known_port(v, drop) :
				0;
	uint64_t count = count_of(drop, "count");
	auto_free char *known =
		port ? xasprintf("; its known port %" PRIu64 " passes, packets from other ports "
				 "are dropped",
				 port) :
		       xstrdup("");

	return xasprintf("%s (%" PRIu64 " packet%s, the last %s ago%s)%s", text_of(drop, "text"),
			 count, count == 1 ? "" : "s", spoken(count_of(drop, "seconds_ago")).text,
			 count_of(drop, "seconds_ago") > count_of(v->facts, "policy_seconds") ?
				 ", before the policy changed" :
				 "",
			 known);
}

static void add_drop(struct verdict *v, struct json_object *drop)
{
	const char *reason = text_of(drop, "reason");
	struct json_object *limit = limit_of(v, is_of_newcomers(reason) ? "newcomers" : reason);
	bool of_message = is_of_message(reason);
	struct json_object *o = add_cause(v, reason, drop_text(v, drop),
					  limit      ? more_of(v, limit) :
					  of_message ? NULL :
						       shadow_command(v, reason),
					  strcmp(reason, "greylist") == 0);

	if (o && part_of(reason))
		json_text(o, "part", part_of(reason));
	if (o && of_message && !limit)
		json_text(o, "advice",
			  "its messages are refused for what they hold; `sipward capture` writes "
			  "them to a file, and `sipward explain` says what is wrong with one");
}

static void judge_drops(struct verdict *v)
{
	struct json_object *all = json_object_object_get(v->facts, "drops");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *reason = text_of(o, "reason");
		enum again again = is_current(v, o);

		if (again == AGAIN && !has_cause(v, reason))
			add_drop(v, o);
		else if (again == AGAIN_UNSURE && !is_only_counted(v->facts, reason))
			v->unsure = v->unsure ?: o;
	}
}

/* --- the answer --- */

/* The drops stand in the order of time, the last one first. */
static struct json_object *last_drop(const struct verdict *v, bool own)
{
	struct json_object *all = json_object_object_get(v->facts, "drops");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (is_enforced(o) && is_own(v, o) == own)
			return o;
	}
	return NULL;
}

/* The agent was started while sipward filtered, and has not seen the last minutes. */
static bool forgot(const struct verdict *v)
{
	return text_of(v->facts, "memory_seconds") &&
	       count_of(v->facts, "memory_seconds") < RECENT && !last_drop(v, true);
}

static const char *verdict_word(const struct verdict *v)
{
	size_t count = json_object_array_length(v->causes), waits = 0, parts = 0;

	if (text_of(v->facts, "trouble"))
		return "unknown";
	if (!text_of(v->facts, "interface"))
		return "in";
	if (!count)
		return v->unsure || forgot(v) ? "unknown" : "in";
	if (strcmp(text_of(v->zone, "mode"), "monitor") == 0)
		return "monitored";
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(v->causes, i);

		waits += json_object_get_boolean(json_object_object_get(o, "waits"));
		parts += text_of(o, "part") != NULL;
	}
	return waits + parts < count ? "out" : waits ? "waits" : "partly";
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

/* What the agent could not see, behind a "no". */
static char *doubts(const struct verdict *v)
{
	struct json_object *other = last_drop(v, false);
	uint64_t left_out = count_of(v->facts, "left_out");
	auto_free char *lost =
		left_out ?
			xasprintf(" This holds as far as drops were recorded; %" PRIu64 " %s not.",
				  left_out, left_out == 1 ? "was" : "were") :
			xstrdup("");

	if (!other)
		return take(lost);
	return xasprintf(" A packet of %s was dropped %s ago (%s).%s",
			 is_of_address(v, other) ? "another port" : "another address of its /64",
			 spoken(count_of(other, "seconds_ago")).text, text_of(other, "reason"),
			 lost);
}

static char *unknown_text(const struct verdict *v)
{
	struct spoken policy = spoken(count_of(v->facts, "policy_seconds"));
	struct spoken memory = spoken(count_of(v->facts, "memory_seconds"));
	auto_free char *begins =
		text_of(v->facts, "memory_seconds") ?
			xasprintf("the agent's memory begins %s ago, ", memory.text) :
			xstrdup("");

	if (text_of(v->facts, "trouble"))
		return xasprintf("It cannot be told: %s", text_of(v->facts, "trouble"));
	if (v->unsure)
		return xasprintf("It cannot be told: the last packet of %s was dropped %s ago "
				 "(%s: %s); %sthe policy changed %s ago. Ask again when it has "
				 "sent another packet.",
				 v->address, spoken(count_of(v->unsure, "seconds_ago")).text,
				 text_of(v->unsure, "reason"), text_of(v->unsure, "text"), begins,
				 policy.text);
	return xasprintf("It cannot be told: nothing in sipward's tables keeps %s out, but %sthe "
			 "policy changed %s ago. Ask again when it has sent another packet.",
			 v->address, begins, policy.text);
}

static char *partly_text(const struct verdict *v, const char *causes)
{
	auto_free char *text = xstrdup("");

	for (size_t i = 0; i < json_object_array_length(v->causes); i++) {
		const char *part = text_of(json_object_array_get_idx(v->causes, i), "part");
		auto_free char *before = text;

		text = strstr(before, part) ?
			       xstrdup(before) :
			       xasprintf("%s%s%s", before, *before ? "; and " : "", part);
	}
	return xasprintf("In part: of %s, sipward drops %s: %s.", v->address, text, causes);
}

/* Nothing keeps it out now. */
static char *no_text(const struct verdict *v)
{
	struct json_object *last = last_drop(v, true);
	auto_free char *but = doubts(v);

	if (!text_of(v->facts, "interface"))
		return xasprintf("No, sipward does not keep %s out: it is attached to no "
				 "interface, and drops nothing.",
				 v->address);
	if (last)
		return xasprintf("No, nothing in sipward keeps %s out now. It did: the last packet "
				 "was dropped %s ago (%s: %s).%s",
				 v->address, spoken(count_of(last, "seconds_ago")).text,
				 text_of(last, "reason"), text_of(last, "text"), but);
	if (!json_object_get_boolean(json_object_object_get(v->facts, "agent")))
		return xasprintf("No, nothing in sipward's tables keeps %s out; why packets were "
				 "dropped before cannot be seen without an agent.",
				 v->address);
	return xasprintf("No, nothing in sipward keeps %s out, and it remembers no packet of it "
			 "that it dropped.%s",
			 v->address, but);
}

static char *answer_text(const struct verdict *v, const char *word)
{
	auto_free char *causes = causes_text(v);

	if (strcmp(word, "unknown") == 0)
		return unknown_text(v);
	if (strcmp(word, "out") == 0)
		return xasprintf("Yes, sipward drops packets of %s: %s.", v->address, causes);
	if (strcmp(word, "partly") == 0)
		return partly_text(v, causes);
	if (strcmp(word, "waits") == 0)
		return xasprintf("For now, sipward drops the first request of %s and admits it "
				 "when it is sent again: %s.",
				 v->address, causes);
	if (strcmp(word, "monitored") == 0)
		return xasprintf("No, sipward does not keep %s out: its zone is in monitor mode. "
				 "In enforce mode it would drop its packets: %s.",
				 v->address, causes);
	return no_text(v);
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
