/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The answer of `sipward who`: facts as they are gathered, and what follows from them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "base/base.h"
#include "export/json.h"
#include "export/who_judge.h"

#include <cmocka.h>

#define ZONE(more)                                                                                 \
	"\"address\":\"192.0.2.1\",\"interface\":\"eth0\",\"agent\":true,\"policy_seconds\":9999," \
	"\"trouble\":null,\"zone\":{\"name\":\"public\",\"trust\":\"none\",\"mode\":\"enforce\","  \
	"\"newcomers\":true,\"greylist\":\"auto\",\"connections\":0" more "}"
#define NOTHING                                                                                  \
	"\"list\":null,\"ban\":null,\"allowed\":null,\"refused_usernames\":[],\"penalty\":null," \
	"\"known\":[],\"limits\":[],\"drops\":[],\"only_counted\":[]"

/* Members of `more` take the place of those before. */
static struct json_object *judged(const char *more)
{
	auto_free char *text = xasprintf("{" ZONE("") "," NOTHING "%s%s}", *more ? "," : "", more);
	struct json_object *facts = json_tokener_parse(text);

	if (!facts)
		fail_msg("%s", text);
	who_judge(facts);
	return facts;
}

static const char *first(struct json_object *facts, const char *key)
{
	struct json_object *all = json_object_object_get(facts, "keeps_out");

	return json_object_array_length(all) ? text_of(json_object_array_get_idx(all, 0), key) :
					       NULL;
}

static void assert_judged(const char *facts_text, const char *verdict, const char *reason,
			  const char *command)
{
	auto_json struct json_object *facts = judged(facts_text);
	const char *got = first(facts, "command");

	assert_string_equal(text_of(facts, "verdict"), verdict);
	assert_int_equal(who_is_out(facts), strchr("owup", verdict[0]) != NULL);
	if (!reason) {
		assert_null(first(facts, "reason"));
		return;
	}
	assert_string_equal(first(facts, "reason"), reason);
	assert_true(!got == !command);
	if (command)
		assert_string_equal(got, command);
}

static void assert_answer(const char *facts_text, const char *part)
{
	auto_json struct json_object *facts = judged(facts_text);

	if (!strstr(text_of(facts, "answer"), part))
		fail_msg("%s", text_of(facts, "answer"));
}

#define PEER \
	"\"zone\":{\"name\":\"x\",\"trust\":\"peer\",\"mode\":\"enforce\",\"greylist\":\"auto\"}"
#define EARNED \
	"\"ban\":{\"reason\":\"auth_failures\",\"seconds_left\":60,\"evidence\":9,\"note\":\"\"}"
#define MANUAL "\"ban\":{\"reason\":\"manual\",\"seconds_left\":null,\"evidence\":0,\"note\":\"x\"}"
#define DENY   "\"list\":{\"list\":\"deny\",\"prefix\":\"192.0.2.0/24\",\"place\":null}"
#define ALLOW  "\"list\":{\"list\":\"allow\",\"prefix\":\"192.0.2.0/24\",\"place\":null}"

static void test_lists_and_bans(void **state)
{
	(void)state;
	assert_judged("", "in", NULL, NULL);
	assert_judged(EARNED, "out", "auth_failures", "sipward ban del 192.0.2.1");
	assert_judged(MANUAL, "out", "ban", "sipward ban del 192.0.2.1");
	assert_judged(DENY, "out", "deny_list", "sipward allow add 192.0.2.1");
	/* An earned ban is not for a peer, one by hand is; the allow list spares both. */
	assert_judged(PEER "," EARNED, "in", NULL, NULL);
	assert_judged(PEER "," MANUAL, "out", "ban", "sipward ban del 192.0.2.1");
	assert_judged(ALLOW "," MANUAL, "in", NULL, NULL);
	assert_judged(DENY ",\"allowed\":{\"reason\":\"manual\"}", "in", NULL, NULL);
	/* Only counted, in shadow or in monitor mode. */
	assert_judged(MANUAL ",\"only_counted\":[\"ban\"]", "in", NULL, NULL);
	assert_judged(MANUAL ",\"zone\":{\"name\":\"x\",\"trust\":\"none\",\"mode\":\"monitor\","
			     "\"greylist\":\"auto\"}",
		      "monitored", "ban", "sipward ban del 192.0.2.1");
	/* Nothing filters, or it cannot be read what does. */
	assert_judged(MANUAL ",\"interface\":null,\"zone\":null", "in", "ban",
		      "sipward ban del 192.0.2.1");
	assert_judged("\"interface\":null,\"zone\":null,\"trouble\":\"another version\"", "unknown",
		      NULL, NULL);
}

