/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text that some server reads and a careless reader misses: each case is refused under `default`,
 * with a reason of its own, and its nearest legal neighbour passes. Each case runs once with the
 * work that the policy needs, and once with all work.
 */
#include "policy/names.h"
#include "rig.h"

/* An INVITE with `lines` before the headers that it must have. */
static size_t with_lines(char *text, size_t size, const char *start, const char *lines,
			 const char *to)
{
	return snprintf(text, size,
			"%s\r\n"
			"%s"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:bob@example.com>;tag=1\r\n"
			"To: %s\r\n"
			"Call-ID: 1\r\n"
			"CSeq: 1 INVITE\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"Content-Length: 0\r\n\r\n",
			start, lines, to);
}

#define START "INVITE sip:alice@example.com SIP/2.0"
#define ALICE "<sip:alice@example.com>"

static const struct {
	enum sw_reason reason;
	const char *start, *lines, *to; /* what is refused, and what is not; NULL: as usual */
	const char *good_start, *good_lines, *good_to;
} cases[] = {
	{SW_REASON_HEADER_NAME, .lines = "To\x01: " ALICE ";tag=1\r\n",
	 .good_lines = "X-To: 1\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "From\x08: " ALICE "\r\n", .good_lines = "From-: 1\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "Content-Length\x01: 9\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "To\x7f: " ALICE ";tag=1\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "To \x0b: " ALICE ";tag=1\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "\x0cTo: " ALICE ";tag=1\r\n"},
	{SW_REASON_HEADER_NAME, .lines = "X\x1b: y\r\n", .good_lines = "X: \x1b\r\n"},
	{SW_REASON_HEADER_NAME, .lines = " To: " ALICE ";tag=1\r\n",
	 .good_lines = "X: y\r\n To: z\r\n"},
	{SW_REASON_BARE_CR, .lines = "X: y\rTo: " ALICE ";tag=1\r\n",
	 .good_lines = "X: y\r\n To: z\r\n"},
	{SW_REASON_BARE_CR, .start = START "\rTo: " ALICE " SIP/2.0"},
	{SW_REASON_BARE_CR, .lines = "X: y\r\r\n", .good_lines = "X: y\n"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag=1;tag=2", .good_to = ALICE ";tag=1;tags=2"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";x;tag=1 ; TAG = 2", .good_to = ALICE ";x;tag=1 ; y"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ", <sip:eve@x>;tag=1", .good_to = ALICE " ;tag=1"},
	{SW_REASON_AMBIGUOUS, .to = "A \"<sip:eve@x>\" " ALICE,
	 .good_to = "\"<sip:eve@x>\" " ALICE},
	{SW_REASON_AMBIGUOUS, .to = "sip:eve@x " ALICE, .good_to = "sip-eve " ALICE},
	{SW_REASON_AMBIGUOUS, .to = "<sip:alice@example.com;tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";x=\";tag=1", .good_to = ALICE ";x=\";tag=1\""},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag=1;tag", .good_to = ALICE ";tag=1;t"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag;tag=1", .good_to = ALICE ";tag"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag=1 x", .good_to = ALICE ";tag=1 "},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag=1\"", .good_to = ALICE ";tag=\"1\""},
	{SW_REASON_AMBIGUOUS, .to = ALICE "\";tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";\"=\";tag=1", .good_to = ALICE ";x=\"=\";tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";x\"=\";tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";,;tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ";tag=1"},
	{SW_REASON_AMBIGUOUS, .to = ";<sip:alice@example.com;tag=1>"},
	{SW_REASON_AMBIGUOUS, .to = "\"<:\";tag=1", .good_to = "\"<:\"" ALICE ";tag=1"},
	{SW_REASON_AMBIGUOUS, .to = "\"A <sip:alice@example.com;tag=1>",
	 .good_to = "\"A <sip:alice@example.com>"},
	{SW_REASON_AMBIGUOUS, .to = "sip:a@b;<sip:eve@x>;tag=1", .good_to = "sip:a@b;tag=1"},
	{SW_REASON_AMBIGUOUS, .to = "sip:900;x@b;tag=1", .good_to = "<sip:900;x@b>;tag=1"},
	{SW_REASON_AMBIGUOUS, .to = "Line:5" ALICE, .good_to = "Line:5 " ALICE},
	{SW_REASON_AMBIGUOUS, .to = "\"A\" :5" ALICE, .good_to = "\"A\" 5" ALICE},
	{SW_REASON_AMBIGUOUS, .to = "a\":5@h\"" ALICE, .good_to = "\":5@h\"" ALICE},
	{SW_REASON_AMBIGUOUS, .to = "\x7f\":5@h\"" ALICE, .good_to = " \":5@h\"" ALICE},
	{SW_REASON_AMBIGUOUS, .to = "\"sip:7@h\" <sip:alice@example.com",
	 .good_to = "\"7\" <sip:alice@example.com"},
	{SW_REASON_AMBIGUOUS, .to = "\"sip:7@h " ALICE, .good_to = "\"7 " ALICE},
	{SW_REASON_AMBIGUOUS, .to = ALICE ";tag=1\\;x", .good_to = ALICE ";tag=1;x"},
	{SW_REASON_METHOD_CASE, .start = "Invite sip:alice@example.com SIP/2.0",
	 .good_start = "INVITE sip:alice@example.com sip/2.0"},
	{SW_REASON_VIA_MISSING, .lines = "Via:\r\n", .good_lines = "v: SIP/2.0/UDP x\r\n"},
	{SW_REASON_TO_MISSING, .to = "", .good_to = "sip:x"},
	{SW_REASON_TO_MISSING, .to = "\t\r\n \t"},
};

/* Faults that are only found where a rule reads addresses, or looks for a branch. Without such a
 * rule they mislead nobody. */
static const struct addressed {
	enum sw_reason reason; /* 0: ambiguous */
	const char *start, *lines, *to, *good_start, *good_lines, *good_to;
} addressed[] = {
	{.start = "INVITE :sip:7@x SIP/2.0", .good_start = "INVITE pres:7@x SIP/2.0"},
	{.start = "INVITE @tel:7@x SIP/2.0", .good_start = "INVITE 7@x SIP/2.0"},
	{.start = "INVITE ::sip:7@x SIP/2.0", .good_start = "INVITE sip:7:sip@x SIP/2.0"},
	{.start = "INVITE tel:+49 30 SIP/2.0", .good_start = "INVITE tel:+49-30 SIP/2.0"},
	{.to = "<:tel:+17374>", .good_to = "<x:+17374>"},
	{.to = "<,:192.0.2.1:>", .good_to = "<x-y.z+1:192.0.2.1:>"},
	{.to = "<\x14:0093628:>", .good_to = "<x:0093628:>"},
	{.to = "<1:7@x>", .good_to = "<x1:7@x>"},
	{.to = "<1]:3521>", .good_to = "<x1:3521>"},
	{.to = "<s@x:25091>", .good_to = "<s@x>"},
	{.to = "x@:25091", .good_to = "x@h"},
	{.to = "<tel:7 8>", .good_to = "<tel:78 >"},
	{.to = "<sip:\"7@x>", .good_to = "<sip:%227@x>"},
	{.to = "<sip:a<7@x>", .good_to = "<sip:a%3c7@x>"},
	{.to = "<sip:a@x;y=\"<tel:7>\">", .good_to = "<sip:a@x>;y=\"<tel:7>\""},
	{.to = "J\xe9<sip:192.0.2.1>", .good_to = "J\xe9 <sip:192.0.2.1>"},
	{.to = "><sip:192.0.2.1>", .good_to = "x<sip:192.0.2.1>"},
	{.to = "< sip:192.0.2.1>", .good_to = "< sip:a@192.0.2.1>"},
	{.to = "< :*31>", .good_to = "<sip:*31@x>"},
	{.to = "<\turn:x:7>", .good_to = "<\turn:service:sos>"},
	{SW_REASON_REACH, .lines = "Via: SIP/2.0/UDP h;x=\";\"y;branch=1\r\n",
	 .good_lines = "Via: SIP/2.0/UDP h;x=\";y\";branch=1\r\n"},
	{SW_REASON_REACH, .lines = "Via: SIP/2.0/UDP h;x\";y\";branch=1\r\n",
	 .good_lines = "Via: SIP/2.0/UDP h;x= \";y\" ;branch=1\r\n"},
	{SW_REASON_REACH, .lines = "Via: SIP/2.0/UDP h;=\"x\"\r\n",
	 .good_lines = "Via: SIP/2.0/UDP h;x=\"x\" ,SIP/2.0/UDP y\r\n"},
	{SW_REASON_REACH, .lines = "Via: SIP/2.0/UDP h;x=\"y,SIP/2.0/UDP z\r\n",
	 .good_lines = "Via: SIP/2.0/UDP h;x=\"y,SIP/2.0/UDP z\"\r\n"},
	{SW_REASON_REACH, .lines = "Authorization: Digest username=\"a\"b, nonce=\"c\"\r\n",
	 .good_lines = "Authorization: Digest username=\"a\\\"b\" , nonce=\"c\"\r\n"},
};

static void run_cases(struct rig *rig)
{
	char text[4096];

	for (size_t i = 0; i < array_size(cases); i++) {
		print_message("# case %zu: %s\n", i, reason_name(cases[i].reason));
		sends(rig, text,
		      with_lines(text, sizeof(text), cases[i].start ? cases[i].start : START,
				 cases[i].lines ? cases[i].lines : "",
				 cases[i].to ? cases[i].to : ALICE),
		      cases[i].reason);
		sends(rig, text,
		      with_lines(text, sizeof(text),
				 cases[i].good_start ? cases[i].good_start : START,
				 cases[i].good_lines ? cases[i].good_lines : "",
				 cases[i].good_to ? cases[i].good_to : ALICE),
		      SW_REASON_NONE);
	}
}

static const char *or_else(const char *text, const char *usual)
{
	return text ? text : usual;
}

static void run_addressed(struct rig *rig)
{
	char text[4096];

	for (size_t i = 0; i < array_size(addressed); i++) {
		const struct addressed *a = &addressed[i];

		print_message("# address %zu\n", i);
		sends(rig, text,
		      with_lines(text, sizeof(text), or_else(a->start, START),
				 or_else(a->lines, ""), or_else(a->to, ALICE)),
		      a->reason ? a->reason : SW_REASON_AMBIGUOUS);
		sends(rig, text,
		      with_lines(text, sizeof(text), or_else(a->good_start, START),
				 or_else(a->good_lines, ""), or_else(a->good_to, ALICE)),
		      SW_REASON_NONE);
	}
}

/* Some servers read the text behind the method in a response as part of the method. */
static void test_answered_method(void **state)
{
	static const char *const cseq[] = {"1 INVITE", "1 INVITE x"};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open_all(&rig, YAML_PLAIN);
	for (int i = 0; i < 2; i++)
		sends(&rig, text,
		      snprintf(text, sizeof(text),
			       "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
			       "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: 1\r\n"
			       "CSeq: %s\r\nContent-Length: 0\r\n\r\n",
			       cseq[i]),
		      i ? SW_REASON_AMBIGUOUS : SW_REASON_NONE);
}

static void test_with_work_that_is_needed(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	run_cases(&rig);
}

static void test_with_all_work(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open_all(&rig, YAML_PLAIN);
	run_cases(&rig);
	run_addressed(&rig);
}

/* Early, where newcomers have a budget, then on. */
static void test_scanned_in_two_steps(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}}]\n");
	run_cases(&rig);
}

