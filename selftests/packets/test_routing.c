/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The way of a request: how many routes, how many branches, and whether it was here before.
 */
#include "rig.h"

#include <bpf/bpf.h>

static size_t with_lines(char *text, size_t size, const char *tag, const char *lines)
{
	size_t used = request(text, size, "INVITE", 1, tag) - 2;

	return used + snprintf(text + used, size - used, "%s\r\n", lines);
}

static void sends_lines(struct rig *rig, const char *lines, enum sw_reason reason)
{
	char text[4096];

	sends(rig, text, with_lines(text, sizeof(text), NULL, lines), reason);
}

static void reports_lines(struct rig *rig, const char *tag, const char *lines,
			  enum sw_reason reason)
{
	char text[4096];

	sends_shadowed(rig, text, with_lines(text, sizeof(text), tag, lines), reason);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
}

static void test_routes(void **state)
{
	auto_rig struct rig rig;
	static const char three[] = "Route: <sip:a;lr>, <sip:b;lr>\r\nRoute: <sip:c;lr>\r\n";
	static const char two[] = "Route: <sip:a;lr>, \"<x>\" <sip:b;lr>\r\n";

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: trunk, sources: [203.0.113.0/24], routing: {routes: 2}}\n"
		 "  - {name: public, routing: {routes: 2, record_routes: 1, action: deny}}\n");
	sends_lines(&rig, three, SW_REASON_ROUTE_COUNT);
	sends_lines(&rig, two, SW_REASON_NONE);
	sends_lines(&rig, "Record-Route: <sip:a;lr>\r\nRecord-Route: <sip:a;lr>\r\n",
		    SW_REASON_ROUTE_COUNT);
	sends_lines(&rig, "Record-Route: <sip:a;lr>\r\n", SW_REASON_NONE);
	/* A call that has so many proxies goes on. */
	reports_lines(&rig, "t", three, SW_REASON_ROUTE_COUNT);
	rig.from.addr = address("203.0.113.1");
	reports_lines(&rig, NULL, three, SW_REASON_ROUTE_COUNT);
}

static void test_max_breadth(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, routing: {max_breadth: 60, action: deny}}]\n");
	sends_lines(&rig, "Max-Breadth: 60\r\n", SW_REASON_NONE);
	sends_lines(&rig, "Max-Breadth: 61\r\n", SW_REASON_MAX_BREADTH);
	sends_lines(&rig, "max-breadth : 99999999999\r\n", SW_REASON_MAX_BREADTH);
	sends_lines(&rig, "Max-Breadth: many\r\n", SW_REASON_MAX_BREADTH);
	sends_lines(&rig, "", SW_REASON_NONE);
}

/* The bound of the zone, by values; request() has one. */
static void test_contacts(void **state)
{
	auto_rig struct rig rig;
	static const char three[] = "m: <sip:a@b>, \"c, d\" <sip:e,f@g>\r\nContact: sip:h@i\r\n";
	static const char four[] = "m: <sip:a@b>, <sip:c@d>\r\nContact: sip:e@f,sip:g@h\r\n";

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones:\n"
				  "  - {name: trunk, sources: [203.0.113.0/24]}\n"
				  "  - {name: public, sanity: {limits: {contacts: 4}}}\n");
	sends_lines(&rig, three, SW_REASON_NONE);
	sends_lines(&rig, four, SW_REASON_CONTACT_COUNT);
	rig.from.addr = address("203.0.113.1");
	sends_lines(&rig, four, SW_REASON_NONE);
}

static void add_local(struct rig *rig, const char *text)
{
	struct sw_addr addr = address(text);
	uint32_t one = 1;

	assert_int_equal(
		bpf_map_update_elem(rig->test_run.state.fds[STATE_LOCAL_ADDRS], &addr, &one, 0), 0);
}

/* Through an outbound proxy: this host, by its address or as the Request-URI names it. */
static void test_route_here(void **state)
{
	auto_rig struct rig rig;
	static const char *const here[] = {
		"<sip:192.0.2.1;lr>",           "<sip:192.0.2.1:5060;transport=udp;lr>",
		"<sip:[2001:db8::1];lr>",       "\t<sips:x@192.0.2.1> ",
		"Proxy <sip:192.0.2.1;lr>;x=1", "<sip:example.com;lr>",
		"<sip:example.com:5080>",
	};
	static const char *const elsewhere[] = {
		"<sip:192.0.2.9;lr>",
		"<sip:[2001:db8::2];lr>",
		"<sip:example.org;lr>",
		"<sip:192.0.2.1;lr>, <sip:192.0.2.9;lr>",
		"<sip:192.0.2.1;lr>, sip:192.0.2.9",
		"sip:192.0.2.9, <sip:192.0.2.1;lr>",
		"\"<sip:192.0.2.1>\" <sip:192.0.2.9;lr>",
		"<sip:192.0.2.1;lr>\r\nRoute: <sip:192.0.2.9;lr>",
		"<sip:192.0.2.1;maddr=192.0.2.9;lr>",
		"<sip:192.0.2.1;lr;MADDR=192.0.2.9>",
		"<sip:192.0.2.1@192.0.2.9>",
		"<sip:192.0.2.1",
		"sip:192.0.2.1",
		"<tel:192.0.2.1>",
		"<sip:>",
		"",
		"<sip:192.0.2.11;lr>",
		"<sip:www.example.com;lr>",
	};
	char line[512], text[2048];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, headers: {deny: [Route]}}]\n");
	add_local(&rig, "192.0.2.1");
	add_local(&rig, "2001:db8::1");
	for (size_t i = 0; i < array_size(here); i++) {
		snprintf(line, sizeof(line), "Route: %s\r\n", here[i]);
		sends_lines(&rig, line, SW_REASON_NONE);
	}
	for (size_t i = 0; i < array_size(elsewhere); i++) {
		snprintf(line, sizeof(line), "Route: %s\r\n", elsewhere[i]);
		sends_lines(&rig, line, SW_REASON_ROUTE_PRELOADED);
	}
	sends_lines(&rig, "Record-Route: <sip:192.0.2.9;lr>\r\n", SW_REASON_NONE);
	/* A route that Record-Route asked for is no preloaded route. */
	sends(&rig, text, with_lines(text, sizeof(text), "t1", "Route: <sip:192.0.2.9;lr>\r\n"),
	      SW_REASON_NONE);
}

