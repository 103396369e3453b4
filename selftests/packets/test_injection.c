/* SPDX-License-Identifier: GPL-2.0-only
 *
 * SQL and markup in URIs, names and usernames; and the quotes, hyphens and words that are not.
 */
#include "rig.h"

#include <glob.h>

/* clang-format off */
static const char *const attacks[] = {
	"' or 1=1 --", "'%20or%201=1--", "%27%20OR%20%271%27=%271", "x' and '1'='1",
	"1'; drop table users", "' union select 1,2", "1%20union%20select%20password--", "admin'--",
	"';waitfor delay '0:0:5'--", "'-sleep(5)", "1%20and%20benchmark(99,1)%2f%2a",
	"exec xp_cmdshell('dir')", "<script>alert(1)</script>", "%3cScRiPt%3e", "<!DOCTYPE x>",
	"<!ENTITY x SYSTEM 'file:'>", "<img src=x onerror=alert(1)>", "javascript:alert(1)",
	"';INSERT INTO subscriber values(1)",
};
/* clang-format on */

/* clang-format off */
static const char *const names[] = {
	"O'Brien", "O'Reilly -- Select Sales", "Union Select Bank", "drop-in--center",
	"d'Artagnan; tel", "Sales (North)", "100% Pure", "it's 50%", "Rock'n'Roll", "--", "'", "''",
	"Mike's 'Best' Select Union", "The Script", "Insert Coin", "or 1=1", "a/b/*",
	"(sleep) well", "Waitforit Ltd", "%27", "table 'or", "JavaScript Support", "<sip>",
};
/* clang-format on */

/* Of a method that may come inside a dialog: of such a one it is counted only. */
static size_t write_request(char *text, size_t size, const char *user, const char *name,
			    const char *login)
{
	return snprintf(text, size,
			"OPTIONS sip:%s@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK12\r\n"
			"Max-Forwards: 70\r\n"
			"From: \"%s\" <sip:bob@example.com>;tag=1\r\n"
			"To: <sip:bob@example.com>\r\n"
			"Call-ID: 1\r\n"
			"CSeq: 1 OPTIONS\r\n"
			"Authorization: Digest username=\"%s\", realm=\"x\", nonce=\"y\"\r\n"
			"Content-Length: 0\r\n\r\n",
			user, name, login);
}

/* In each place where it may stand. */
static void says(struct rig *rig, const char *what, enum sw_reason reason)
{
	char text[4096];

	if (!strchr(what, ' '))
		sends(rig, text, write_request(text, sizeof(text), what, "Bob", "bob"), reason);
	sends(rig, text, write_request(text, sizeof(text), "bob", what, "bob"), reason);
	sends(rig, text, write_request(text, sizeof(text), "bob", "Bob", what), reason);
}

/* Far behind in a long name, at each distance from where a part of it begins; and a longer one than
 * is looked at, if an octet of it is suspect. */
static void test_long_texts(void **state)
{
	auto_rig struct rig rig;
	char name[2600], text[4096];

	(void)state;
	rig_open(&rig, YAML_PLAIN "injection: deny\n");
	for (int before = 100; before < 390; before++) {
		snprintf(name, sizeof(name), "%0*d' union select 1", before, 0);
		says(&rig, name, SW_REASON_INJECTION);
		snprintf(name, sizeof(name), "%0*d/* union select 1", before, 0);
		says(&rig, name, SW_REASON_INJECTION);
		snprintf(name, sizeof(name), "%0*d-- union select 1", before, 0);
		says(&rig, name, SW_REASON_INJECTION);
		snprintf(name, sizeof(name), "%0*d- union select /1", before, 0);
		says(&rig, name, SW_REASON_NONE);
		snprintf(name, sizeof(name), "%0*d it's a union", before, 0);
		says(&rig, name, SW_REASON_NONE);
	}
	for (int length = 100; length < 2500; length += 100) {
		memset(name, 'x', length);
		name[length] = '\0';
		sends(&rig, text, write_request(text, sizeof(text), "bob", name, "bob"),
		      SW_REASON_NONE);
		name[length / 2] = '\'';
		sends(&rig, text, write_request(text, sizeof(text), "bob", name, "bob"),
		      length < 1900 ? SW_REASON_NONE : SW_REASON_INJECTION);
	}
}

static void test_attacks(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "injection: deny\n");
	for (size_t i = 0; i < array_size(attacks); i++)
		says(&rig, attacks[i], SW_REASON_INJECTION);
	for (size_t i = 0; i < array_size(names); i++)
		says(&rig, names[i], SW_REASON_NONE);
}

static void test_report_and_dialog(void **state)
{
	char text[2048], *tag;
	size_t size = write_request(text, sizeof(text), "bob", attacks[0], "bob");
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "injection: report\n");
	sends_shadowed(&rig, text, size, SW_REASON_INJECTION);
	{
		auto_rig struct rig denies;

		rig_open(&denies, YAML_PLAIN "injection: deny\n");
		sends(&denies, text, size, SW_REASON_INJECTION);
		tag = strstr(text, "\r\nCall-ID");
		memmove(tag + 6, tag, size - (tag - text) + 1);
		memcpy(tag, ";tag=7", 6);
		sends_shadowed(&denies, text, size + 6, SW_REASON_INJECTION);
	}
}

static void test_corpus(void **state)
{
	cleanup(globfree) glob_t found = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "sanity: {profile: off}\ninjection: deny\n");
	assert_int_equal(glob("selftests/corpus/*/*.sip", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct error e = {};
		size_t size;
		auto_free char *text = read_whole_file(found.gl_pathv[i], 65000, &size, &e);

		assert_non_null(text);
		gets_in(&rig, text, size);
		if (outcome.reason == SW_REASON_INJECTION)
			fail_msg("%s is told to be an injection", found.gl_pathv[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_report_and_dialog),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
