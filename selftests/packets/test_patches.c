/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The operator's own rules: what they match, however it is written, and what stands next to it.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <netinet/in.h>

#include "kernel/compile_patches.h"
#include "kernel/skeleton.h"

#include "rig.h"

#define RULES(rules) YAML_PLAIN "sanity: {profile: off}\nrules: [" rules "]\n"

struct sip {
	const char *method; /* INVITE unless said */
	const char *uri;
	const char *tag;   /* of To */
	const char *lines; /* more headers, in front of the others */
	const char *body;
};

static size_t write_sip(char *text, size_t size, struct sip sip)
{
	const char *method = sip.method ? sip.method : "INVITE";

	return snprintf(text, size,
			"%s %s SIP/2.0\r\n"
			"%s"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1234\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:bob@example.com>;tag=f1\r\n"
			"To: <sip:alice@example.com>%s%s\r\n"
			"Call-ID: 1@198.51.100.7\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"Content-Length: %zu\r\n\r\n%s",
			method, sip.uri ? sip.uri : "sip:alice@example.com",
			sip.lines ? sip.lines : "", sip.tag ? ";tag=" : "", sip.tag ? sip.tag : "",
			method, sip.body ? strlen(sip.body) : 0, sip.body ? sip.body : "");
}

static void gets(struct rig *rig, struct sip sip, enum sw_reason reason)
{
	char text[32768];

	sends(rig, text, write_sip(text, sizeof(text), sip), reason);
}

static void reported(struct rig *rig, struct sip sip)
{
	char text[32768];

	sends_shadowed(rig, text, write_sip(text, sizeof(text), sip), SW_REASON_PATCH);
}

static void denies(struct rig *rig, const char *lines)
{
	gets(rig, (struct sip){.lines = lines}, SW_REASON_PATCH);
}

static void passes(struct rig *rig, const char *lines)
{
	gets(rig, (struct sip){.lines = lines}, SW_REASON_NONE);
}

static struct sw_patch_name entry_of(const struct rig *rig, uint32_t number)
{
	struct sw_patch_name entry = {};

	assert_int_equal(bpf_map_lookup_elem(rig->test_run.state.fds[STATE_PATCH_NAMES], &number,
					     &entry),
			 0);
	return entry;
}

static void test_contains(void **state)
{
	auto_rig struct rig rig;
	struct sw_patch_name entry;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, contains: \"%n%n\", action: deny}"));
	passes(&rig, NULL);
	denies(&rig, "X-Foo: %n%n\r\n");
	assert_int_equal(outcome.patch, 1);
	assert_int_equal(outcome.patch_length, 4);
	denies(&rig, "X-Foo: abcdefghijklmnopq%n%nrs\r\n");
	denies(&rig, "x-fOO  \t:%n%n%n\r\n");
	denies(&rig, "X-Foo:\r\n  %n%n\r\n");
	denies(&rig, "X-Foo: a\r\n\tb\r\n c%n%n\r\n");
	denies(&rig, "X-Foo: a\nX-Foo: %n%n\n");
	denies(&rig, "X-Foo: a\r\nX-Foo: b\r\nX-Bar: c\r\nX-Foo: %n%n\r\n");
	passes(&rig, "X-Foo: %n%\r\n");
	passes(&rig, "X-Foo: %n%\r\n n\r\n");
	passes(&rig, "X-Foo: %N%N\r\n");
	passes(&rig, "X-Foo2: %n%n\r\n");
	passes(&rig, "X-Fo: %n%n\r\n");
	passes(&rig, "X-Foo: a\r\nX-Bar: %n%n\r\n");
	passes(&rig, "X-Foo: a\r\nX-Bar: X-Foo: %n%n\r\n");
	passes(&rig, "X-Foo: %n\r\n%n: a\r\n");
	/* In the body it is no header. */
	gets(&rig, (struct sip){.body = "X-Foo: %n%n\r\n"}, SW_REASON_NONE);
	entry = entry_of(&rig, 0);
	assert_string_equal(entry.name, "cve");
	assert_int_equal(entry.refused, 7);
	assert_int_equal(entry.reported, 0);
}