#define BRANCH ";branch=z9hG4bK1\r\n"

static void test_own_via(void **state)
{
	static const char *const own[] = {
		"Via: SIP/2.0/UDP 192.0.2.1:5060" BRANCH,
		"v: SIP/2.0/UDP 192.0.2.1" BRANCH,
		"Via: SIP / 2.0 / UDP 192.0.2.1 : 5060" BRANCH,
		"Via: SIP/2.0/UDP 10.0.0.1" BRANCH "Via: SIP/2.0/TCP 192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP 10.0.0.1;x=y, SIP/2.0/UDP 192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP 10.0.0.1" BRANCH "v:SIP/2.0/UDP h" BRANCH "VIA: SIP/2.0/UDP "
		"192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP a" BRANCH "Max-Forwards: 9\r\nVia: SIP/2.0/UDP b" BRANCH
		"X: y\r\nv: SIP/2.0/UDP c,SIP/2.0/UDP d,\r\n"
		" SIP/2.0/UDP e, SIP/2.0/UDP 192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8::1]:5060" BRANCH,
		"Via: SIP/2.0/UDP [2001:DB8:0:0:0:0:0:1]" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8:0::0:1]" BRANCH,
		"Via: SIP/2.0/UDP [fe80::]" BRANCH,
		"Via: SIP/2.0/UDP [::7]" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8:1:2:3:4:5:6]" BRANCH,
	};
	static const char *const others[] = {
		"Via: SIP/2.0/UDP 192.0.2.10" BRANCH,
		"Via: SIP/2.0/UDP 192.0.2.257" BRANCH,
		"Via: SIP/2.0/UDP 1920.2.1.1" BRANCH,
		"Via: SIP/2.0/UDP 192.0.2.1.1" BRANCH,
		"Via: SIP/2.0/UDP 192.0.2" BRANCH,
		"Via: SIP/2.0/UDP host.192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP h;received=192.0.2.1" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8::2]" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8::1::]" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8:1]" BRANCH,
		"Via: SIP/2.0/UDP [2001:db8:1:2:3:4:5:6:7]" BRANCH,
		"Via: SIP/2.0/UDP [fe80:]" BRANCH,
		"Via: SIP/2.0/UDP [" BRANCH,
		"Via: SIP/2.0/UDP []" BRANCH,
		"Via: SIP/2.0/UDP h" BRANCH "X-Via: SIP/2.0/UDP 192.0.2.1" BRANCH,
	};
	static const char rest[] = "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\n"
				   "CSeq: 1 INVITE\r\n"
				   "Content-Length: 0\r\n\r\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, routing: {own_via: report}}]\n");
	add_local(&rig, "192.0.2.1");
	add_local(&rig, "2001:db8::1");
	add_local(&rig, "fe80::");
	add_local(&rig, "::7");
	add_local(&rig, "2001:db8:1:2:3:4:5:6");
	for (size_t i = 0; i < array_size(own) + array_size(others); i++) {
		bool is_own = i < array_size(own);
		auto_free char *text =
			xasprintf("INVITE sip:x@y SIP/2.0\r\n%s%s",
				  is_own ? own[i] : others[i - array_size(own)], rest);

		if (is_own)
			sends_shadowed(&rig, text, strlen(text), SW_REASON_VIA_OWN);
		else
			sends(&rig, text, strlen(text), SW_REASON_NONE);
	}
	/* Of an answer to the server's own request it is the top one, and is no loop. */
	{
		char text[1024];

		sends(&rig, text, response(text, sizeof(text), 200, "INVITE", 1), SW_REASON_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),   cmocka_unit_test(test_max_breadth),
		cmocka_unit_test(test_contacts), cmocka_unit_test(test_route_here),
		cmocka_unit_test(test_own_via),
	};

	return cmocka_run_group_tests_name("routing", tests, NULL, NULL);
}
