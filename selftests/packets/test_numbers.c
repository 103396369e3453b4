/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The numbers of caller and callee, in every way that they are written, by the longest prefix of
 * the zone.
 */
#include "rig.h"

struct call {
	const char *method; /* INVITE unless said */
	const char *uri;    /* Request-URI */
	const char *from;   /* as From writes them */
	const char *to;
	const char *tag;   /* of To */
	const char *lines; /* more headers */
};

static size_t write_call(char *text, size_t size, struct call call)
{
	const char *method = call.method ? call.method : "INVITE";

	return snprintf(text, size,
			"%s %s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1234\r\n"
			"Max-Forwards: 70\r\n"
			"From: %s;tag=f1\r\n"
			"To: %s%s%s\r\n"
			"Call-ID: 1@198.51.100.7\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"%s"
			"Content-Length: 0\r\n\r\n",
			method, call.uri ? call.uri : "sip:alice@example.com",
			call.from ? call.from : "<sip:bob@example.com>",
			call.to ? call.to : "<sip:alice@example.com>", call.tag ? ";tag=" : "",
			call.tag ? call.tag : "", method, call.lines ? call.lines : "");
}

static void calls(struct rig *rig, struct call call, enum sw_reason reason)
{
	char text[4096];

	sends(rig, text, write_call(text, sizeof(text), call), reason);
}

static void calls_reported(struct rig *rig, struct call call, enum sw_reason reason)
{
	char text[4096];

	sends_shadowed(rig, text, write_call(text, sizeof(text), call), reason);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
}

#define DIALLED                                                                   \
	"dial_prefixes: {international: [\"00\", \"011\", \"9011\", \"90011\"], " \
	"national: [\"0\"], country: \"43\"}\n"

/* One number however it is written. */
static const char *const written[] = {
	"sip:+49301234567@example.com",
	"sip:0049301234567@example.com",
	"sip:01149301234567@example.com",
	"sip:901149301234567@example.com",
	"sip:9001149301234567@example.com",
	"sip:+49-30-123.45(67)@example.com",
	"sip:%2B49301234567@example.com",
	"sip:%2b%34930%20123%2d4567@example.com",
	"sip:+49301234567;npdi;rn=1@example.com",
	"sip:+49301234567:secret@example.com",
	"sip:+49301234567x99@example.com",
	"sips:+49301234567@example.com;user=phone",
	"SIP:+49301234567@example.com",
	"tel:+49-30-1234567",
	"tel:+49(30)1234567;isub=1",
	"tel:301234567;phone-context=+49",
	"tel:0301234567;phone-context=+49",
	"tel:30-1234567;ext=5;Phone-Context=+49",
	"tel:1234567;phone-context=+49-30",
	"sip:301234567;phone-context=+49@example.com;user=phone",
	"sip:301234567;npdi;phone-context=%2B49@example.com",
};

static const char *const others[] = {
	"sip:+48301234567@example.com",
	"sip:+4@example.com",
	"sip:+@example.com",
	"sip:49301234567@example.com", /* nothing says that this is E.164 */
	"sip:49@example.com",
	"sip:0049@48.example.com", /* the country alone is short */
	"sip:00@example.com",
	"sip:x+49301234567@example.com",
	"sip:alice@+49301234567.example.com",
	"sip:alice;+49301234567@example.com",
	"sip:alice@example.com;phone-context=+49",
	"sip:0301234567@example.com", /* national: +43 30 */
	"tel:301234567;phone-context=+48",
	"tel:301234567;phone-context=example.com",
	"tel:301234567",
	"sip:301234567@example.com;phone-context=+49",
	"urn:nothing:+49301234567",
};

static void test_written_forms(void **state)
{
	auto_rig struct rig rig;
	char party[256];

	(void)state;
	rig_open(&rig, YAML_PLAIN DIALLED "zones: [{name: public, callee: {deny: [\"+493\"]}}]\n");
	for (size_t i = 0; i < array_size(written); i++) {
		calls(&rig, (struct call){.uri = written[i]}, SW_REASON_CALLEE_DENIED);
		/* Where the Request-URI is no number, To says it. */
		snprintf(party, sizeof(party), "\"+48\" <%s>", written[i]);
		calls(&rig, (struct call){.to = party}, SW_REASON_CALLEE_DENIED);
		calls(&rig, (struct call){.to = party, .uri = "sip:+48123@example.com"},
		      SW_REASON_NONE);
	}
	for (size_t i = 0; i < array_size(others); i++)
		calls(&rig, (struct call){.uri = others[i]}, SW_REASON_NONE);
}

