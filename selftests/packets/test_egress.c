/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages that the server may not send to a zone.
 */
#include "outbound.h"
#include "kernel/state_values.h"
#include "policy/names.h"

#include <sipward/health.h>

static const char *const zones = YAML_PLAIN
	"emergency: {numbers: [\"112\"]}\n"
	"zones:\n"
	"  - name: machines\n"
	"    sources: [203.0.113.0/24, \"2001:db8:5::/48\"]\n"
	"    egress:\n"
	"      methods: [INVITE, OPTIONS, MESSAGE]\n"
	"      unlisted: deny\n"
	"      statuses: {report: [5xx], deny: [3xx]}\n"
	"      content_types: {deny: [application/vnd.3gpp.sms], report: [message/cpim]}\n"
	"      headers: {deny: [Diversion, Route], report: [P-Asserted-Identity]}\n"
	"  - {name: watched, sources: [198.51.99.0/24], egress: {methods: [other]}}\n"
	"  - {name: inward, sources: [198.51.100.0/24], methods: [INVITE], "
	"statuses: {deny: [3xx]},\n"
	"     content_types: {deny: [application/vnd.3gpp.sms]}, headers: {deny: [Diversion]}}\n"
	"  - {name: public}\n";

#define MACHINE  "203.0.113.5"
#define MACHINE6 "2001:db8:5::9"
#define WATCHED  "198.51.99.5"
#define INWARD   "198.51.100.5"

#define METHOD(name) ((struct sent){.start = name " sip:a@b.example SIP/2.0", .cseq = name})
#define INSIDE(name) \
	((struct sent){.start = name " sip:a@b.example SIP/2.0", .cseq = name, .tag = ";tag=2"})
#define RESPONSE(line) ((struct sent){.start = "SIP/2.0 " line, .tag = ";tag=2"})
#define HEADERS(text)  ((struct sent){.headers = text})
#define SMS            "Content-Type: application/vnd.3gpp.sms\r\n"

/* The sum of all reasons of one mode, so that none moves unseen. */
static uint64_t counted_all(const struct rig *rig, enum sw_mode mode)
{
	uint64_t sum = 0;

	for (int i = SW_REASON_NONE; i < SW_REASON_COUNT; i++)
		sum += counted(rig, mode, i);
	return sum;
}

static void passes(struct rig *rig, const char *to, struct sent what)
{
	uint64_t before = counted_all(rig, SW_MODE_MONITOR) + counted_all(rig, SW_MODE_ENFORCE);

	assert_int_equal((int)leaves(rig, to, &what), TC_ACT_UNSPEC);
	if (counted_all(rig, SW_MODE_MONITOR) + counted_all(rig, SW_MODE_ENFORCE) != before)
		fail_msg("%s %s: counted", what.start ?: "INVITE", what.headers ?: "-");
}

/* It leaves, and this reason alone is counted. */
static void reported(struct rig *rig, const char *to, struct sent what, enum sw_reason reason)
{
	uint64_t one = counted(rig, SW_MODE_MONITOR, reason);
	uint64_t all = counted_all(rig, SW_MODE_MONITOR);

	if ((int)leaves(rig, to, &what) != TC_ACT_UNSPEC)
		fail_msg("%s %s: dropped", what.start ?: "INVITE", what.headers ?: "-");
	if (counted(rig, SW_MODE_MONITOR, reason) != one + 1)
		fail_msg("%s %s: no %s", what.start ?: "INVITE", what.headers ?: "-",
			 reason_name(reason));
	assert_int_equal(counted_all(rig, SW_MODE_MONITOR), all + 1);
}

