/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Private data that leaves for a zone that is not trusted with it.
 */
#include "outbound.h"
#include "policy/names.h"

static const char *const zones = YAML_PLAIN
	"privacy: {hosts: [core.example.net, SBC7]}\n"
	"emergency: {numbers: [\"112\"]}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24],\n"
	"     privacy: {report: [P-Asserted-Identity, addresses], deny: [P-Charging-Vector, "
	"hosts]}}\n"
	"  - {name: peer, sources: [\"2001:db8:5::/48\"], privacy: {deny: [P-Asserted-Identity,"
	" addresses]}}\n"
	"  - {name: core, sources: [198.51.100.0/24]}\n"
	"  - {name: public}\n";

#define CARRIER "203.0.113.5"
#define CORE    "198.51.100.5"

/* It leaves, and this reason is counted as reported; SW_REASON_NONE: none is. */
static void reported(struct rig *rig, const char *to, struct sent what, enum sw_reason reason)
{
	static const enum sw_reason all[] = {
		SW_REASON_PRIVACY_IDENTITY, SW_REASON_PRIVACY_ASSERTED, SW_REASON_PRIVACY_CHARGING,
		SW_REASON_PRIVACY_ADDRESS,  SW_REASON_PRIVACY_HOST,
	};
	uint64_t before[array_size(all)];

	for (size_t i = 0; i < array_size(all); i++)
		before[i] = counted(rig, SW_MODE_MONITOR, all[i]);
	assert_int_equal((int)leaves(rig, to, &what), TC_ACT_UNSPEC);
	for (size_t i = 0; i < array_size(all); i++)
		if (counted(rig, SW_MODE_MONITOR, all[i]) - before[i] != (all[i] == reason))
			fail_msg("%s: %s counted %lu more, wanted %s",
				 what.headers ? what.headers : "-", reason_name(all[i]),
				 (unsigned long)(counted(rig, SW_MODE_MONITOR, all[i]) - before[i]),
				 reason_name(reason));
}

#define HEADERS(text) ((struct sent){.headers = text})
#define PAI           "P-Asserted-Identity: <sip:+4930123456@example.com>\r\n"
#define PCV           "P-Charging-Vector: icid-value=1234bc9876e;icid-generated-at=192.0.6.8\r\n"

static void test_identity(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	reported(&rig, CARRIER, HEADERS(NULL), SW_REASON_NONE);
	reported(&rig, CARRIER, HEADERS(PAI), SW_REASON_PRIVACY_ASSERTED);
	reported(&rig, CARRIER, HEADERS(PAI "Privacy: id\r\n"), SW_REASON_PRIVACY_IDENTITY);
	reported(&rig, CARRIER, HEADERS(PAI "Privacy: header; ID ;critical\r\n"),
		 SW_REASON_PRIVACY_IDENTITY);
	reported(&rig, CARRIER, HEADERS(PAI "Privacy: none\r\n"), SW_REASON_PRIVACY_ASSERTED);
	reported(&rig, CARRIER, HEADERS(PAI "Privacy: identity;header\r\n"),
		 SW_REASON_PRIVACY_ASSERTED);
	reported(&rig, CARRIER, HEADERS("Privacy: id\r\n"), SW_REASON_NONE);
	/* A zone that is trusted with the identity may have it. */
	reported(&rig, CORE, HEADERS(PAI "Privacy: id\r\n"), SW_REASON_NONE);
	assert_int_equal(counted_in(&rig, "carrier", SW_MODE_MONITOR, SW_REASON_PRIVACY_IDENTITY),
			 2);
	/* Denied is what was withheld. */
	dropped(&rig, "2001:db8:5::9", HEADERS(PAI "Privacy: id\r\n"), SW_REASON_PRIVACY_IDENTITY);
	reported(&rig, "2001:db8:5::9", HEADERS(PAI), SW_REASON_PRIVACY_ASSERTED);
	reported(&rig, "2001:db8:6::9", HEADERS(PAI "Privacy: id\r\n"), SW_REASON_NONE);
}

