/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The transport that a zone or a service requires: plain SIP where TLS or IPsec is required, and
 * messages that IMS sends in the clear all the same.
 */
#include <linux/in.h>

#include "client.h"

static const char *const zones = YAML_PLAIN
	"zones:\n"
	"  - {name: ims, sources: [198.51.100.0/24], require: ipsec, cleartext: 5/s burst 5}\n"
	"  - {name: trunk, sources: [203.0.113.0/24], require: tls}\n"
	"  - {name: public}\n"
	"emergency: {numbers: [\"112\"], rate: 1/s burst 1}\n";

static size_t registers(char *text, size_t size, const char *credentials)
{
	return snprintf(text, size,
			"REGISTER sip:ims.example.net SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKr1\r\n"
			"From: <sip:001010123456789@ims.example.net>;tag=1\r\n"
			"To: <sip:001010123456789@ims.example.net>\r\n"
			"Call-ID: r1@198.51.100.7\r\n"
			"CSeq: 1 REGISTER\r\n"
			"%s"
			"Security-Client: "
			"ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=3;port-s=4\r\n"
			"Content-Length: 0\r\n\r\n",
			credentials);
}

/* TS 24.229 5.1.1.2: the initial REGISTER carries credentials with an empty nonce, or none. */
#define EMPTY_NONCE                                                            \
	"Authorization: Digest username=\"001010123456789@ims.example.net\", " \
	"realm=\"ims.example.net\", nonce=\"\", uri=\"sip:ims.example.net\", response=\"\"\r\n"
#define REAL_NONCE                                                                     \
	"Authorization: Digest username=\"001010123456789@ims.example.net\", "         \
	"realm=\"ims.example.net\", nonce=\"c2VjcmV0\", uri=\"sip:ims.example.net\", " \
	"response=\"6629fae49393a05397450978507c4ef1\"\r\n"

static void test_ipsec(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	sends_method(&rig, "INVITE", 1, SW_REASON_CLEARTEXT);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_CLEARTEXT);
	size = registers(text, sizeof(text), REAL_NONCE);
	sends(&rig, text, size, SW_REASON_CLEARTEXT);
	for (int i = 0; i < 4; i++) {
		size = registers(text, sizeof(text), i % 2 ? EMPTY_NONCE : "");
		sends(&rig, text, size, SW_REASON_NONE);
	}
	sends(&rig, text, size, SW_REASON_NONE);
	sends(&rig, text, size, SW_REASON_CLEARTEXT); /* over its rate */
	rig.test_run.now += SECOND / 5;
	sends(&rig, text, size, SW_REASON_NONE);
	/* A message that may belong to an emergency call, or to an established call, is only
	 * counted. */
	size = request(text, sizeof(text), "BYE", 3, "abc");
	sends_shadowed(&rig, text, size, SW_REASON_CLEARTEXT);
	size = response(text, sizeof(text), 200, "INVITE", 4);
	sends_shadowed(&rig, text, size, SW_REASON_CLEARTEXT);
	sends(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	/* Others may. */
	rig.from.addr = address("192.0.2.77");
	sends_method(&rig, "INVITE", 5, SW_REASON_NONE);
}

static void test_tls_zone(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	rig.from.addr = address("203.0.113.5");
	sends_method(&rig, "INVITE", 1, SW_REASON_CLEARTEXT);
	size = registers(text, sizeof(text), "");
	sends(&rig, text, size, SW_REASON_CLEARTEXT);
	opens(&rig, text, size, SW_REASON_CLEARTEXT);
	/* TCP: nothing gets in before the first message, and only that is ever dropped. */
	size = request(text, sizeof(text), "INVITE", 2, NULL);
	opens(&rig, text, size, SW_REASON_CLEARTEXT);
	/* A message that is not complete may be an emergency call. */
	for (size_t cut = 1; cut < size; cut++) {
		connects(&rig);
		says(&rig, text, cut, SW_REASON_NONE);
		says(&rig, text + cut, size - cut, SW_REASON_CLEARTEXT);
	}
	opens(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_CLEARTEXT);
	connects(&rig);
	says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	says(&rig, text, size, SW_REASON_CLEARTEXT);
	/* On TLS it is right. */
	rig.to.port = 5061;
	opens_hello(&rig, 0x0301, 0x0303, 0x0304, SW_REASON_NONE);
	rig.to.port = 5060;
	/* A peer without the requirement. */
	rig.from.addr = address("192.0.2.77");
	opens(&rig, text, size, SW_REASON_NONE);
}

/* A running connection is not touched: sipward came later than it. */
static void test_running_connection(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size = request(text, sizeof(text), "INVITE", 2, NULL);

	(void)state;
	rig_open(&rig, zones);
	rig.from.addr = address("203.0.113.5");
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	for (uint64_t i = 1; i < 3; i++) {
		assert_true(gets_in_frame(&rig));
		assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_CLEARTEXT), i);
	}
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_CLEARTEXT), 0);
}

/* Emergency calls come in the clear (TS 24.229 5.1.6), over their budget too, and so does what
 * belongs to them. */
static void test_emergency(void **state)
{
	static const char *const sources[] = {"198.51.100.7", "203.0.113.5"};
	static const char *const uris[] = {"urn:service:sos", "urn:service:sos.fire",
					   "sip:112@ims.example.net", "tel:112"};
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, zones);
	for (size_t i = 0; i < array_size(sources) * array_size(uris) * 2; i++) {
		size_t size = snprintf(text, sizeof(text),
				       "INVITE %s SIP/2.0\r\n"
				       "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKe%zu\r\n"
				       "From: <sip:anonymous@anonymous.invalid>;tag=1\r\n"
				       "To: <urn:service:sos>\r\n"
				       "Call-ID: e%zu@198.51.100.7\r\n"
				       "CSeq: 1 INVITE\r\n"
				       "Content-Length: 0\r\n\r\n",
				       uris[i % array_size(uris)], i, i);

		rig.from.addr = address(sources[i / array_size(uris) % 2]);
		sends(&rig, text, size, SW_REASON_NONE);
		opens(&rig, text, size, SW_REASON_NONE);
	}
}

/* The protocols that carry SIP under IPsec: ESP, IKE, and ESP in UDP. */
static void test_ipsec_itself(void **state)
{
	static const uint8_t esp[64] = {0x12, 0x34, 0x56, 0x78};
	auto_rig struct rig rig;
	struct frame *f = &rig.frame;

	(void)state;
	rig_open(&rig, zones);
	frame_ethernet(f, 0x0800);
	frame_ip(f, &rig.from.addr, &rig.to.addr, IPPROTO_ESP);
	assert_true(frame_append(f, esp, sizeof(esp)));
	frame_finish(f);
	ignores_frame(&rig);
	for (int i = 0; i < 2; i++) {
		rig.from.port = rig.to.port = i ? 4500 : 500;
		assert_true(frame_message(f, &rig.from, &rig.to, false, esp, sizeof(esp)));
		ignores_frame(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipsec),
		cmocka_unit_test(test_tls_zone),
		cmocka_unit_test(test_running_connection),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_ipsec_itself),
	};

	return cmocka_run_group_tests_name("require", tests, NULL, NULL);
}