static void test_methods(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	passes(&rig, MACHINE, METHOD("INVITE"));
	passes(&rig, MACHINE, METHOD("MESSAGE"));
	dropped(&rig, MACHINE, METHOD("SUBSCRIBE"), SW_REASON_EGRESS_METHOD);
	dropped(&rig, MACHINE, METHOD("NOTIFY"), SW_REASON_EGRESS_METHOD);
	dropped(&rig, MACHINE6, METHOD("REFER"), SW_REASON_EGRESS_METHOD);
	dropped(&rig, MACHINE, METHOD("FOO"), SW_REASON_EGRESS_METHOD);
	assert_int_equal(counted_in(&rig, "machines", SW_MODE_ENFORCE, SW_REASON_EGRESS_METHOD), 4);
	/* Inside a dialog the zone agreed to what comes, and calls must be able to end. */
	passes(&rig, MACHINE, INSIDE("REFER"));
	passes(&rig, MACHINE, INSIDE("UPDATE"));
	passes(&rig, MACHINE, METHOD("ACK"));
	passes(&rig, MACHINE, METHOD("BYE"));
	passes(&rig, MACHINE, METHOD("CANCEL"));
	passes(&rig, MACHINE, METHOD("PRACK"));
	passes(&rig, MACHINE, RESPONSE("200 OK"));
	/* Reported, unless the zone says otherwise. */
	reported(&rig, WATCHED, METHOD("INVITE"), SW_REASON_EGRESS_METHOD);
	passes(&rig, WATCHED, METHOD("FOO"));
	/* The methods that a zone may send do not matter here. */
	passes(&rig, INWARD, METHOD("NOTIFY"));
	passes(&rig, "192.0.2.77", METHOD("NOTIFY"));
}

/* The agent's own OPTIONS, which makes a newcomer known, is nothing that the server says. */
static void test_probe(void **state)
{
	struct sent probe = METHOD("OPTIONS");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 100/s}, privacy: {deny: [addresses]},\n"
		 "  egress: {methods: [INVITE], unlisted: deny}}]\n");
	probe.via = "10.0.0.1:5060";
	dropped(&rig, MACHINE, probe, SW_REASON_EGRESS_METHOD);
	probe.branch = SW_PROBE_BRANCH "0123456789abcdef0123456789abcdef";
	passes(&rig, MACHINE, probe);
	/* But for its whole branch, and its method. */
	probe.branch = SW_PROBE_BRANCH "0123456789abcdef0123456789abcde";
	dropped(&rig, MACHINE, probe, SW_REASON_EGRESS_METHOD);
	probe = METHOD("MESSAGE");
	probe.branch = SW_PROBE_BRANCH "0123456789abcdef0123456789abcdef";
	dropped(&rig, MACHINE, probe, SW_REASON_EGRESS_METHOD);
}

static void observer_is(struct rig *rig, bool good)
{
	struct sw_health health = {};

	if (good) {
		health.heartbeat = rig->test_run.now;
		health.observed_from = health.heartbeat - SW_OBSERVED_FOR;
	}
	state_health_write(&rig->test_run.state, &health);
}

static void test_statuses(void **state)
{
	struct sent bye = RESPONSE("302 Moved"), redirect = RESPONSE("302 Moved");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	rig.test_run.now = 1000 * SECOND;
	observer_is(&rig, true);
	dropped(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS);
	dropped(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS); /* its retransmission */
	dropped(&rig, MACHINE6, RESPONSE("300 Multiple Choices"), SW_REASON_EGRESS_STATUS);
	passes(&rig, MACHINE, RESPONSE("180 Ringing"));
	passes(&rig, MACHINE, RESPONSE("486 Busy"));
	reported(&rig, MACHINE, RESPONSE("503 Unavailable"), SW_REASON_EGRESS_STATUS);
	passes(&rig, INWARD, redirect);
	passes(&rig, WATCHED, redirect);
	bye.cseq = "BYE";
	reported(&rig, MACHINE, bye, SW_REASON_EGRESS_STATUS);
	/* While nobody knows which dialogs there are. */
	observer_is(&rig, false);
	reported(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS);
}

