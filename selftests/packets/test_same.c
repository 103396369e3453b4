/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One scanner, two compilers: the BPF program and the native build read the same octets and
 * must find the same, down to the last span. Messages are generated, then mutated.
 */
#include "rig.h"

#include <linux/bpf.h>

#include "policy/names.h"
#include "sip/sip_scan.h"
#include "sip_generate.h"

#define MESSAGES 100000

static struct sip_buf buf;

/* The octets behind the message must not matter: they are other rubbish each time. */
static void scan_natively(const struct rig *rig, const uint8_t *text, size_t size,
			  struct sip_msg *msg)
{
	struct sip_input in = {.length = size, .datagram_length = size};
	static uint8_t rubbish;

	memset(buf.octets + size, rubbish++, SW_SCAN_PAD);
	memcpy(buf.octets, text, size);
	in.want = SW_SANITY_STRICT;
	in.bounds = rig->policy.zones[0].bounds;
	memset(msg, 0, sizeof(*msg));
	sip_scan(&buf, &in, msg);
}

static void compare(struct rig *rig, const uint8_t *text, size_t size, unsigned int n)
{
	const struct sip_msg *theirs = test_run_message(&rig->test_run);
	struct sip_msg ours;
	bool in = gets_in(rig, (const char *)text, size);

	/* No verdict without a reason. */
	assert_true(!in == (outcome.verdict == SW_TEST_RUN_DROP && outcome.reason));
	if (!outcome.scanned)
		return;
	scan_natively(rig, text, size, &ours);
	if (memcmp(&ours, theirs, sizeof(ours)) == 0)
		return;
	for (size_t i = 0; i < sizeof(ours); i++)
		if (((uint8_t *)&ours)[i] != ((const uint8_t *)theirs)[i])
			print_message("octet %zu of sip_msg: native %u, BPF %u\n", i,
				      ((uint8_t *)&ours)[i], ((const uint8_t *)theirs)[i]);
	fail_msg("message %u differs:\n%.*s", n, (int)size, text);
}

static const char *const strict = YAML_PLAIN "sanity: {profile: strict}\n";

static void test_generated(void **state)
{
	static uint8_t text[SW_MESSAGE_MAX];
	auto_rig struct rig rig;
	struct sip_random random = {.state = 1};

	(void)state;
	rig_open_all(&rig, strict);
	for (unsigned int n = 0; n < MESSAGES / 4; n++) {
		size_t size = sip_generate(&random, text, sizeof(text));

		compare(&rig, text, size, n);
		/* The generator makes valid messages. */
		if (outcome.verdict == SW_TEST_RUN_DROP)
			fail_msg("a valid message was dropped: %s\n%.*s",
				 reason_name(outcome.reason), (int)size, text);
	}
}

static void test_mutated(void **state)
{
	static uint8_t text[SW_MESSAGE_MAX];
	auto_rig struct rig rig;
	struct sip_random random = {.state = 2};

	(void)state;
	rig_open_all(&rig, strict);
	for (unsigned int n = 0; n < MESSAGES; n++) {
		size_t size = sip_generate(&random, text, sizeof(text));

		size = sip_mutate(&random, text, size, sizeof(text));
		compare(&rig, text, size, n);
	}
}

static void test_every_length(void **state)
{
	static uint8_t text[SW_MESSAGE_MAX];
	auto_rig struct rig rig;
	struct sip_random random = {.state = 3};
	size_t size;

	(void)state;
	rig_open_all(&rig, strict);
	do
		size = sip_generate(&random, text, sizeof(text));
	while (size < 1500);
	for (size_t cut = 0; cut <= 1500; cut++)
		compare(&rig, text, cut, cut);
}

/* What stands in a first line, and around one. */
static size_t make_head(struct sip_random *random, uint8_t *text)
{
	static const char *const parts[] = {"INVITE",  "invite",   "GET",       "A",     " ",
					    "  ",      "/",        ":",         "\r\n",  "\n",
					    "\r",      "\t",       "=",         "sip:a", "SIP/2.0",
					    "sip/2.0", "siP/2.0 ", "200",       "\xe2",  "\x7f",
					    "SIP",     "2.0",      "-.!%*_+`'~"};
	static const char rest[] = " sip:b SIP/2.0\r\nVia: x\r\n\r\n";
	size_t size = 0;

	for (uint32_t count = 1 + sip_random_below(random, 6); count; count--) {
		const char *part = parts[sip_random_below(random, array_size(parts))];

		memcpy(text + size, part, strlen(part));
		size += strlen(part);
	}
	memcpy(text + size, rest, sizeof(rest) - 1);
	return size + sizeof(rest) - 1;
}

