/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_drops.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "export/who_limits.h"
#include "policy/names.h"

/* Reasons that the maps tell: such a drop is over, or was told already. */
static bool is_state(const char *reason)
{
	static const char *const words[] = {"deny_list",
					    "ban",
					    "auth_failures",
					    "enumeration",
					    "sanity_violations",
					    "login_refused",
					    "calls_source",
					    "calls_zone",
					    NULL};

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

bool is_egress(struct json_object *drop)
{
	return strcmp(text_of(drop, "direction") ?: "", "egress") == 0;
}

/* What the server sends is about the one that it is for. */
bool is_of_address(const struct verdict *v, struct json_object *drop)
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
	bool of_account = strcmp(reason, "account_attacked") == 0;
	struct json_object *o = add_cause(v, reason, drop_text(v, drop),
					  limit                    ? more_of(v, limit) :
					  of_message || of_account ? NULL :
								     shadow_command(v, reason),
					  strcmp(reason, "greylist") == 0);

	if (o && part_of(reason))
		json_text(o, "part", part_of(reason));
	if (o && of_account)
		json_text(
			o, "advice",
			"`sipward ban list` shows the accounts that are attacked, and `sipward ban "
			"del --account NAME` takes the limit of one off");
	if (o && of_message && !limit)
		json_text(o, "advice",
			  "its messages are refused for what they hold; `sipward capture` writes "
			  "them to a file, and `sipward explain` says what is wrong with one");
}

void judge_drops(struct verdict *v)
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

/* The drops stand in the order of time, the last one first. */
struct json_object *last_drop(const struct verdict *v, bool own)
{
	struct json_object *all = json_object_object_get(v->facts, "drops");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (is_enforced(o) && is_own(v, o) == own)
			return o;
	}
	return NULL;
}