/* A redirect that a call in progress hangs on, or one to an emergency service. */
static void test_redirects_that_live(void **state)
{
	static const char *const emergencies[] = {"<urn:service:sos>", "<urn:service:sos.fire>",
						  "<sip:112@example.com>", "urn:service:sos"};
	struct sent redirect = RESPONSE("302 Moved"), emergency = RESPONSE("302 Moved");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	rig.test_run.now = 1000 * SECOND;
	observer_is(&rig, true);
	dropped(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS);
	passes(&rig, MACHINE, RESPONSE("200 OK"));
	reported(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS);
	redirect.call = "2@192.168.7.7"; /* another call */
	dropped(&rig, MACHINE, redirect, SW_REASON_EGRESS_STATUS);
	/* TS 24.229 5.2.10: this call is an emergency call. */
	emergency.start = "SIP/2.0 380 Alternative Service";
	emergency.call = "3@192.168.7.7";
	reported(&rig, MACHINE, emergency, SW_REASON_EGRESS_STATUS);
	emergency.start = "SIP/2.0 381 Another";
	dropped(&rig, MACHINE, emergency, SW_REASON_EGRESS_STATUS);
	for (size_t i = 0; i < array_size(emergencies); i++) {
		emergency.callee = emergencies[i];
		reported(&rig, MACHINE, emergency, SW_REASON_EGRESS_STATUS);
	}
}

static void test_content_types(void **state)
{
	struct sent message = METHOD("MESSAGE"), inside = INSIDE("INFO"), answer = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	message.headers = inside.headers = SMS;
	dropped(&rig, MACHINE, message, SW_REASON_EGRESS_CONTENT_TYPE);
	dropped(&rig, MACHINE6, message, SW_REASON_EGRESS_CONTENT_TYPE);
	reported(&rig, MACHINE, inside, SW_REASON_EGRESS_CONTENT_TYPE);
	passes(&rig, INWARD, message);
	message.headers = "c: Application / Vnd.3gpp.SMS;x=y\r\n";
	dropped(&rig, MACHINE, message, SW_REASON_EGRESS_CONTENT_TYPE);
	message.headers = "Content-Type: text/plain\r\n" SMS; /* nobody knows which line is read */
	dropped(&rig, MACHINE, message, SW_REASON_EGRESS_CONTENT_TYPE);
	message.headers = "Content-Type: message/cpim\r\n";
	reported(&rig, MACHINE, message, SW_REASON_EGRESS_CONTENT_TYPE);
	message.headers = "Content-Type: application/vnd.3gpp.sms-x\r\n";
	passes(&rig, MACHINE, message);
	message.headers = "Content-Type: text/plain\r\n";
	passes(&rig, MACHINE, message);
	answer = RESPONSE("200 OK");
	answer.headers = SMS;
	passes(&rig, MACHINE, answer);
}

static void test_headers(void **state)
{
	static const char diversion[] = "Diversion: <sip:+49301@example.com>\r\n";
	static const char route[] = "Route: <sip:192.0.2.9;lr>\r\n";
	struct sent answer = RESPONSE("200 OK"), inside = INSIDE("INVITE"), bye = METHOD("BYE");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	dropped(&rig, MACHINE, HEADERS(diversion), SW_REASON_EGRESS_HEADER);
	dropped(&rig, MACHINE, HEADERS(route), SW_REASON_EGRESS_HEADER);
	reported(&rig, MACHINE, HEADERS("P-Asserted-Identity: <sip:a@b.example>\r\n"),
		 SW_REASON_EGRESS_HEADER);
	passes(&rig, MACHINE, HEADERS("P-Preferred-Identity: <sip:a@b.example>\r\n"));
	passes(&rig, INWARD, HEADERS(diversion));
	answer.headers = inside.headers = bye.headers = diversion;
	reported(&rig, MACHINE, answer, SW_REASON_EGRESS_HEADER);
	reported(&rig, MACHINE, inside, SW_REASON_EGRESS_HEADER);
	reported(&rig, MACHINE, bye, SW_REASON_EGRESS_HEADER);
	inside.headers = answer.headers = route; /* as Record-Route asked for */
	passes(&rig, MACHINE, inside);
	passes(&rig, MACHINE, answer);
}