/* A username is what a guesser sent. */
static void test_usernames(void **state)
{
#define USER(name) "\"refused_usernames\":[{\"user\":\"" name "\",\"seconds_left\":60}]"
	(void)state;
	assert_judged(USER("bob"), "out", "login_refused", "sipward ban del 192.0.2.1 --user bob");
	assert_judged(USER("a b; rm -rf /"), "out", "login_refused",
		      "sipward ban del 192.0.2.1 --user 'a b; rm -rf /'");
	assert_judged(USER("-x"), "out", "login_refused", "sipward ban del 192.0.2.1 --user '-x'");
	/* That which no shell would take as it stands. */
	assert_judged(USER("a'; id; '"), "out", "login_refused", "sipward ban del 192.0.2.1");
	assert_judged(USER("\\u001b[2J"), "out", "login_refused", "sipward ban del 192.0.2.1");
	/* "\\xff" is what JSON shows of an octet: no name of that text is refused. */
	assert_judged(USER("a\\\\xff"), "out", "login_refused", "sipward ban del 192.0.2.1");
	assert_judged(USER("a\\nb"), "out", "login_refused", "sipward ban del 192.0.2.1");
	assert_judged(USER("\\u202egnp"), "out", "login_refused", "sipward ban del 192.0.2.1");
}

#define LIMIT(reason, rule, share, spent)                                                     \
	"{\"reason\":\"" reason "\",\"rule\":\"public." rule "\",\"limit\":\"10/m burst 5\"," \
	"\"used\":5,\"room\":5,\"spent\":" spent ",\"share\":" share "}"
#define BUDGET(spent)    LIMIT("newcomers", "newcomers.rate", "null", spent)
#define KNOWN(forgotten) "\"known\":[{\"port\":5060,\"forgotten\":" forgotten "}]"
#define MORE(rule)       "sipward tune public." rule " 20/m burst 16 --for 1h"

static void test_newcomers(void **state)
{
	(void)state;
	assert_judged("\"limits\":[" BUDGET("false") "]", "in", NULL, NULL);
	assert_judged("\"limits\":[" BUDGET("true") "]", "waits", "greylist",
		      MORE("newcomers.rate"));
	assert_judged("\"limits\":[" BUDGET("true") "]," KNOWN("false"), "in", NULL, NULL);
	assert_judged("\"limits\":[" BUDGET("true") "]," KNOWN("true"), "waits", "greylist",
		      MORE("newcomers.rate"));
	assert_judged("\"server_falls_behind\":true", "waits", "greylist", NULL);
	assert_judged(
		"\"zone\":{\"name\":\"x\",\"trust\":\"none\",\"mode\":\"enforce\",\"newcomers\":true,"
		"\"greylist\":\"always\"}",
		"waits", "greylist", "sipward tune x.newcomers.greylist auto --for 1h");
	assert_judged("\"penalty\":{\"seconds_left\":5}", "waits", "greylist", NULL);
	/* One that the server served does not notice a penalty. */
	assert_judged("\"penalty\":{\"seconds_left\":5},\"known\":[{\"port\":5060,\"grade\":"
		      "\"good\",\"forgotten\":false}]",
		      "in", NULL, NULL);
	assert_judged("\"penalty\":{\"seconds_left\":5},\"known\":[{\"port\":5060,\"grade\":"
		      "\"proved\",\"forgotten\":false}]",
		      "waits", "greylist", NULL);
	/* With another cause, it is out. */
	assert_judged("\"limits\":[" BUDGET("true") "]," MANUAL, "out", "ban",
		      "sipward ban del 192.0.2.1");
}