/* A response, or a request inside a dialog, is never dropped: the call would die. */
static void test_calls_are_spared(void **state)
{
	static const char *const emergencies[] = {
		"INVITE urn:service:sos SIP/2.0",
		"INVITE sip:112@psap.example SIP/2.0",
	};
	static const char *const spared[] = {
		"SIP/2.0 200 OK",
		"SIP/2.0 180 Ringing",
		"ACK sip:alice@carrier.example SIP/2.0",
		"BYE sip:alice@carrier.example SIP/2.0",
		"CANCEL sip:alice@carrier.example SIP/2.0",
		"PRACK sip:alice@carrier.example SIP/2.0",
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	dropped(&rig, CARRIER, HEADERS(PCV), SW_REASON_PRIVACY_CHARGING);
	dropped(&rig, CARRIER,
		(struct sent){
			.start = "MESSAGE sip:alice@carrier.example SIP/2.0",
			.headers = PCV,
		},
		SW_REASON_PRIVACY_CHARGING);
	reported(&rig, CARRIER, (struct sent){.tag = ";tag=2", .headers = PCV},
		 SW_REASON_PRIVACY_CHARGING);
	for (size_t i = 0; i < array_size(spared); i++)
		reported(&rig, CARRIER, (struct sent){.start = spared[i], .headers = PCV},
			 SW_REASON_PRIVACY_CHARGING);
	for (size_t i = 0; i < array_size(emergencies); i++)
		reported(&rig, CARRIER, (struct sent){.start = emergencies[i], .headers = PCV},
			 SW_REASON_PRIVACY_CHARGING);
	reported(&rig, CORE, HEADERS(PCV), SW_REASON_NONE);
}

static void test_addresses(void **state)
{
	static const char *const inner[] = {
		"Contact: <sip:bob@10.1.2.3:5060>\r\n",
		"Contact: sip:bob@192.168.0.1\r\n",
		"m: \"Bob\" <sip:172.16.0.1>\r\n",
		"Contact: <sip:bob@172.31.255.1;transport=tcp>\r\n",
		"Record-Route: <sip:192.0.2.1;lr>, <sip:10.0.0.9;lr>\r\n",
		"Contact: <sip:bob@192.0.2.1>\r\nContact: <sip:bob@10.1.2.3>\r\n",
		"Record-Route: <sip:192.0.2.1;lr>\r\nX: y\r\nRecord-Route: <sip:192.0.2.2;lr>\r\n"
		"Record-Route: <sip:10.0.0.9;lr>\r\n",
		"Contact: <sip:bob@[fd12:3456::1]:5060>\r\n",
		"Contact: <sips:bob@[FC00::1]>\r\n",
	};
	static const char *const outer[] = {
		"Contact: <sip:bob@192.0.2.1>\r\n",
		"Contact: <sip:bob@172.32.0.1>\r\n",
		"Contact: <sip:bob@172.15.0.1>\r\n",
		"Contact: <sip:bob@192.0.2.1>\r\nContact: <sip:bob@192.0.2.2>\r\n",
		"Contact: <sip:bob@192.169.0.1>\r\n",
		"Contact: <sip:bob@100.10.0.1>\r\n",
		"Contact: <sip:10.example.com>\r\n",
		"Contact: <sip:bob@10.trunk.example>\r\n",
		"Contact: <sip:10.0.0.1@example.com>\r\n",
		"Contact: <sip:bob@[2001:db8::fd00]>\r\n",
		"Contact: <sip:bob@[fe80::1]>\r\n",
		"Contact: <sip:fd.example.com>\r\n",
		"Contact: *\r\n",
		"Contact: <tel:+49301234>\r\n",
		"Record-Route: <sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>\r\n",
		"X-Note: <sip:10.0.0.1>\r\n",
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	for (size_t i = 0; i < array_size(inner); i++)
		reported(&rig, CARRIER, HEADERS(inner[i]), SW_REASON_PRIVACY_ADDRESS);
	for (size_t i = 0; i < array_size(outer); i++)
		reported(&rig, CARRIER, HEADERS(outer[i]), SW_REASON_NONE);
	reported(&rig, CARRIER, (struct sent){.via = "10.0.0.2:5060"}, SW_REASON_PRIVACY_ADDRESS);
	/* The Via of a response is the other side's own. */
	reported(&rig, CARRIER, (struct sent){.start = "SIP/2.0 200 OK", .via = "10.0.0.2"},
		 SW_REASON_NONE);
	dropped(&rig, "2001:db8:5::9", HEADERS(inner[0]), SW_REASON_PRIVACY_ADDRESS);
}

static void test_hosts(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	dropped(&rig, CARRIER, HEADERS("Contact: <sip:bob@core.example.net>\r\n"),
		SW_REASON_PRIVACY_HOST);
	dropped(&rig, CARRIER, HEADERS("Contact: <sip:bob@db1.Core.Example.NET:5060>\r\n"),
		SW_REASON_PRIVACY_HOST);
	dropped(&rig, CARRIER, HEADERS("Record-Route: <sip:sbc7;lr>\r\n"), SW_REASON_PRIVACY_HOST);
	dropped(&rig, CARRIER, (struct sent){.via = "sbc7:5060"}, SW_REASON_PRIVACY_HOST);
	reported(&rig, CARRIER, HEADERS("Contact: <sip:bob@score.example.net>\r\n"),
		 SW_REASON_NONE);
	reported(&rig, CARRIER, HEADERS("Contact: <sip:bob@example.net>\r\n"), SW_REASON_NONE);
	reported(&rig, CARRIER, HEADERS("Contact: <sip:core.example.net@example.org>\r\n"),
		 SW_REASON_NONE);
	reported(&rig, CARRIER, HEADERS("Contact: <sip:sbc7.example.org>\r\n"), SW_REASON_NONE);
}

/* On TCP nothing is dropped, whatever it is. */
static void test_tcp(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	for (int way = TCP; way <= TCP_OPENED; way++) {
		reported(&rig, CARRIER, (struct sent){.headers = PCV, .way = way},
			 SW_REASON_PRIVACY_CHARGING);
		reported(&rig, CARRIER, (struct sent){.headers = NULL, .way = way}, SW_REASON_NONE);
		reported(&rig, CORE, (struct sent){.headers = PCV, .way = way}, SW_REASON_NONE);
		reported(&rig, "2001:db8:5::9",
			 (struct sent){
				 .headers = "Contact: <sip:bob@10.1.2.3:5060>\r\n",
				 .way = way,
			 },
			 SW_REASON_PRIVACY_ADDRESS);
		/* A segment that only goes on with a message. */
		reported(&rig, CARRIER, (struct sent){.start = "x", .headers = PCV, .way = way},
			 SW_REASON_NONE);
	}
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_PRIVACY_CHARGING), 0);
}

static void test_monitor(void **state)
{
	static const char *const policies[] = {
		"mode: monitor\n" YAML_PLAIN "zones: [{name: public, "
		"privacy: {deny: [P-Charging-Vector]}}]\n",
		"shadow: [privacy_charging]\n" YAML_PLAIN
		"zones: [{name: public, privacy: {deny: [P-Charging-Vector]}}]\n",
		YAML_PLAIN "zones: [{name: public, mode: monitor, "
			   "privacy: {deny: [P-Charging-Vector]}}]\n",
	};

	(void)state;
	for (size_t i = 0; i < array_size(policies); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, policies[i]);
		reported(&rig, CARRIER, HEADERS(PCV), SW_REASON_PRIVACY_CHARGING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),  cmocka_unit_test(test_calls_are_spared),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_tcp),       cmocka_unit_test(test_monitor),
	};

	return cmocka_run_group_tests_name("privacy", tests, NULL, NULL);
}