static void test_emergency(void **state)
{
	static const char *const emergencies[] = {
		"INVITE urn:service:sos SIP/2.0",
		"INVITE sip:112@psap.example SIP/2.0",
		"MESSAGE sip:112@psap.example SIP/2.0",
	};
	static const char *const called[] = {"<urn:service:sos>", "urn:service:sos.police",
					     "\"Help\" <sip:112@example.com>"};
	struct sent message = METHOD("MESSAGE");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	for (size_t i = 0; i < array_size(emergencies); i++)
		reported(&rig, MACHINE, (struct sent){.start = emergencies[i], .headers = SMS},
			 SW_REASON_EGRESS_CONTENT_TYPE);
	dropped(&rig, MACHINE,
		(struct sent){.start = "INVITE sip:1120@psap.example SIP/2.0", .headers = SMS},
		SW_REASON_EGRESS_CONTENT_TYPE);
	reported(&rig, MACHINE, (struct sent){.start = "NOTIFY urn:service:sos SIP/2.0"},
		 SW_REASON_EGRESS_METHOD);
	/* The server found out who helps: only To still says what the caller asked for. */
	for (size_t i = 0; i < array_size(called); i++)
		reported(&rig, MACHINE, (struct sent){.callee = called[i], .headers = SMS},
			 SW_REASON_EGRESS_CONTENT_TYPE);
	message.callee = called[0];
	message.headers = SMS;
	dropped(&rig, MACHINE, message, SW_REASON_EGRESS_CONTENT_TYPE);
}

/* A segment that is lost is sent again, until the connection dies. */
static void test_tcp(void **state)
{
	struct sent method = METHOD("NOTIFY"), redirect = RESPONSE("302 Moved");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	rig.test_run.now = 1000 * SECOND;
	observer_is(&rig, true);
	method.way = redirect.way = TCP;
	reported(&rig, MACHINE, method, SW_REASON_EGRESS_METHOD);
	reported(&rig, MACHINE6, redirect, SW_REASON_EGRESS_STATUS);
	method.start = "OPTIONS sip:a@b.example SIP/2.0";
	passes(&rig, MACHINE, method);
	method = METHOD("NOTIFY");
	method.way = TCP_OPENED;
	reported(&rig, MACHINE, method, SW_REASON_EGRESS_METHOD);
	method.start = "of a body that began in the segment before"; /* TCP content that goes on */
	method.headers = SMS;
	passes(&rig, MACHINE, method);
}

static void test_monitor(void **state)
{
	static const char *const policies[] = {
		"mode: monitor\n" YAML_PLAIN
		"zones: [{name: public, egress: {methods: [INVITE], unlisted: deny}}]\n",
		"shadow: [egress_method]\n" YAML_PLAIN
		"zones: [{name: public, egress: {methods: [INVITE], unlisted: deny}}]\n",
		YAML_PLAIN "zones: [{name: public, mode: monitor, egress: {methods: [INVITE], "
			   "unlisted: deny}}]\n",
		YAML_PLAIN "zones: [{name: public, egress: {methods: [INVITE], "
			   "unlisted: report}}]\n",
	};

	(void)state;
	for (size_t i = 0; i < array_size(policies); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, policies[i]);
		reported(&rig, MACHINE, METHOD("NOTIFY"), SW_REASON_EGRESS_METHOD);
	}
}

/* Vias and routes stand before To: while it is not seen, a request may be inside a dialog. Here the
 * first fragment ends before it. */
static void test_to_is_not_seen(void **state)
{
	struct sent what = INSIDE("UPDATE");
	auto_rig struct rig rig;
	struct error e = {};
	uint64_t before;
	uint8_t *to;

	(void)state;
	rig_open(&rig, zones);
	what.headers = "Diversion: <sip:+49301@example.com>\r\n";
	reported(&rig, MACHINE, what, SW_REASON_EGRESS_HEADER);
	to = memmem(rig.frame.octets, rig.frame.size, "\r\nTo:", 5);
	assert_non_null(to);
	rig.frame.size = to + 4 - rig.frame.octets;
	rig.frame.octets[16] = (rig.frame.size - 14) >> 8;
	rig.frame.octets[17] = rig.frame.size - 14;
	before = counted_all(&rig, SW_MODE_ENFORCE);
	assert_int_equal(test_run_outbound(&rig.test_run, rig.frame.octets, rig.frame.size, &e), 0);
	assert_int_equal((int)rig.test_run.outbound_verdict, TC_ACT_UNSPEC);
	assert_int_equal(counted_all(&rig, SW_MODE_ENFORCE), before);
}