static void test_limits(void **state)
{
#define SOURCE(share) LIMIT("rate_source", "rates.source.any", "\"" share "\"", "true")
	(void)state;
	assert_judged("\"limits\":[" SOURCE("no proof") "]", "out", "rate_source",
		      MORE("rates.source.any"));
	assert_judged("\"limits\":[" LIMIT("rate_zone", "rates.zone", "null", "true") "]", "out",
		      "rate_zone", MORE("rates.zone"));
	/* A known endpoint spends its own share. Without a port, it may be either. */
	assert_judged("\"port\":5060,\"limits\":[" SOURCE("no proof") "]," KNOWN("false"), "in",
		      NULL, NULL);
	assert_judged("\"port\":5060,\"limits\":[" SOURCE("path of a proof") "]," KNOWN("false"),
		      "out", "rate_source", MORE("rates.source.any"));
	assert_judged("\"limits\":[" SOURCE("no proof") "]," KNOWN("false"), "out", "rate_source",
		      MORE("rates.source.any"));
	assert_judged("\"limits\":[" SOURCE("no proof") "],\"only_counted\":[\"rate_source\"]",
		      "in", NULL, NULL);
}

#define DROP(reason, mode, ago)                                                       \
	"\"drops\":[{\"reason\":\"" reason "\",\"mode\":\"" mode "\",\"text\":\"t\"," \
	"\"direction\":\"ingress\",\"count\":3,\"seconds_ago\":" ago "}]"

static void test_drops(void **state)
{
	(void)state;
	assert_judged(DROP("method", "enforce", "9"), "out", "method",
		      "sipward tune shadow '[method]' --for 1h");
	assert_judged(DROP("header", "enforce", "9") ",\"only_counted\":[\"method\"]", "out",
		      "header", "sipward tune shadow '[header, method]' --for 1h");
	assert_judged(DROP("method", "monitor", "9"), "in", NULL, NULL);
	assert_judged(DROP("method", "enforce", "301"), "in", NULL, NULL);
	/* A ban that is over: the answer says that it was. */
	assert_judged(DROP("ban", "enforce", "9"), "in", NULL, NULL);
	assert_answer(DROP("ban", "enforce", "9"), "keeps 192.0.2.1 out now. It did: the last");
	assert_answer(DROP("ban", "monitor", "9"), "remembers no packet");
	assert_answer("\"agent\":false,\"drops\":null", "cannot be seen without an agent");
	/* A newcomer who waited a moment ago would wait again, until it is known. */
	assert_judged(DROP("greylist", "enforce", "9") ",\"limits\":[" BUDGET("false") "]", "waits",
		      "greylist", MORE("newcomers.rate"));
	assert_judged(DROP("greylist", "enforce", "61"), "in", NULL, NULL);
	assert_judged(DROP("greylist", "enforce", "9") "," KNOWN("false"), "in", NULL, NULL);
	assert_judged(DROP("rate_source", "enforce", "9") ",\"limits\":[" LIMIT(
			      "rate_source", "rates.source.any", "\"no proof\"", "false") "]",
		      "out", "rate_source", MORE("rates.source.any"));
}

/* `tune` of another zone, or a restart, leaves the reason where it was. */
static void test_drops_before_the_policy(void **state)
{
#define TUNED ",\"policy_seconds\":1"
	(void)state;
	assert_judged(DROP("method", "enforce", "9") TUNED, "out", "method",
		      "sipward tune shadow '[method]' --for 1h");
	assert_judged(DROP("via_missing", "enforce", "9") TUNED, "out", "via_missing", NULL);
	assert_judged(DROP("via_missing", "enforce", "301") TUNED, "in", NULL, NULL);
	assert_judged(DROP("loop", "enforce", "9") TUNED, "unknown", NULL, NULL);
	assert_answer(DROP("loop", "enforce", "9") TUNED ",\"memory_seconds\":70",
		      "dropped 9 s ago (loop: t); the agent's memory begins 1 min 10 s ago, the "
		      "policy changed 1 s ago");
	assert_judged(DROP("loop", "enforce", "9") TUNED ",\"only_counted\":[\"loop\"]", "in", NULL,
		      NULL);
	assert_judged(DROP("greylist", "enforce", "9") TUNED, "unknown", NULL, NULL);
	/* The agent is new, the filter is not: nobody saw the last minutes. */
	assert_judged("\"memory_seconds\":5", "unknown", NULL, NULL);
	assert_answer("\"memory_seconds\":5" TUNED, "the agent's memory begins 5 s ago");
	assert_judged("\"memory_seconds\":300", "in", NULL, NULL);
	assert_judged("\"memory_seconds\":5," MANUAL, "out", "ban", "sipward ban del 192.0.2.1");
}