/* Every place of a word, and every length of a text. */
static void test_places(void **state)
{
	static const char text[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=/";

	(void)state;
	for (int length = 2; length <= 64; length += length < 10 ? 1 : 18) {
		auto_free char *yaml = xasprintf(
			RULES("{name: cve, header: X-Foo, contains: \"%.*s\", action: deny}"),
			length, text);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		for (int before = 0; before < 20; before++) {
			auto_free char *line = xasprintf("X-Foo:%.*saa%.*s\r\n", before,
							 "aaaaaaaaaaaaaaaaaaaaaa", length, text);
			char *last = line + strlen(line) - 3;

			denies(&rig, line);
			assert_int_equal(outcome.patch_length, length);
			*last = '~';
			passes(&rig, line);
			/* The text goes on behind the value. */
			memcpy(last, "\r\n", 3);
			passes(&rig, line);
		}
	}
}

static void test_nocase(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, contains: \"E[v]il\", nocase: true, "
			     "action: deny}"));
	denies(&rig, "X-Foo: E[v]il\r\n");
	denies(&rig, "X-Foo: a e[V]IL\r\n");
	passes(&rig, "X-Foo: e{v}il\r\n");
	passes(&rig, "X-Foo: \305[v]il\r\n");
}

static void test_prefix(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, prefix: evil-value, action: deny}"));
	denies(&rig, "X-Foo: evil-value\r\n");
	denies(&rig, "X-Foo:evil-value2\r\n");
	denies(&rig, "X-Foo: \r\n\tevil-value\r\n");
	denies(&rig, "X-Foo: a\r\nX-Foo: evil-value\r\n");
	passes(&rig, "X-Foo: evil-valu\r\n");
	passes(&rig, "X-Foo: an evil-value\r\n");
	passes(&rig, "X-Foo: Evil-value\r\n");
}

static void test_longer(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, longer: 9, action: deny}"));
	passes(&rig, "X-Foo: 123456789\r\n");
	passes(&rig, "X-Foo:   123456789  \r\n");
	denies(&rig, "X-Foo: 1234567890\r\n");
	denies(&rig, "X-Foo: 12345\r\n 67890\r\n");
	passes(&rig, "X-Foo: 1\r\nX-Foo: 2\r\nX-Bar: 1234567890\r\n");
}

/* A header that is there at all. */
static void test_present(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, action: deny}"));
	denies(&rig, "X-Foo:\r\n");
	denies(&rig, "X-FOO: 1\r\n");
	passes(&rig, "X-Foo 1\r\n");
	passes(&rig, "X-Bar: 1\r\n");
}

static void test_compact_names(void **state)
{
	static const char *const names[] = {"Session-Expires", "x"};

	(void)state;
	for (size_t i = 0; i < array_size(names); i++) {
		auto_free char *yaml = xasprintf(
			RULES("{name: cve, header: %s, longer: 5, action: deny}"), names[i]);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		denies(&rig, "Session-Expires: 123456\r\n");
		denies(&rig, "x: 123456\r\n");
		denies(&rig, "X\t: 123456\r\n");
		passes(&rig, "x: 12345\r\n");
		passes(&rig, "xx: 123456\r\n");
		passes(&rig, "y: 123456\r\n");
		passes(&rig, "Session-Expire: 123456\r\n");
	}
}

static void test_request_uri(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: Request-URI, contains: \";evil=\", "
			     "action: deny}"));
	gets(&rig, (struct sip){.uri = "sip:a@example.com;evil=1"}, SW_REASON_PATCH);
	gets(&rig, (struct sip){.uri = "sip:a@example.com;evi=1"}, SW_REASON_NONE);
	passes(&rig, "Request-URI: ;evil=\r\n");
	passes(&rig, "X-Foo: ;evil=\r\n");
}

static void test_body(void **state)
{
	auto_rig struct rig rig;
	char body[8000];

	(void)state;
	rig_open(&rig, RULES("{name: cve, body_contains: \"a=evil\", action: deny}"));
	gets(&rig, (struct sip){.body = "v=0\r\na=evil"}, SW_REASON_PATCH);
	gets(&rig, (struct sip){.body = "v=0\r\na=evi"}, SW_REASON_NONE);
	gets(&rig, (struct sip){.body = NULL}, SW_REASON_NONE);
	passes(&rig, "a=evil: a=evil\r\n");
	/* As far as a datagram goes. */
	memset(body, 'a', sizeof(body));
	memcpy(body + sizeof(body) - 7, "a=evil", 7);
	gets(&rig, (struct sip){.body = body}, SW_REASON_PATCH);
	body[sizeof(body) - 2] = 'k';
	gets(&rig, (struct sip){.body = body}, SW_REASON_NONE);
}

