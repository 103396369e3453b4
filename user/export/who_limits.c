/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_limits.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "policy/rate.h"
#include "policy/tune.h"

/* --- newcomers --- */

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
char *more_of(const struct verdict *v, struct json_object *limit)
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
void judge_newcomer(struct verdict *v)
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
const char *part_of(const char *reason)
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

void judge_limits(struct verdict *v)
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

void judge_connections(struct verdict *v)
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
					   limit * 2 > SW_CALLS_MAX ? SW_CALLS_MAX : limit * 2) :
				 NULL,
			  false);
}

void judge_calls(struct verdict *v)
{
	if (!json_object_get_boolean(json_object_object_get(v->facts, "calls_limited")))
		return;
	judge_calls_of(v, "it", "source", count_of(v->facts, "calls"),
		       count_of(v->zone, "source_calls"));
	judge_calls_of(v, "its zone", "zone", count_of(v->facts, "calls_of_zone"),
		       count_of(v->zone, "zone_calls"));
}