#define ROW(reason, rule, limit, used, spent)                                              \
	"{\"reason\":\"" reason "\",\"rule\":\"public." rule "\",\"limit\":\"" limit "\"," \
	"\"of\":\"source\",\"used\":" used ",\"room\":5,\"spent\":" spent ",\"share\":null}"
#define ANY(used) ROW("rate_source", "rates.source.any", "10/m burst 5", used, "false")

static void test_a_limit_that_is_full_again(void **state)
{
	(void)state;
	assert_judged(DROP("rate_source", "enforce", "60") ",\"limits\":[" ANY("0") "]", "in", NULL,
		      NULL);
	assert_answer(DROP("rate_source", "enforce", "60") ",\"limits\":[" ANY("0") "]",
		      "It did: the last packet was dropped 1 min ago (rate_source: t)");
	assert_judged(DROP("rate_source", "enforce", "60") ",\"limits\":[" ANY("5") "]", "in", NULL,
		      NULL);
	/* It sends on. */
	assert_judged(DROP("rate_source", "enforce", "1") ",\"limits\":[" ANY("4") "]", "out",
		      "rate_source", MORE("rates.source.any"));
	/* Another of the rows with this reason. */
	assert_judged(DROP("rate_source_method", "enforce", "60") ",\"limits\":[" ANY(
			      "0") "," ROW("rate_source_method", "rates.source.INVITE",
					   "1/m burst 3", "0", "false") "]",
		      "in", NULL, NULL);
	/* Each port has a limit, and none was named. */
	assert_judged(
		DROP("rate_source", "enforce", "60") ",\"limits\":[" ANY(
			"0") "],"
			     "\"zone\":{\"name\":\"x\",\"trust\":\"none\",\"mode\":\"enforce\","
			     "\"greylist\":\"auto\",\"source_port\":true}",
		"out", "rate_source", MORE("rates.source.any"));
}

#define DROP_FROM(reason, ago, address, port)                                                 \
	"\"drops\":[{\"reason\":\"" reason "\",\"mode\":\"enforce\",\"text\":\"t\","          \
	"\"direction\":\"ingress\",\"count\":1,\"seconds_ago\":" ago ",\"source\":\"" address \
	"\",\"source_port\":" port "}]"

static void test_ports(void **state)
{
	(void)state;
	assert_judged(DROP_FROM("greylist", "9", "192.0.2.1", "6000") "," KNOWN("false"), "waits",
		      "greylist", "sipward tune shadow '[greylist]' --for 1h");
	assert_answer(DROP_FROM("greylist", "9", "192.0.2.1", "6000") "," KNOWN("false"),
		      "(1 packet, the last 9 s ago); its known port 5060 passes, packets from "
		      "other ports are dropped");
	/* It is known since. */
	assert_judged(DROP_FROM("greylist", "9", "192.0.2.1", "5060") "," KNOWN("false"), "in",
		      NULL, NULL);
	assert_judged(DROP_FROM("greylist", "61", "192.0.2.1", "6000") "," KNOWN("false"), "in",
		      NULL, NULL);
	assert_judged("\"port\":5060," DROP_FROM("greylist", "9", "192.0.2.1",
						 "6000") "," KNOWN("false"),
		      "in", NULL, NULL);
	assert_judged("\"port\":5060," DROP_FROM("method", "9", "192.0.2.1", "6000"), "in", NULL,
		      NULL);
	assert_answer("\"port\":5060," DROP_FROM("method", "9", "192.0.2.1", "6000"),
		      "A packet of another port was dropped 9 s ago (method)");
	/* What the server sends is about the one that it is for. */
	assert_answer("\"port\":5060,\"drops\":[{\"reason\":\"egress_method\",\"mode\":\"enforce\","
		      "\"text\":\"t\",\"direction\":\"egress\",\"count\":1,\"seconds_ago\":9,"
		      "\"source\":\"192.0.2.99\",\"source_port\":5060,"
		      "\"destination\":\"192.0.2.1\",\"destination_port\":6000}]",
		      "A packet of another port was dropped 9 s ago (egress_method)");
	assert_judged("\"port\":5060," DROP_FROM("method", "9", "192.0.2.1", "5060"), "out",
		      "method", "sipward tune shadow '[method]' --for 1h");
}