/* A TCP segment that is let by unread begins no message, as the scanner would say. */
static void test_unread_segments(void **state)
{
	uint8_t text[256];
	auto_rig struct rig rig;
	struct sip_random random = {.state = 5};
	unsigned int unread = 0, begin = 0;

	(void)state;
	rig_open_all(&rig, YAML_PLAIN "zones: [{name: public, unproven: {segment: 1000000/s}}]\n");
	for (unsigned int n = 0; n < MESSAGES; n++) {
		size_t size = make_head(&random, text);
		struct sip_msg msg;

		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
		assert_true(gets_in_frame(&rig));
		scan_natively(&rig, text, size, &msg);
		unread += !outcome.scanned;
		begin += msg.flags & SIP_START;
		if (outcome.message == SW_MESSAGE_WEBSOCKET) /* "GET " */
			continue;
		if (!outcome.scanned && msg.flags & SIP_START)
			fail_msg("segment %u begins a message:\n%.*s", n, (int)size, text);
	}
	assert_true(unread > MESSAGES / 4 && begin > MESSAGES / 20);
}

static void test_every_octet_flipped(void **state)
{
	static uint8_t text[SW_MESSAGE_MAX];
	auto_rig struct rig rig;
	struct sip_random random = {.state = 4};
	size_t size = sip_generate(&random, text, sizeof(text));

	(void)state;
	rig_open_all(&rig, strict);
	for (size_t i = 0; i < size; i++) {
		for (int bit = 0; bit < 8; bit++) {
			text[i] ^= 1 << bit;
			compare(&rig, text, size, i);
			text[i] ^= 1 << bit;
		}
	}
}

/* Whether a drop by the program that scans for everything is one for what only that reads. */
static bool is_where_read(const struct sw_test_run *outcome)
{
	int check = sanity_of(outcome->reason);

	return outcome->verdict == SW_TEST_RUN_DROP && check >= 0 && SIP_WHERE_READ >> check & 1;
}

/* The program as it is attached leaves out what its policy does not use: the verdicts must be
 * those of the one that scans for everything, but for what nobody reads. */
static void same_verdicts(const char *yaml)
{
	static uint8_t text[SW_MESSAGE_MAX];
	static struct frame frame;
	auto_test_run struct test_run real = {.state = STATE_CLOSED, .counters = -1};
	struct sip_random random = {.state = 5};
	auto_rig struct rig rig;
	struct sw_test_run nothing;
	struct error e = {};

	rig_open_all(&rig, yaml);
	if (test_run_open_real(&real, &rig.policy, &e) < 0)
		fail_msg("%s", e.text);
	for (unsigned int n = 0; n < MESSAGES / 4; n++) {
		size_t size = sip_generate(&random, text, sizeof(text));
		int full, lean;

		if (n % 4)
			size = sip_mutate(&random, text, size, sizeof(text));
		assert_true(frame_message(&frame, &rig.from, &rig.to, false, text, size));
		full = test_run_inbound(&rig.test_run, frame.octets, frame.size, &outcome, &e);
		lean = test_run_inbound(&real, frame.octets, frame.size, &nothing, &e);
		assert_string_equal(e.text, "");
		if (full != lean && !(lean == XDP_PASS && is_where_read(&outcome)))
			fail_msg("message %u: %d with all work, %d without, reason %s\n%.*s", n,
				 full, lean, reason_name(outcome.reason), (int)size, text);
	}
}

static void test_lean_default(void **state)
{
	(void)state;
	same_verdicts(YAML_PLAIN "zones: [{name: public, methods: [INVITE, OPTIONS, REGISTER]}]\n");
}

static void test_lean_strict(void **state)
{
	(void)state;
	same_verdicts(YAML_PLAIN "sanity: {profile: strict}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),       cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_every_length),    cmocka_unit_test(test_every_octet_flipped),
		cmocka_unit_test(test_lean_default),    cmocka_unit_test(test_lean_strict),
		cmocka_unit_test(test_unread_segments),
	};

	return cmocka_run_group_tests_name("same", tests, NULL, NULL);
}