/* Both parts, or it does not match. */
static void test_header_and_body(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, contains: bad, body_contains: evil, "
			     "action: deny}"));
	gets(&rig, (struct sip){.lines = "X-Foo: bad\r\n", .body = "evil"}, SW_REASON_PATCH);
	gets(&rig, (struct sip){.lines = "X-Foo: bad\r\n", .body = "good"}, SW_REASON_NONE);
	gets(&rig, (struct sip){.lines = "X-Foo: good\r\n", .body = "evil"}, SW_REASON_NONE);
	gets(&rig, (struct sip){.lines = "X-Foo: bad\r\n"}, SW_REASON_NONE);
}

static void test_methods_and_zones(void **state)
{
	static const char *const yaml = YAML_PLAIN
		"zones: [{name: a, sources: [203.0.113.0/24]}, {name: public}]\n"
		"rules: [{name: cve, zones: [a], methods: [OPTIONS, other], header: X-Foo, "
		"action: deny}]\n";
	auto_rig struct rig rig;
	const char *lines = "X-Foo: 1\r\n";

	(void)state;
	rig_open(&rig, yaml);
	gets(&rig, (struct sip){.method = "OPTIONS", .lines = lines}, SW_REASON_NONE);
	rig.from.addr = address("203.0.113.7");
	gets(&rig, (struct sip){.method = "OPTIONS", .lines = lines}, SW_REASON_PATCH);
	gets(&rig, (struct sip){.method = "PROPFIND", .lines = lines}, SW_REASON_PATCH);
	gets(&rig, (struct sip){.lines = lines}, SW_REASON_NONE);
	gets(&rig, (struct sip){.method = "OPTIONS"}, SW_REASON_NONE);
	assert_int_equal(counted_in(&rig, "a", SW_MODE_ENFORCE, SW_REASON_PATCH), 2);
}

static void test_responses_pass(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, action: deny}"));
	size = response(text, sizeof(text), 200, "INVITE", 1) - 2;
	size += snprintf(text + size, sizeof(text) - size, "X-Foo: 1\r\n\r\n");
	sends(&rig, text, size, SW_REASON_NONE);
}

/* A call goes on, unless the operator says so. */
static void test_dialogs(void **state)
{
	const struct sip inside = {.tag = "t", .lines = "X-Foo: 1\r\n"};
	const struct sip bye = {.method = "BYE", .tag = "t", .lines = "X-Foo: 1\r\n"};

	(void)state;
	{
		auto_rig struct rig rig;

		rig_open(&rig, RULES("{name: cve, header: X-Foo, action: deny}"));
		reported(&rig, inside);
		reported(&rig, bye);
		denies(&rig, "X-Foo: 1\r\n");
		assert_int_equal(entry_of(&rig, 0).reported, 2);
		assert_int_equal(entry_of(&rig, 0).refused, 1);
	}
	{
		auto_rig struct rig rig;

		rig_open(&rig, RULES("{name: cve, header: X-Foo, action: deny, in_dialog: deny}"));
		gets(&rig, inside, SW_REASON_PATCH);
		gets(&rig, bye, SW_REASON_PATCH);
		gets(&rig, (struct sip){.method = "BYE", .tag = "t"}, SW_REASON_NONE);
	}
}