static void test_a_neighbour_of_its_network(void **state)
{
#define PHONE "\"address\":\"2001:db8::7\","
	(void)state;
	assert_judged(PHONE DROP_FROM("method", "9", "2001:db8::9", "5060"), "in", NULL, NULL);
	assert_answer(PHONE DROP_FROM("method", "9", "2001:db8::9", "5060"),
		      "remembers no packet of it that it dropped. A packet of another address of "
		      "its /64 was dropped 9 s ago (method)");
	assert_judged(PHONE DROP_FROM("method", "9", "2001:db8::7", "5060"), "out", "method",
		      "sipward tune shadow '[method]' --for 1h");
}

static void test_a_limit_of_other_packets(void **state)
{
#define KEEPALIVE ROW("keepalive_rate", "rates.source.keepalive", "10/m burst 5", "5", "true")
	(void)state;
	assert_judged("\"limits\":[" KEEPALIVE "]", "partly", "keepalive_rate",
		      MORE("rates.source.keepalive"));
	assert_answer("\"limits\":[" KEEPALIVE "]",
		      "In part: of 192.0.2.1, sipward drops keepalives; its requests pass: ");
	assert_judged("\"limits\":[" KEEPALIVE "]," MANUAL, "out", "ban",
		      "sipward ban del 192.0.2.1");
	assert_judged("\"limits\":[" KEEPALIVE "]," DROP("greylist", "enforce", "9"), "waits",
		      "keepalive_rate", MORE("rates.source.keepalive"));
}

static void assert_first(const char *facts_text, const char *key, const char *value)
{
	auto_json struct json_object *facts = judged(facts_text);
	const char *got = first(facts, key);

	if (!got || !strstr(got, value))
		fail_msg("%s: %s", key, got ? got : "none");
}

static void test_what_to_do(void **state)
{
	(void)state;
	assert_first(MANUAL, "all_sources", "false");
	assert_first(DROP("method", "enforce", "9"), "all_sources", "true");
	assert_first("\"limits\":[" BUDGET("true") "]", "all_sources", "true");
	/* No check is switched off for all. */
	assert_judged(DROP("scanner", "enforce", "9"), "out", "scanner", NULL);
	assert_judged(DROP("sdp_line", "enforce", "9"), "out", "sdp_line", NULL);
	assert_first(DROP("scanner", "enforce", "9"), "advice", "`sipward explain` says");
	/* `tune` does not reach a service. */
	assert_judged("\"limits\":[" ROW("rate_service", "x", "10/m burst 5", "5", "true") "]",
		      "out", "rate_service", NULL);
	assert_first("\"limits\":[" ROW("rate_service", "x", "10/m burst 5", "5", "true") "]",
		     "advice", "raise the rate of this service in the policy's file");
	assert_answer("\"left_out\":7", "as far as drops were recorded; 7 were not.");
}

/* `tune` refuses an inner limit above an outer one. */
static void test_outer_limits(void **state)
{
#define INVITES            "rates.source.INVITE"
#define INNER              ROW("rate_source_method", INVITES, "6/m burst 5", "5", "true")
#define OUTER(rule, limit) ROW("rate_x", rule, limit, "0", "false")
#define INNER_MORE(count)  "sipward tune public.rates.source.INVITE " count "/m burst 16 --for 1h"
	(void)state;
	assert_judged("\"limits\":[" INNER "," OUTER("rates.source.any", "11/m burst 5") "]", "out",
		      "rate_source_method", INNER_MORE("6"));
	assert_judged("\"limits\":[" INNER "," OUTER("rates.source.any", "1/s burst 5") "]", "out",
		      "rate_source_method", INNER_MORE("12"));
	assert_judged("\"limits\":[" INNER "," OUTER("rates.zone", "11/m burst 5") "]", "out",
		      "rate_source_method", INNER_MORE("6"));
	assert_judged("\"limits\":[" INNER "," OUTER("rates.prefix", "1/m burst 5") "]", "out",
		      "rate_source_method", INNER_MORE("12"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_and_bans),
		cmocka_unit_test(test_usernames),
		cmocka_unit_test(test_newcomers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_drops_before_the_policy),
		cmocka_unit_test(test_a_limit_that_is_full_again),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_a_neighbour_of_its_network),
		cmocka_unit_test(test_a_limit_of_other_packets),
		cmocka_unit_test(test_what_to_do),
		cmocka_unit_test(test_outer_limits),
	};

	return cmocka_run_group_tests_name("who", tests, NULL, NULL);
}