static void test_written_forms_in_the_policy(void **state)
{
	static const char *const lists[] = {
		"+493", "00493", "011493", "9011 493", "+49-3", "+(49) 3",
	};

	(void)state;
	for (size_t i = 0; i < array_size(lists); i++) {
		auto_free char *yaml =
			xasprintf(YAML_PLAIN DIALLED
				  "zones: [{name: public, callee: {deny: [\"%s\"]}}]\n",
				  lists[i]);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		calls(&rig, (struct call){.uri = written[0]}, SW_REASON_CALLEE_DENIED);
		calls(&rig, (struct call){.uri = others[0]}, SW_REASON_NONE);
	}
}

static void test_national_numbers(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN DIALLED "zones: [{name: public, callee: {deny: [\"+43664\", "
					  "\"0900\", \"*31\", \"118\"]}}]\n");
	calls(&rig, (struct call){.uri = "sip:06641234567@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "tel:+43664123"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:0900123456@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:+43900123456@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:00900123456@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:*31*0664@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:*21%23@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:11811@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:+11811@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:118ers@example.com"}, SW_REASON_NONE);
}

static void test_longest_prefix(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, callee: {deny: [\"*\", \"+4930\"], "
				  "allow: [\"+49\", \"1\"], report: [\"+4931\"]}}]\n");
	calls(&rig, (struct call){.uri = "sip:+4912@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:+49301@example.com"}, SW_REASON_CALLEE_DENIED);
	calls_reported(&rig, (struct call){.uri = "sip:+49311@example.com"},
		       SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:+48@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:123@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:223@example.com"}, SW_REASON_CALLEE_DENIED);
	/* A name is no number. */
	calls(&rig, (struct call){.uri = "sip:alice@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:example.com"}, SW_REASON_NONE);
}

/* The own range from abroad; mobile subscribers may roam. */
static void test_caller(void **state)
{
	auto_rig struct rig rig;
	static const char *const identities[] = {
		"P-Asserted-Identity: <sip:+49301234567@example.com>\r\n",
		"P-Asserted-Identity: \"Bank, Ltd\" <sip:bank@example.com>, <tel:+49301234567>\r\n",
		"p-preferred-identity : <tel:+49-30-1234567>\r\n",
		"Remote-Party-ID: \"x\" <sip:0049301234567@example.com>;party=calling\r\n",
		"Remote-Party-ID: sip:0049301234567@example.com;party=calling\r\n",
	};

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: abroad, sources: [203.0.113.0/24],\n"
		 "     caller: {deny: [\"+49\"], allow: [\"+4915\", \"+4916\", \"+4917\"]}}\n"
		 "  - {name: public}\n");
	calls(&rig, (struct call){.from = "<sip:+49301234567@example.com>"}, SW_REASON_NONE);
	rig.from.addr = address("203.0.113.7");
	calls(&rig, (struct call){.from = "<sip:+49301234567@example.com>"}, SW_REASON_CLI_SPOOF);
	calls(&rig, (struct call){.from = "\"1\" <sip:0049301234567@example.com>"},
	      SW_REASON_CLI_SPOOF);
	calls(&rig, (struct call){.from = "sip:+49301234567@example.com"}, SW_REASON_CLI_SPOOF);
	calls(&rig, (struct call){.from = "<sip:+491701234567@example.com>"}, SW_REASON_NONE);
	calls(&rig, (struct call){.from = "<sip:+33123456789@example.com>"}, SW_REASON_NONE);
	calls(&rig, (struct call){.from = "\"+4930\" <sip:anonymous@anonymous.invalid>"},
	      SW_REASON_NONE);
	for (size_t i = 0; i < array_size(identities); i++)
		calls(&rig, (struct call){.lines = identities[i]}, SW_REASON_CLI_SPOOF);
	calls(&rig,
	      (struct call){.lines = "P-Asserted-Identity: <tel:+331234>, "
				     "<sip:x@+4930.com>\r\n"},
	      SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:+49301234567@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.method = "MESSAGE", .from = "<tel:+49301234567>"},
	      SW_REASON_CLI_SPOOF);
	/* An address of record, and the other side of a dialog, are no callers. */
	calls(&rig, (struct call){.method = "REGISTER", .from = "<tel:+49301234567>"},
	      SW_REASON_NONE);
	calls(&rig, (struct call){.from = "<tel:+49301234567>", .tag = "t"}, SW_REASON_NONE);
	calls(&rig, (struct call){.method = "CANCEL", .from = "<tel:+49301234567>"},
	      SW_REASON_NONE);
}

