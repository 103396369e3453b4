/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Session descriptions in messages: which are judged, and which never.
 */
#include "rig.h"

static const char good[] =
	"v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
	"m=audio 4000 RTP/AVP 0\r\n";
static const char bad[] =
	"v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
	"m=audio 99999 RTP/AVP 0\r\n";

static const char zones[] = YAML_PLAIN
	"zones:\n"
	"  - {name: trunk, sources: [203.0.113.0/24], sanity: {body: sdp}, mode: monitor}\n"
	"  - {name: free, sources: [192.0.2.128/25]}\n"
	"  - {name: public, sanity: {body: sdp}}\n"
	"shadow: [sdp_address]\n";

/* A message whose Content-Length is that of `body` and `more`. */
static size_t with_body(char *text, size_t size, const char *method, const char *tag,
			const char *type, const char *body, int more)
{
	size_t used = request(text, size, method, 1, tag) - strlen("Content-Length: 0\r\n\r\n");

	return used + snprintf(text + used, size - used, "%sContent-Length: %d\r\n\r\n%s", type,
			       (int)strlen(body) + more, body);
}

#define SDP "Content-Type: application/sdp\r\n"

static void sends_body(struct rig *rig, const char *method, const char *tag, const char *type,
		       const char *body, enum sw_reason reason)
{
	char text[4096];

	sends(rig, text, with_body(text, sizeof(text), method, tag, type, body, 0), reason);
}

static void test_requests(void **state)
{
	auto_rig struct rig rig;
	char text[4096];

	(void)state;
	rig_open(&rig, zones);
	sends_body(&rig, "INVITE", NULL, SDP, good, SW_REASON_NONE);
	sends_body(&rig, "INVITE", NULL, SDP, bad, SW_REASON_SDP_NUMBER);
	sends_body(&rig, "OPTIONS", NULL, SDP, bad, SW_REASON_SDP_NUMBER);
	sends_body(&rig, "INVITE", NULL, "c : Application / SDP ;x=y\r\n", bad,
		   SW_REASON_SDP_NUMBER);
	sends_body(&rig, "INVITE", NULL, SDP, "v=0\r\n", SW_REASON_SDP_ORDER);
	sends_body(&rig, "INVITE", NULL, SDP, "v=0\r\nx\r\n", SW_REASON_SDP_LINE);
	/* No body, another type, compressed. */
	sends_body(&rig, "INVITE", NULL, SDP, "", SW_REASON_NONE);
	sends_body(&rig, "INVITE", NULL, "Content-Type: application/sdpx\r\n", bad, SW_REASON_NONE);
	sends_body(&rig, "INVITE", NULL, "Content-Type: multipart/mixed;boundary=x\r\n", bad,
		   SW_REASON_NONE);
	sends_body(&rig, "INVITE", NULL, "", bad, SW_REASON_NONE);
	sends_body(&rig, "INVITE", NULL, SDP, "\x1f\x8b", SW_REASON_NONE);
	/* Octets behind the length are no part of the body. */
	sends(&rig, text, with_body(text, sizeof(text), "INVITE", NULL, SDP, bad, -25),
	      SW_REASON_NONE);
	sends(&rig, text, with_body(text, sizeof(text), "INVITE", NULL, SDP, bad, -20),
	      SW_REASON_SDP_LINE);
}

/* A call that is there lives on. */
static void test_inside_a_dialog(void **state)
{
	static const char *const methods[] = {"INVITE", "UPDATE", "INFO", "BYE"};
	auto_rig struct rig rig;
	char text[4096];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	for (size_t i = 0; i < array_size(methods); i++)
		sends_body(&rig, methods[i], "t1", SDP, bad, SW_REASON_NONE);
	sends_body(&rig, "ACK", NULL, SDP, bad, SW_REASON_NONE);
	sends_body(&rig, "PRACK", NULL, SDP, bad, SW_REASON_NONE);
	size = response(text, sizeof(text), 200, "INVITE", 1) - strlen("Content-Length: 0\r\n\r\n");
	size += snprintf(text + size, sizeof(text) - size, SDP "Content-Length: %zu\r\n\r\n%s",
			 strlen(bad), bad);
	sends(&rig, text, size, SW_REASON_NONE);
	/* TCP is a stream. */
	size = with_body(text, sizeof(text), "INVITE", NULL, SDP, bad, 0);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame(&rig, SW_REASON_NONE);
}

static void test_zones(void **state)
{
	auto_rig struct rig rig;
	char text[4096], *at;
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	size = with_body(text, sizeof(text), "INVITE", NULL, SDP, good, 0);
	at = strstr(text, "c=IN IP4 192.0.2.10");
	assert_non_null(at);
	memcpy(at + 9, "999", 3);
	sends_shadowed(&rig, text, size, SW_REASON_SDP_ADDRESS);
	rig.from.addr = address("203.0.113.1");
	size = with_body(text, sizeof(text), "INVITE", NULL, SDP, bad, 0);
	sends_shadowed(&rig, text, size, SW_REASON_SDP_NUMBER);
	rig.from.addr = address("192.0.2.200");
	sends_body(&rig, "INVITE", NULL, SDP, bad, SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_inside_a_dialog),
		cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