static void test_emergency(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {numbers: [\"112\"], rate: 1/h burst 1}\n"
				  "rules: [{name: cve, header: X-Foo, action: deny, "
				  "in_dialog: deny}]\n");
	for (int i = 0; i < 3; i++) {
		reported(&rig, (struct sip){.uri = "sip:112@b", .lines = "X-Foo: 1\r\n"});
		reported(&rig, (struct sip){.uri = "urn:service:sos", .lines = "X-Foo: 1\r\n"});
		reported(&rig, (struct sip){.method = "ACK",
					    .uri = "sip:112@b",
					    .tag = "t",
					    .lines = "X-Foo: 1\r\n"});
	}
	gets(&rig, (struct sip){.uri = "sip:113@b", .lines = "X-Foo: 1\r\n"}, SW_REASON_PATCH);
	/* Only a call is one: an exploit has any Request-URI that it likes. */
	gets(&rig, (struct sip){.method = "OPTIONS", .uri = "sip:112@b", .lines = "X-Foo: 1\r\n"},
	     SW_REASON_PATCH);
	gets(&rig,
	     (struct sip){.method = "MESSAGE", .uri = "urn:service:sos", .lines = "X-Foo: 1\r\n"},
	     SW_REASON_PATCH);
}

/* Content never drops a segment. */
static void test_tcp(void **state)
{
	auto_rig struct rig rig;
	char text[4096];
	size_t size;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, body_contains: evil, action: deny}"));
	size = write_sip(text, sizeof(text), (struct sip){.lines = "X-Foo: 1\r\n", .body = "evil"});
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame_shadowed(&rig, SW_REASON_PATCH);
	/* The rest may come in the next segment: nothing is said of that. */
	sends_tcp(&rig, text, size - 1, SW_REASON_NONE);
	sends_tcp(&rig, text, 60, SW_REASON_NONE);
}

/* The first of two fragments has `size` octets of the message. */
static void first_fragment(struct rig *rig, const char *text, size_t size)
{
	frame_ethernet(&rig->frame, ETH_P_IP);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_UDP);
	((struct iphdr *)(rig->frame.octets + rig->frame.ip))->frag_off = htons(0x2000);
	frame_udp(&rig->frame, rig->from.port, rig->to.port);
	assert_true(frame_append(&rig->frame, text, size / 8 * 8));
	frame_finish(&rig->frame);
}

/* What is behind the first fragment may match. */
static void test_fragments(void **state)
{
	static const char *const unread[] = {"", ", unread: report", ", unread: deny",
					     ", unread: off"};
	char text[4096];
	size_t size = write_sip(text, sizeof(text),
				(struct sip){.lines = "X-Foo: bad\r\n", .body = "12345678 evil"});
	size_t head = strstr(text, "From:") - text;

	(void)state;
	for (size_t i = 0; i < array_size(unread); i++) {
		auto_free char *yaml = xasprintf(
			RULES("{name: cve, header: X-Foo, contains: bad, body_contains: evil, "
			      "action: deny%s}, {name: other, header: X-Bar, unread: off}"),
			unread[i]);
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		first_fragment(&rig, text, size - 8);
		if (i < 2)
			sends_frame_shadowed(&rig, SW_REASON_PATCH);
		else
			sends_frame(&rig, i == 2 ? SW_REASON_PATCH : SW_REASON_NONE);
		if (i == 2)
			assert_int_equal(outcome.patch_length, 0);
		/* What is there decides where it can. */
		first_fragment(&rig, text, size + 7);
		sends_frame(&rig, SW_REASON_PATCH);
	}
	{
		auto_rig struct rig rig;

		rig_open(&rig, RULES("{name: cve, header: CSeq, contains: evil, action: deny, "
				     "unread: deny}"));
		first_fragment(&rig, text, size - 8);
		sends_frame(&rig, SW_REASON_NONE);
		first_fragment(&rig, text, head);
		sends_frame(&rig, SW_REASON_PATCH);
	}
}

/* More than is read of a message, of a header section, of a line. */
static void test_reach(void **state)
{
	static char body[20000], lines[20000];
	auto_rig struct rig rig;
	size_t used = 0;

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, contains: bad, body_contains: evil, "
			     "action: deny}, {name: far, header: X-Far, action: deny, "
			     "unread: deny}"));
	memset(body, 'a', sizeof(body) - 1);
	reported(&rig, (struct sip){.lines = "X-Foo: bad\r\n", .body = body});
	body[16000] = '\0';
	memcpy(body + 15990, "evil", 4);
	body[15000] = '\0';
	gets(&rig, (struct sip){.lines = "X-Foo: bad\r\n", .body = body}, SW_REASON_NONE);
	/* 1024 lines are read; the messages of write_sip() have 10 more. */
	while (used < 4 * 1014)
		used += sprintf(lines + used, "a:\r\n");
	passes(&rig, lines);
	strcpy(lines + used, "a:\r\n");
	gets(&rig, (struct sip){.lines = lines}, SW_REASON_PATCH);
	assert_int_equal(outcome.patch, 2);
	/* A header is read as far as any header may be. */
	memset(lines, 'b', 5000);
	memcpy(lines, "X-Bar: ", 7);
	strcpy(lines + 4090, "\r\n");
	passes(&rig, lines);
	memset(lines + 4090, 'b', 10);
	strcpy(lines + 4200, "\r\n");
	gets(&rig, (struct sip){.lines = lines}, SW_REASON_PATCH);
	/* White space in front of a value, likewise. */
	memset(lines, ' ', 4000);
	memcpy(lines, "X-Foo: ", 7);
	strcpy(lines + 3000, "\r\n");
	reported(&rig, (struct sip){.lines = lines, .body = "evil"});
	passes(&rig, lines);
}