/* A header behind the many lines of a long way is read all the same. */
static void test_header_behind_many_routes(void **state)
{
	char via[4096] = "192.0.2.1:5060";
	struct sent what = {.via = via, .headers = "Diversion: <sip:+49301@b.example>\r\n"};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	while (strlen(via) < 3000)
		strcat(via, "\r\nRecord-Route: <sip:192.0.2.9;lr;did=0123456789abcdef>");
	dropped(&rig, MACHINE, what, SW_REASON_EGRESS_HEADER);
	what.tag = ";tag=2";
	reported(&rig, MACHINE, what, SW_REASON_EGRESS_HEADER);
}

/* From a port of a service, but not from an address of it: transit, or somebody else's. */
static void test_address_of_no_service(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\n"
		       "services: [{transport: udp, port: 5060, addresses: [192.0.2.1]},\n"
		       "           {transport: tcp, port: 5060, addresses: [192.0.2.1]}]\n"
		       "zones: [{name: public, egress: {methods: [INVITE], unlisted: deny}}]\n");
	dropped(&rig, MACHINE, METHOD("NOTIFY"), SW_REASON_EGRESS_METHOD);
	rig.to.addr = address("192.0.2.9");
	passes(&rig, MACHINE, METHOD("NOTIFY"));
	rig.to.addr = address("192.0.2.1");
	dropped(&rig, MACHINE, METHOD("NOTIFY"), SW_REASON_EGRESS_METHOD);
}

/* A message that several rules match is counted by each, and dropped when one rule denies it. */
/* Puts options of four octets, which say nothing, into the IPv4 header. */
static void add_options(struct frame *frame)
{
	uint8_t *behind = frame->octets + frame->ip + 20;

	memmove(behind + 4, behind, frame->size - frame->ip - 20);
	memset(behind, 1, 4);
	frame->octets[frame->ip] = 0x46;
	frame->size += 4;
	frame->transport += 4;
	frame_finish(frame);
}

/* What leaves the port of a service is judged, however its header looks; what leaves any other is
 * not, but for TCP that goes to one. */
static void test_ports(void **state)
{
	static const char text[] = "INVITE sip:a@b.example SIP/2.0\r\nDiversion: <sip:x@y>\r\n"
				   "To: <sip:alice@example.com>\r\n\r\n";
	static const uint16_t ports[] = {5060, 16384};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	for (int i = 0; i < 32; i++) {
		bool ipv6 = i & 1, tcp = i & 2, options = i & 4;
		uint16_t from = ports[i >> 3 & 1], to = ports[i >> 4 & 1];
		struct endpoint peer = {.addr = address(ipv6 ? MACHINE6 : MACHINE), .port = to};
		struct endpoint server = {.addr = address(ipv6 ? "2001:db8::1" : "192.0.2.1"),
					  .port = from};
		uint64_t before =
			counted_all(&rig, SW_MODE_MONITOR) + counted_all(&rig, SW_MODE_ENFORCE);

		assert_true(frame_message(&rig.frame, &server, &peer, tcp, text, sizeof(text) - 1));
		if (options && !ipv6)
			add_options(&rig.frame);
		sends_out_frame(&rig);
		assert_int_equal(counted_all(&rig, SW_MODE_MONITOR) +
					 counted_all(&rig, SW_MODE_ENFORCE) - before,
				 from == 5060 || (tcp && to == 5060));
	}
}

static void test_several_rules_match(void **state)
{
	struct sent what = METHOD("NOTIFY");
	auto_rig struct rig rig;
	uint64_t found;

	(void)state;
	rig_open(&rig, zones);
	what.headers = SMS "P-Asserted-Identity: <sip:a@b.example>\r\n";
	dropped(&rig, MACHINE, what, SW_REASON_EGRESS_METHOD);
	found = counted(&rig, SW_MODE_ENFORCE, SW_REASON_EGRESS_CONTENT_TYPE);
	assert_int_equal(found, 1);
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_EGRESS_HEADER), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_redirects_that_live),
		cmocka_unit_test(test_content_types),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_to_is_not_seen),
		cmocka_unit_test(test_header_behind_many_routes),
		cmocka_unit_test(test_address_of_no_service),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_several_rules_match),
	};

	return cmocka_run_group_tests_name("egress", tests, NULL, NULL);
}