static void test_redirects(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;
	static const char refer[] = "Refer-To: \"x\" <sip:+882123456@example.com?Replaces=1>\r\n";

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, callee: {deny: [\"+882\"]}}]\n");
	calls(&rig, (struct call){.method = "REFER", .lines = refer}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.method = "REFER", .lines = "r: <tel:+882123456>\r\n"},
	      SW_REASON_CALLEE_DENIED);
	calls(&rig,
	      (struct call){.method = "REFER",
			    .lines = "Refer-To: "
				     "<sip:+49123@example.com>\r\n"},
	      SW_REASON_NONE);
	/* A transfer inside a call: the call goes on. */
	calls_reported(&rig, (struct call){.method = "REFER", .lines = refer, .tag = "t"},
		       SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.lines = refer}, SW_REASON_NONE);
	size = response(text, sizeof(text), 302, "INVITE", 1) - 2;
	snprintf(text + size, sizeof(text) - size,
		 "Contact: <sip:a@example.com>;q=1, <sip:00882123456@example.com>\r\n\r\n");
	sends(&rig, text, strlen(text), SW_REASON_CALLEE_DENIED);
	memcpy(strstr(text, "00882"), "00883", 5);
	sends(&rig, text, strlen(text), SW_REASON_NONE);
	memcpy(strstr(text, "00883"), "00882", 5);
	memcpy(strstr(text, " 302 "), " 200 ", 5);
	sends(&rig, text, strlen(text), SW_REASON_NONE);
}

/* `count` lines of a header, the last one with `value`, the others with a name. */
static char *on_lines(const char *name, int count, const char *value)
{
	char *text = xasprintf("%s", "");

	for (int i = 1; i <= count; i++) {
		char *more = xasprintf("%s%s: %s\r\n", text, name,
				       i < count ? "<sip:bank@example.com>" : value);

		free(text);
		text = more;
	}
	return text;
}

static char *on_one_line(const char *name, int count, const char *value)
{
	char *text = xasprintf("%s: ", name);

	for (int i = 1; i <= count; i++) {
		char *more = xasprintf("%s%s%s%s", text, i > 1 ? ", " : "",
				       i < count ? "<sip:b@c>" : value, i < count ? "" : "\r\n");

		free(text);
		text = more;
	}
	return text;
}