/* Eight rules on one message: the first that denies decides. */
static void test_many_rules(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, RULES("{name: r1, header: X-1}, {name: r2, header: X-2}, "
			     "{name: r3, header: X-3}, {name: r4, header: X-4}, "
			     "{name: r5, header: X-5}, {name: r6, header: X-6}, "
			     "{name: r7, header: X-7, action: deny}, "
			     "{name: r8, header: X-8, action: deny}"));
	reported(&rig, (struct sip){.lines = "X-5: 1\r\nX-2: 1\r\n"});
	assert_int_equal(outcome.patch, 2);
	denies(&rig, "X-8: 1\r\nX-2: 1\r\nX-7: 1\r\n");
	assert_int_equal(outcome.patch, 7);
	passes(&rig, "X-9: 1\r\n");
	denies(&rig, "X-8: 1\r\n");
	assert_int_equal(outcome.patch, 8);
	assert_int_equal(entry_of(&rig, 1).reported, 1);
	assert_int_equal(entry_of(&rig, 6).refused, 1);
	assert_int_equal(entry_of(&rig, 7).refused, 1);
	assert_int_equal(entry_of(&rig, 4).reported, 0);
}

static void test_monitor_and_shadow(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [patch]\n"
				  "rules: [{name: cve, header: X-Foo, action: deny}]\n");
	reported(&rig, (struct sip){.lines = "X-Foo: 1\r\n"});
	assert_int_equal(outcome.patch, 1);
	assert_int_equal(entry_of(&rig, 0).reported, 1);
	gets(&rig, (struct sip){}, SW_REASON_NONE);
	assert_int_equal(outcome.patch, 0);
}

static uint8_t numbered(struct rig *rig, const char *name, uint64_t generation)
{
	struct patch patch = {};
	struct policy policy = {.patches = &patch, .patch_count = 1};
	struct sw_policy compiled = {.generation = generation};
	struct error e = {};

	snprintf(patch.name, sizeof(patch.name), "%s", name);
	if (state_number_patches(&rig->test_run.state, &policy, &compiled, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(entry_of(rig, compiled.patches[0].number).name, name);
	return compiled.patches[0].number;
}

/* A rule keeps its number and its count by its name; the oldest that is gone gives way. */
static void test_numbers(void **state)
{
	auto_rig struct rig rig;
	char name[16];

	(void)state;
	rig_open(&rig, RULES("{name: cve, header: X-Foo, action: deny}"));
	denies(&rig, "X-Foo: 1\r\n");
	for (int i = 1; i < SW_PATCH_NUMBERS; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		assert_int_equal(numbered(&rig, name, 1 + i), i);
	}
	assert_int_equal(numbered(&rig, "r9", 100), 9);
	assert_int_equal(numbered(&rig, "cve", 101), 0);
	assert_int_equal(entry_of(&rig, 0).refused, 1);
	assert_int_equal(numbered(&rig, "new", 102), 0);
	assert_int_equal(entry_of(&rig, 0).refused, 0);
	assert_int_equal(numbered(&rig, "newer", 103), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_nocase),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_compact_names),
		cmocka_unit_test(test_request_uri),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_header_and_body),
		cmocka_unit_test(test_methods_and_zones),
		cmocka_unit_test(test_responses_pass),
		cmocka_unit_test(test_dialogs),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_monitor_and_shadow),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("patches", tests, NULL, NULL);
}
