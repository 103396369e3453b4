/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rules of a zone about what is there: headers, classes of responses, types of bodies.
 */
#include "rig.h"

/* A request with more header lines, each ended by CR LF, behind its own. `tag`: in a dialog. */
static size_t with_lines(char *text, size_t size, const char *method, const char *tag,
			 const char *lines)
{
	size_t used = request(text, size, method, 1, tag) - 2;

	return used + snprintf(text + used, size - used, "%s\r\n", lines);
}

static void sends_lines(struct rig *rig, const char *lines, enum sw_reason reason)
{
	char text[2048];

	sends(rig, text, with_lines(text, sizeof(text), "INVITE", NULL, lines), reason);
}

static void reports_lines(struct rig *rig, const char *method, const char *tag, const char *lines,
			  enum sw_reason reason)
{
	char text[2048];

	sends_shadowed(rig, text, with_lines(text, sizeof(text), method, tag, lines), reason);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
}

#define PAI "P-Asserted-Identity: <sip:+4930123@example.com>\r\n"

static void test_headers(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, headers: {report: [Diversion],\n"
				  "  deny: [P-Asserted-Identity, P-Charging-Vector]}}]\n");
	sends_lines(&rig, "", SW_REASON_NONE);
	sends_lines(&rig, PAI, SW_REASON_HEADER);
	sends_lines(&rig, "p-charging-vector : icid-value=1\r\n", SW_REASON_HEADER);
	sends_lines(&rig, "P-Preferred-Identity: <sip:a@example.com>\r\n", SW_REASON_NONE);
	sends_lines(&rig, "X-P-Asserted-Identity: <sip:a@example.com>\r\n", SW_REASON_NONE);
	sends_lines(&rig, "X: a\r\n P-Asserted-Identity: folded\r\n", SW_REASON_NONE);
	reports_lines(&rig, "INVITE", NULL, "Diversion: <sip:1@example.com>\r\n", SW_REASON_HEADER);
	/* Nothing is dropped that would end a call. */
	reports_lines(&rig, "INVITE", "t1", PAI, SW_REASON_HEADER);
	reports_lines(&rig, "BYE", NULL, PAI, SW_REASON_HEADER);
	size = response(text, sizeof(text), 200, "INVITE", 7) - 2;
	size += snprintf(text + size, sizeof(text) - size, PAI "\r\n");
	sends_shadowed(&rig, text, size, SW_REASON_HEADER);
}

static void test_tcp_is_only_counted(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size = with_lines(text, sizeof(text), "INVITE", NULL, PAI);

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, headers: {deny: [P-Asserted-Identity]}}]\n");
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame_shadowed(&rig, SW_REASON_HEADER);
}

static void test_emergency_calls_pass(void **state)
{
	auto_rig struct rig rig;
	char text[2048], *user;
	size_t size;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "emergency: {numbers: [\"11211\"], rate: 1/h}\n"
			    "zones: [{name: public, headers: {deny: [P-Asserted-Identity]}}]\n");
	size = with_lines(text, sizeof(text), "INVITE", NULL, PAI);
	sends(&rig, text, size, SW_REASON_HEADER);
	user = strstr(text, "alice");
	memcpy(user, "11211", 5);
	/* Beyond its budget it is judged like others, but not dropped for what it says. */
	for (int i = 0; i < 3; i++)
		sends_shadowed(&rig, text, size, SW_REASON_HEADER);
}

static void test_statuses(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, statuses: {deny: [3xx], report: [6xx]}}]\n");
	sends(&rig, text, response(text, sizeof(text), 302, "INVITE", 1), SW_REASON_STATUS);
	sends(&rig, text, response(text, sizeof(text), 399, "INVITE", 1), SW_REASON_STATUS);
	sends(&rig, text, response(text, sizeof(text), 299, "INVITE", 1), SW_REASON_NONE);
	sends(&rig, text, response(text, sizeof(text), 401, "INVITE", 1), SW_REASON_NONE);
	sends_shadowed(&rig, text, response(text, sizeof(text), 603, "INVITE", 1),
		       SW_REASON_STATUS);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
}

#define PLAIN4 "c: a/b\r\nc: a/b\r\nc: a/b\r\nc: a/b\r\n"

static void test_content_types(void **state)
{
	auto_rig struct rig rig;
	char line[512];

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones:\n"
			    "  - {name: trunk, sources: [203.0.113.0/24]}\n"
			    "  - {name: public, content_types: {deny: [application/vnd.3gpp.sms],\n"
			    "     report: [message/CPIM]}}\n");
	sends_lines(&rig, "Content-Type: application/vnd.3gpp.sms\r\n", SW_REASON_CONTENT_TYPE);
	sends_lines(&rig, "c: Application/VND.3gpp.SMS;x=y\r\n", SW_REASON_CONTENT_TYPE);
	sends_lines(&rig, "Content-Type : application\r\n / vnd.3gpp.sms ; x=y\r\n",
		    SW_REASON_CONTENT_TYPE);
	sends_lines(&rig, "Content-Type: application/vnd.3gpp.sms+xml\r\n", SW_REASON_NONE);
	sends_lines(&rig, "Content-Type: application/vnd.3gpp.sm\r\n", SW_REASON_NONE);
	sends_lines(&rig, "Content-Type: application/sdp\r\n", SW_REASON_NONE);
	sends_lines(&rig, "Content-Type: text/plain;x=\"application/vnd.3gpp.sms\"\r\n",
		    SW_REASON_NONE);
	reports_lines(&rig, "MESSAGE", NULL, "Content-Type: message/cpim\r\n",
		      SW_REASON_CONTENT_TYPE);
	/* Nobody knows which of two a server takes. */
	sends_lines(&rig, "Content-Type: text/plain\r\nc: application/vnd.3gpp.sms\r\n",
		    SW_REASON_CONTENT_TYPE);
	sends_lines(&rig, "c: message/cpim\r\nc: application/vnd.3gpp.sms\r\nc: a/b\r\n",
		    SW_REASON_CONTENT_TYPE);
	sends_lines(&rig, "Content-Type: text/plain\r\nc: application/sdp\r\n", SW_REASON_NONE);
	/* White space within: so much that the type is not seen may hide any. */
	snprintf(line, sizeof(line), "c: application%60s/%60s vnd.3gpp.sms\r\n", "", "");
	sends_lines(&rig, line, SW_REASON_CONTENT_TYPE);
	snprintf(line, sizeof(line), "c: application%60s/ vnd.3gpp.sms\r\n", "");
	sends_lines(&rig, line, SW_REASON_CONTENT_TYPE);
	snprintf(line, sizeof(line), "c: text%60s/ plain\r\n", "");
	sends_lines(&rig, line, SW_REASON_NONE);
	snprintf(line, sizeof(line), "c: text/plain%200s;x=y\r\n", "");
	sends_lines(&rig, line, SW_REASON_CONTENT_TYPE);
	memset(line, 'x', 300); /* it is only long */
	memcpy(line, "c: text/", 8);
	strcpy(line + 300, ";y\r\n");
	sends_lines(&rig, line, SW_REASON_NONE);
	/* More than are read, which no good message has, may hide anything. */
	sends_lines(&rig, PLAIN4 PLAIN4, SW_REASON_NONE);
	sends_lines(&rig, PLAIN4 PLAIN4 "c: a/b\r\n", SW_REASON_CONTENT_TYPE);
	rig.from.addr = address("203.0.113.5");
	sends_lines(&rig, "Content-Type: application/vnd.3gpp.sms\r\n", SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_tcp_is_only_counted),
		cmocka_unit_test(test_emergency_calls_pass),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_content_types),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