/* A header on several lines is one list (RFC 3261 7.3.1). */
static void test_header_on_several_lines(void **state)
{
	static const char *const identities[] = {
		"P-Asserted-Identity: <sip:bank@example.com>\r\n"
		"P-Asserted-Identity: <tel:+49301234567>\r\n",
		"P-Asserted-Identity: <sip:bank@example.com>\r\nX-Between: 1\r\n"
		"p-asserted-identity : <sip:a@b>,\r\n <tel:+49301234567>\r\n",
		"P-Asserted-Identity: \r\nP-Asserted-Identity: <tel:+49301234567>\r\n",
		"P-Preferred-Identity: <sip:a@b>\r\nP-Preferred-Identity: <tel:+4930123>\r\n",
		"Remote-Party-ID: <sip:a@b>\r\nRemote-Party-ID: <sip:+4930123@b>\r\n",
		"Remote-Party-ID: <sip:a@b>;party=called, <sip:+4930123@b>\r\n",
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, caller: {deny: [\"+49\"]}, "
				  "callee: {deny: [\"+882\"]}}]\n");
	for (size_t i = 0; i < array_size(identities); i++)
		calls(&rig, (struct call){.lines = identities[i]}, SW_REASON_CLI_SPOOF);
	calls(&rig,
	      (struct call){.lines = "P-Asserted-Identity: <sip:bank@example.com>\r\n"
				     "P-Asserted-Identity: <tel:+33301234567>\r\n"},
	      SW_REASON_NONE);
	calls(&rig,
	      (struct call){.method = "REFER",
			    .lines = "Refer-To: <sip:a@b>\r\nr: <tel:+882123>\r\n"},
	      SW_REASON_CALLEE_DENIED);
	calls(&rig,
	      (struct call){.method = "REFER",
			    .lines = "Refer-To: <sip:a@b>\r\nr: <tel:+883123>\r\n"},
	      SW_REASON_NONE);
}

/* A number that is not read counts as the worst that the zone has a rule for. */
static void test_too_many(void **state)
{
	static const struct {
		int lines, values;
		const char *last;
		enum sw_reason reason;
	} rows[] = {
		{8, 0, "<sip:bank@example.com>", SW_REASON_NONE},
		{8, 0, "<tel:+4930123>", SW_REASON_CLI_SPOOF},
		{9, 0, "<sip:bank@example.com>", SW_REASON_CLI_SPOOF},
		{100, 0, "<sip:bank@example.com>", SW_REASON_CLI_SPOOF},
		{0, 39, "<sip:bank@example.com>", SW_REASON_NONE},
		{0, 39, "<tel:+4930123>", SW_REASON_CLI_SPOOF},
		{0, 40, "<sip:bank@example.com>", SW_REASON_CLI_SPOOF},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: reports, sources: [203.0.113.0/24], caller: {report: [\"+49\"]}}\n"
		 "  - {name: public, caller: {deny: [\"+49\"], report: [\"+44\"]}}\n");
	for (size_t i = 0; i < array_size(rows); i++) {
		auto_free char *lines =
			rows[i].lines ?
				on_lines("P-Asserted-Identity", rows[i].lines, rows[i].last) :
				on_one_line("P-Asserted-Identity", rows[i].values, rows[i].last);
		char text[8192];
		size_t size = write_call(text, sizeof(text), (struct call){.lines = lines});

		rig.from.addr = address("198.51.100.7");
		sends(&rig, text, size, rows[i].reason);
		rig.from.addr = address("203.0.113.7");
		if (rows[i].reason)
			sends_shadowed(&rig, text, size, rows[i].reason);
		else
			sends(&rig, text, size, SW_REASON_NONE);
	}
}

static void redirects(struct rig *rig, const char *lines, enum sw_reason reason, bool reported)
{
	char text[8192];
	size_t size = response(text, sizeof(text), 302, "INVITE", 1) - 2;

	size += snprintf(text + size, sizeof(text) - size, "%s\r\n", lines);
	if (reported)
		sends_shadowed(rig, text, size, reason);
	else
		sends(rig, text, size, reason);
}

static void test_redirect_lines(void **state)
{
	auto_rig struct rig rig;
	auto_free char *eight = on_lines("Contact", 8, "<sip:+882123@example.com>");
	auto_free char *good = on_lines("m", 8, "<sip:a@example.com>");
	auto_free char *nine = on_lines("Contact", 9, "<sip:a@example.com>");

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, callee: {deny: [\"+882\"]}}]\n");
	redirects(&rig, "Contact: <sip:a@b>\r\nm: <sip:+882123@b>;q=0.1\r\n",
		  SW_REASON_CALLEE_DENIED, false);
	redirects(&rig, "Contact: <sip:a@b>\r\nm: <sip:+883123@b>;q=0.1\r\n", SW_REASON_NONE,
		  false);
	redirects(&rig, eight, SW_REASON_CALLEE_DENIED, false);
	redirects(&rig, good, SW_REASON_NONE, false);
	/* More ways to one callee than are read: the call must not hang for it. */
	redirects(&rig, nine, SW_REASON_CALLEE_DENIED, true);
}

static void test_high_risk(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones:\n"
			    "  - {name: trunk, sources: [203.0.113.0/24],\n"
			    "     callee: {high_risk: report, deny: [\"+88\"], allow: [\"+232\", "
			    "\"+2521\"]}}\n"
			    "  - {name: public, callee: {high_risk: deny}}\n");
	calls(&rig, (struct call){.uri = "sip:+88216123@example.com"}, SW_REASON_HIGH_RISK);
	calls(&rig, (struct call){.uri = "sip:00979123456@example.com"}, SW_REASON_HIGH_RISK);
	calls(&rig, (struct call){.uri = "sip:+49301234@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:88216123@example.com"}, SW_REASON_NONE);
	rig.from.addr = address("203.0.113.7");
	calls_reported(&rig, (struct call){.uri = "sip:+979123@example.com"}, SW_REASON_HIGH_RISK);
	calls_reported(&rig, (struct call){.uri = "sip:+2522123@example.com"}, SW_REASON_HIGH_RISK);
	calls(&rig, (struct call){.uri = "sip:+2521123@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:+23276123@example.com"}, SW_REASON_NONE);
	/* A prefix that is only reported makes no gap in a denied one. */
	calls(&rig, (struct call){.uri = "sip:+882123@example.com"}, SW_REASON_CALLEE_DENIED);
}

static void test_emergency(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {numbers: [\"112\"], rate: 1/h}\n"
				  "zones: [{name: public, callee: {deny: [\"*\"]}, "
				  "caller: {deny: [\"*\"]}}]\n");
	for (int i = 0; i < 3; i++) {
		calls_reported(&rig, (struct call){.uri = "sip:112@example.com"},
			       SW_REASON_CALLEE_DENIED);
		calls_reported(&rig, (struct call){.uri = "sip:112;phone-context=+49@example.com"},
			       SW_REASON_CALLEE_DENIED);
		calls_reported(&rig, (struct call){.uri = "tel:112;phone-context=example.com"},
			       SW_REASON_CALLEE_DENIED);
		calls_reported(&rig,
			       (struct call){.uri = "urn:service:sos.police",
					     .from = "<tel:+4930123>"},
			       SW_REASON_CLI_SPOOF);
	}
	/* A text to them, too. */
	calls_reported(&rig, (struct call){.method = "MESSAGE", .uri = "sip:112@example.com"},
		       SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:1123@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:11;2@example.com"}, SW_REASON_CALLEE_DENIED);
}

/* Digits beyond what a rule can tell apart, and user parts beyond what is read. */
static void test_long_numbers(void **state)
{
	auto_rig struct rig rig;
	char uri[2100] = "sip:+882";

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, callee: {deny: [\"+882\"]}}]\n");
	for (size_t length = 8; length < 2020; length += 7) {
		memset(uri + 8, '1', length - 8);
		strcpy(uri + length, "@example.com");
		calls(&rig, (struct call){.uri = uri}, SW_REASON_CALLEE_DENIED);
		memcpy(uri + 4, "+881", 4);
		calls(&rig, (struct call){.uri = uri}, SW_REASON_NONE);
		memcpy(uri + 4, "+882", 4);
	}
}

/* A number that can be read only in part, or in two ways, counts as the worst. */
static void test_hidden_numbers(void **state)
{
	static const struct call hidden[] = {
		{.from = "< sip:+49301234567@example.com>"},
		{.from = "<\t\r\n sips:+49301234567@example.com >"},
		{.from = "<tel:+49-30-1234567>"},
		{.from = "<sip:+-----------------------------------------------------------------"
			 "49301234567@example.com>"},
		{.from = "<tel:301234567;a;b;c;d;e;phone-context=+49>"},
		{.lines = "P-Asserted-Identity: <sip:x@example.com>,  sip:+49301234567@b\r\n"},
		{.lines = "P-Asserted-Identity: <sip:x@a>, \"a<b\" <sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: a \"<sip:x@a>\" <sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: sip:x@a <sip:+49301234567@b>\r\n"},
		{.from = "<+49301234567@h>"},
		{.from = "x:+49301234567@h"},
		{.from = "<x://+49301234567:pw@h>"},
		{.from = "<x:+49301234567>"},
		{.from = "tel:\x0e+49301234567"},
		{.from = "<sip:\t+49301234567@h>"},
		{.lines = "P-Asserted-Identity: sip:+49301234567;x=y@h\r\n"},
		{.lines = "P-Asserted-Identity: sip:x@a;y<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: ;<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: <tel:1@+49301234567>\r\n"},
		{.lines = "P-Asserted-Identity: <sip:@+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: sip:<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: \"unclosed, <sip:+49301234567@b>\r\n"},
		/* Two ways to read them: counts as the worst that the zone knows. */
		{.lines = "P-Asserted-Identity: ]\",s:+49301234567@\"\r\n"},
		{.lines = "P-Asserted-Identity: <>sip:+49301234567@b\r\n"},
		{.lines = "P-Asserted-Identity: <7@,<:tel:+49301234567>\r\n"},
		{.lines = "P-Asserted-Identity: [:+49301234567@b,<7@b>\r\n"},
		{.lines = "P-Asserted-Identity: p:+49301234567@<7@\r\n"},
		{.lines = "P-Asserted-Identity: sip:\"@,\"\"<tel:+49301234567>\r\n"},
		{.lines = "P-Asserted-Identity: sip:x@a;y=\",\"<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: <sip:x@a>;y=\",\"\"<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: <sip:x@a>;\",\"<sip:+49301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: \"sip:+49301234567@b\"<w@,>\r\n"},
		{.lines = "P-Asserted-Identity: \"\"\"<sip:+49301234567>,<mailto:x@b>\r\n"},
		{.lines = "P-Asserted-Identity: < sip:+49301234567>\r\n"},
	};
	static const struct call open[] = {
		{.from = "< sip:+33301234567@example.com>"},
		{.from = "<sip:+----------------33301234567@example.com>"},
		{.from = "<tel:301234567;a;b;c;phone-context=+33>"},
		{.from = "<+33301234567@h>"},
		{.from = "<mailto:x@h>"},
		{.lines = "P-Asserted-Identity: sip:+33301234567;x=y@h\r\n"},
		{.lines = "P-Asserted-Identity: <sip:x@example.com>,  sip:+33301234567@b\r\n"},
		{.lines = "P-Asserted-Identity: \"a \\\"<sip:x@a>\" <sip:+33301234567@b>\r\n"},
		{.lines = "P-Asserted-Identity: \"Doe, J: 1\" <sip:+33301234567@b>;x=\"y, z\"\r\n"},
		{.lines = "P-Asserted-Identity: sip:x@a;y=1, \"B, C\"<sip:+33301234567@b> ;z\r\n"},
		{.lines = "P-Asserted-Identity: Doe, J <sip:+33301234567,1@b>\r\n"},
		{.lines = "P-Asserted-Identity: sip:x@a,\"B\" <sip:+33301234567@b>\r\n"},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, caller: {deny: [\"+49\"]}}]\n");
	for (size_t i = 0; i < array_size(hidden); i++)
		calls(&rig, hidden[i], SW_REASON_CLI_SPOOF);
	for (size_t i = 0; i < array_size(open); i++)
		calls(&rig, open[i], SW_REASON_NONE);
}

/* Likewise who is called. */
static void test_hidden_target(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, callee: {deny: [\"+49\"]}}]\n");
	calls(&rig, (struct call){.uri = "<sip:+49301234567@example.com>"},
	      SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "\t sip:+49301234567@example.com"},
	      SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "<sip:+33301234567@example.com>"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "+49301234567@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "+33301234567@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "tel:1@+49301234567"}, SW_REASON_AMBIGUOUS);
	calls(&rig, (struct call){.uri = "sip:@+49301234567@b"}, SW_REASON_AMBIGUOUS);
	/* Some servers take small letters for the method. */
	calls(&rig, (struct call){.method = "invite", .uri = "sip:+33301234567@example.com"},
	      SW_REASON_METHOD_CASE);
	assert_int_equal(outcome.message, SW_MESSAGE_INVITE);
}

/* 100000 prefixes of a file, the last one as well. */
static void test_long_list(void **state)
{
	char path[] = "/tmp/sipward-numbers.XXXXXX";
	auto_free char *yaml = NULL;
	auto_rig struct rig rig;
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	(void)state;
	assert_non_null(out);
	fprintf(out, "# ranges\r\n\n  +88 2 # spaced\r\n");
	for (int i = 0; i < 100000; i++)
		fprintf(out, "+71%05d\n", i);
	fclose(out);
	yaml = xasprintf(YAML_PLAIN "zones: [{name: public, callee: {deny: [%s]}}]\n", path);
	rig_open(&rig, yaml);
	unlink(path);
	calls(&rig, (struct call){.uri = "sip:+7199999123@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:+7100000@example.com"}, SW_REASON_CALLEE_DENIED);
	calls(&rig, (struct call){.uri = "sip:+710000@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:+7299999123@example.com"}, SW_REASON_NONE);
	calls(&rig, (struct call){.uri = "sip:+882@example.com"}, SW_REASON_CALLEE_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_forms),
		cmocka_unit_test(test_written_forms_in_the_policy),
		cmocka_unit_test(test_national_numbers),
		cmocka_unit_test(test_longest_prefix),
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_header_on_several_lines),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_redirect_lines),
		cmocka_unit_test(test_high_risk),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_hidden_numbers),
		cmocka_unit_test(test_hidden_target),
		cmocka_unit_test(test_long_list),
	};

	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