/* More white space than is read hides nothing. */
static void test_white_space(void **state)
{
	static const char *const lines[] = {
		"From:%*s<sip:bob@example.com>;tag=2\r\n",
		"To:%*s" ALICE ";tag=1\r\n",
		"P-Asserted-Identity:%*s<sip:bob@example.com>\r\n",
		"User-Agent:%*sfriendly-scanner\r\n",
		"Refer-To:%*s<sip:1@example.com>\r\n",
		"Contact: <sip:x@y>,%*ssip:1@example.com\r\n",
	};
	auto_rig struct rig rig;
	char text[6000], line[4096];

	(void)state;
	rig_open_all(&rig, YAML_PLAIN);
	for (size_t i = 0; i < array_size(lines); i++) {
		for (int spaces = 1050; spaces <= 3900; spaces += 570) {
			snprintf(line, sizeof(line), lines[i], spaces, "");
			assert_false(gets_in(&rig, text,
					     with_lines(text, sizeof(text), START, line, ALICE)));
			assert_true(i < 2 || outcome.reason == SW_REASON_REACH);
		}
		if (i < 2) /* it is there twice */
			continue;
		snprintf(line, sizeof(line), lines[i], 400, "");
		sends(&rig, text, with_lines(text, sizeof(text), START, line, ALICE),
		      SW_REASON_NONE);
	}
	snprintf(line, sizeof(line), "P-Asserted-Identity%1050s: <sip:bob@example.com>\r\n", "");
	sends(&rig, text, with_lines(text, sizeof(text), START, line, ALICE),
	      SW_REASON_HEADER_NAME);
	snprintf(line, sizeof(line), "P-Asserted-Identity%900s: <sip:bob@example.com>\r\n", "");
	sends(&rig, text, with_lines(text, sizeof(text), START, line, ALICE), SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_work_that_is_needed),
		cmocka_unit_test(test_with_all_work),
		cmocka_unit_test(test_scanned_in_two_steps),
		cmocka_unit_test(test_white_space),
		cmocka_unit_test(test_answered_method),
	};

	return cmocka_run_group_tests_name("smuggling", tests, NULL, NULL);
}
