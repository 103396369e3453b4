/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Emergency calls against every rule that refuses by what a call says or by what came before
 * it: the same INVITE is refused when it calls anybody, and passes when it calls for help,
 * over the budget of `emergency:` too. Only lists and bans by hand keep an emergency call out;
 * test_spared.c tests what a ban for behaviour lets through.
 */
#include "policy/names.h"
#include "rig.h"

struct rule {
	const char *zone;      /* keys of the zone */
	enum sw_reason reason; /* why an ordinary call is refused */
	const char *headers;   /* that make it so */
	unsigned int before;   /* ordinary calls before it, that pass */
	const char *number;    /* "%u" is the number of the call */
	const char *policy;    /* keys of the whole policy, or NULL */
};

static const struct rule rules[] = {
	{"require: tls", SW_REASON_CLEARTEXT, "", 0, "alice", NULL},
	{"require: ipsec", SW_REASON_CLEARTEXT, "", 0, "alice", NULL},
	{"headers: {deny: [P-Asserted-Identity]}", SW_REASON_HEADER,
	 "P-Asserted-Identity: <sip:+4930123456@example.com>\r\n", 0, "alice", NULL},
	{"headers: {deny: [Route]}", SW_REASON_ROUTE_PRELOADED, "Route: <sip:192.0.2.9;lr>\r\n", 0,
	 "alice", NULL},
	{"content_types: {deny: [application/sdp]}", SW_REASON_CONTENT_TYPE,
	 "Content-Type: application/sdp\r\n", 0, "alice", NULL},
	{"caller: {deny: [\"+49\"]}", SW_REASON_CLI_SPOOF,
	 "P-Asserted-Identity: <sip:+4930123456@example.com>\r\n", 0, "alice", NULL},
	{"callee: {deny: [\"+882\"]}", SW_REASON_CALLEE_DENIED, "", 0, "+882123456", NULL},
	{"routing: {max_breadth: 60, action: deny}", SW_REASON_MAX_BREADTH,
	 "Max-Breadth: 10000\r\n", 0, "alice", NULL},
	{"routing: {routes: 1, action: deny}", SW_REASON_ROUTE_COUNT,
	 "Route: <sip:192.0.2.8;lr>, <sip:192.0.2.9;lr>\r\n", 0, "alice", NULL},
	{"methods: [INVITE]", SW_REASON_SCANNER, "User-Agent: friendly-scanner\r\n", 0, "alice",
	 "signatures: {user_agent: builtin}\n"},
	{"methods: [INVITE]", SW_REASON_INJECTION,
	 "Authorization: Digest username=\"a' UNION SELECT password FROM subscriber--\", "
	 "realm=\"a\"\r\n",
	 0, "alice", "injection: deny\n"},
	{"fraud: {sweep: deny}", SW_REASON_TOLL_FRAUD_SWEEP, "", 8, "%u972595144567", NULL},
	{"loop: deny", SW_REASON_LOOP, "Max-Forwards: 60\r\n", 0, "loop", NULL},
	{"fraud: {destinations: 1/10m}", SW_REASON_TOLL_FRAUD_DESTINATIONS, "", 1, "%u", NULL},
};

static const char *const uris[] = {
	"urn:service:sos", "urn:service:sos.ambulance",      "sip:112@example.com",
	"tel:112",         "sip:112@example.com;user=phone",
};

static size_t invite(char *text, size_t size, const struct rule *rule, const char *uri,
		     unsigned int branch)
{
	return snprintf(text, size,
			"INVITE %s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
			"From: <sip:bob@example.com>;tag=1\r\n"
			"To: <%s>\r\n"
			"Call-ID: one@198.51.100.7\r\n"
			"CSeq: 1 INVITE\r\n"
			"%s"
			"Content-Length: 0\r\n\r\n",
			uri, branch, uri, rule->headers);
}

static void ordinary(struct rig *rig, const struct rule *rule, unsigned int n,
		     enum sw_reason reason)
{
	char text[1024], uri[128], number[64];

	snprintf(number, sizeof(number), rule->number, n);
	snprintf(uri, sizeof(uri), "sip:%s@example.com", number);
	sends(rig, text, invite(text, sizeof(text), rule, uri, n), reason);
}

/* Until the loop is seen: how many visits that takes depends on the hash. */
static void goes_round(struct rig *rig, const struct rule *rule)
{
	char text[1024];
	bool in = true;

	for (unsigned int i = 0; i < 60 && in; i++)
		in = gets_in(rig, text,
			     invite(text, sizeof(text), rule, "sip:loop@example.com", 100 + i));
	assert_false(in);
	assert_int_equal(outcome.reason, rule->reason);
}

static void test_every_rule(void **state)
{
	char yaml[1024], text[1024];

	(void)state;
	for (size_t i = 0; i < array_size(rules); i++) {
		auto_rig struct rig rig;

		snprintf(yaml, sizeof(yaml),
			 YAML_PLAIN "%szones: [{name: public, %s}]\n"
				    "emergency: {numbers: [\"112\"], rate: 1/s burst 1}\n",
			 rules[i].policy ? rules[i].policy : "", rules[i].zone);
		rig_open(&rig, yaml);
		for (unsigned int n = 0; n < rules[i].before; n++)
			ordinary(&rig, &rules[i], n, SW_REASON_NONE);
		if (rules[i].reason == SW_REASON_LOOP)
			goes_round(&rig, &rules[i]);
		else if (rules[i].reason != SW_REASON_TOLL_FRAUD_DESTINATIONS)
			ordinary(&rig, &rules[i], 100, rules[i].reason);
		for (unsigned int n = 0; n < 4 * array_size(uris); n++) {
			size_t size = invite(text, sizeof(text), &rules[i],
					     uris[n % array_size(uris)], 1000 + n);

			if (!gets_in(&rig, text, size))
				fail_msg("%s: an emergency call to %s is refused: %s",
					 rules[i].zone, uris[n % array_size(uris)],
					 reason_name(outcome.reason));
		}
		assert_int_equal(
			counted(&rig, SW_MODE_ENFORCE, SW_REASON_NONE) >= 4 * array_size(uris), 1);
	}
}

/* Only a list that is kept by hand refuses an emergency call. */
static void test_deny_list_refuses(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "lists: {deny: [198.51.100.7]}\n"
				  "emergency: {numbers: [\"112\"]}\n");
	sends(&rig, text, invite(text, sizeof(text), &rules[0], uris[0], 1), SW_REASON_DENY_LIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_deny_list_refuses),
	};

	return cmocka_run_group_tests_name("emergency", tests, NULL, NULL);
}
