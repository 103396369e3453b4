/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Attack tools by name and by structure. selftests/corpus/scanners holds what real ones sent,
 * the name changed; everything else in the corpus is what none of the rules may match.
 */
#include "rig.h"

#include <glob.h>

#define CORPUS   "selftests/corpus"
#define SCANNERS CORPUS "/scanners/"
#define YAML_ALL                              \
	YAML_PLAIN "sanity: {profile: off}\n" \
		   "signatures: {user_agent: builtin, structure: deny}\n"

static size_t with_agent(char *text, size_t size, const char *agent)
{
	size_t used = request(text, size, "OPTIONS", 1, NULL) - 2;

	return used + snprintf(text + used, size - used, "User-Agent: %s\r\n\r\n", agent);
}

static void agent_is(struct rig *rig, const char *agent, enum sw_action action)
{
	char text[2048];
	size_t size = with_agent(text, sizeof(text), agent);

	if (action == SW_ACTION_REPORT)
		sends_shadowed(rig, text, size, SW_REASON_SCANNER);
	else
		sends(rig, text, size,
		      action == SW_ACTION_DENY ? SW_REASON_SCANNER : SW_REASON_NONE);
}

static void test_names(void **state)
{
	/* clang-format off */
	static const char *const denied[] = {
		"friendly-scanner", "Friendly-Scanner", "friendly-scanner/0.3", "friendly-request",
		"sipvicious", "SIPVicious 0.3.4", "sundayddr", "sip-scan", "sipscan", "iWar",
		"iwar/0.8", "SIVuS", "siparmyknife", "pplsip", "VaxSIPUserAgent/3.5",
		"vaxipuseragent", "sipcli/v1.8", "SIPCLI", "Nmap NSE",
	};
	/* clang-format on */
	static const char *const reported[] = {
		"sipsak 0.9.7",
		"eyeBeam release 3006o stamp 17551",
		"CSipSimple_xx/r2457",
		"Ozeki VOIP SIP SDK",
		"PortSIP SDK 11.0",
		"conaito",
		"Cisco-SIPGateway/IOS-12.x",
	};
	/* Names that begin or go on otherwise, and clients that only look alike. */
	/* clang-format off */
	static const char *const good[] = {
		"sipclient/1.0", "sipscanner-proof phone", "iwarp", "nmapper", "my-sipcli",
		"x friendly-scanner", "Asterisk PBX (not sipvicious)", "friendly-scan", "sip", "s",
		"PortSIP UC Client", "Telephone 1.5", "Linphone Desktop/5.0", "baresip v1.0.0",
		"kamailio (5.6.3)", "Cisco-CP7841", "Cisco", "Cisco-SIP", "eye", "sipp",
		"Zoiper rv2.10.20.4", "snomD785/10.1",
		"a very long name of a client that goes on and on and on, sipcli and all the "
		"others behind",
	};
	/* clang-format on */
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_ALL);
	for (size_t i = 0; i < array_size(denied); i++)
		agent_is(&rig, denied[i], SW_ACTION_DENY);
	for (size_t i = 0; i < array_size(reported); i++)
		agent_is(&rig, reported[i], SW_ACTION_REPORT);
	for (size_t i = 0; i < array_size(good); i++)
		agent_is(&rig, good[i], SW_ACTION_PASS);
	/* Another line before it hides nothing. */
	agent_is(&rig, "Snom\r\nUser-Agent: friendly-scanner", SW_ACTION_DENY);
	agent_is(&rig, "\r\nuser-agent : friendly-scanner\r\nUser-Agent: Snom", SW_ACTION_DENY);
	agent_is(&rig, "Snom\r\nUser-Agent: Snom", SW_ACTION_PASS);
	/* To say nothing is no signature. */
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
}

static void test_inside_a_dialog(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_ALL);
	size = request(text, sizeof(text), "INFO", 1, "t1") - 2;
	size += snprintf(text + size, sizeof(text) - size, "User-Agent: sipcli/v1.8\r\n\r\n");
	sends_shadowed(&rig, text, size, SW_REASON_SCANNER);
	size = response(text, sizeof(text), 200, "INVITE", 1) - 2;
	size += snprintf(text + size, sizeof(text) - size, "User-Agent: sipcli/v1.8\r\n\r\n");
	sends(&rig, text, size, SW_REASON_NONE);
}

static void open_list(struct rig *rig, const char *lines)
{
	char path[] = "/tmp/sipward-agents.XXXXXX";
	auto_free char *yaml = NULL;
	FILE *out = fdopen(mkstemp(path), "w");

	assert_non_null(out);
	fputs(lines, out);
	fclose(out);
	yaml = xasprintf(YAML_PLAIN "signatures: {user_agent: %s}\n", path);
	rig_open(rig, yaml);
	unlink(path);
}

static void test_own_list(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_list(&rig, "# ours\ndeny\tEvilPhone 2\nreport Zoiper # old\n");
	agent_is(&rig, "evilphone 2.1", SW_ACTION_DENY);
	agent_is(&rig, "evilphone 3", SW_ACTION_PASS);
	agent_is(&rig, "Zoiper rv2", SW_ACTION_REPORT);
	agent_is(&rig, "friendly-scanner", SW_ACTION_PASS);
}

/* Most are let go by how they begin. */
static void test_short_names(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_list(&rig, "deny xyz\n");
	agent_is(&rig, "xyz", SW_ACTION_DENY);
	agent_is(&rig, "XYZ/1.0", SW_ACTION_DENY);
	agent_is(&rig, "xyzz", SW_ACTION_PASS);
	agent_is(&rig, "xy", SW_ACTION_PASS);
	agent_is(&rig, "x", SW_ACTION_PASS);
}

static char *read_message(const char *path, size_t *size)
{
	struct error e = {};
	char *text = read_whole_file(path, 65000, size, &e);

	if (!text)
		fail_msg("%s", e.text);
	return text;
}

/* Whether the message is told to be a scanner's. A name that is only reported tells nothing:
 * gateways and monitoring have it, too. */
static bool is_told(struct rig *rig, const char *path)
{
	size_t size;
	auto_free char *text = read_message(path, &size);

	gets_in(rig, text, size);
	for (int i = 0; i < outcome.shadow_count; i++)
		if (outcome.shadows[i] == SW_REASON_SCANNER_STRUCTURE)
			return true;
	return outcome.reason == SW_REASON_SCANNER || outcome.reason == SW_REASON_SCANNER_STRUCTURE;
}

static void test_corpus(void **state)
{
	auto_rig struct rig rig;
	cleanup(globfree) glob_t found = {};
	size_t scanners = 0, wrong = 0;

	(void)state;
	rig_open(&rig, YAML_ALL);
	assert_int_equal(glob(CORPUS "/*/*.sip", 0, NULL, &found), 0);
	if (access("../shared/corpus", R_OK) == 0)
		assert_int_equal(glob("../shared/corpus/*/*.dat", GLOB_APPEND, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		bool scanner = strncmp(path, SCANNERS, strlen(SCANNERS)) == 0;

		scanners += scanner;
		if (is_told(&rig, path) == scanner)
			continue;
		wrong++;
		print_message("# %s: %s\n", path,
			      scanner ? "is not recognised" : "is no scanner's");
	}
	print_message("# %zu scanners among %zu messages\n", scanners, found.gl_pathc);
	assert_int_equal(wrong, 0);
	assert_in_range(scanners, 14, found.gl_pathc / 4);
}

/* One property less, and it is a client like others. */
static void test_near_misses(void **state)
{
	static const struct {
		const char *file, *from, *to;
	} cases[] = {
		{"svmap-options", "z9hG4bK-", "z9hG4bKx"},
		{"svmap-options", "z9hG4bK-", "Z9hG4bK-"},
		{"svmap-options", "branch=z9hG4bK-1", "branch=z9hG4bK-a"},
		{"svmap-options", "Call-ID: 6", "Call-ID: a"},
		{"svmap-options", ";tag=306", ";tag=30g"},
		{"svmap-options", "340131373535343737353835", "3401"},
		{"svmap-options", "340131373535343737353835", "340231373535343737353835"},
		{"svwar-register", "Call-ID: ", "Call-ID: 1@"},
		{"svcrack", "Contact: sip:", "Contact: sip;"},
		{"svcrack", ";tag=3", ";tag=x"},
		{"sippts-options", "branch=x8Gf", "branch=8Gf"},
		{"sippts-options", "Call-ID: 0b1c", "Call-ID: 0b1g"},
		{"sipcli-invite", "Call-ID: 4c1f", "Call-ID: 4c1e"},
		{"nmap-probe", "branch=foo", "branch=fop"},
		{"nmap-probe", "sip:nm SIP", "sip:nn SIP"},
		{"nmap-methods", "CSeq: 1234", "CSeq: 1236"},
		{"nmap-methods", "CSeq: 1234", "CSeq: 1233"},
		{"nmap-methods", "branch=z9hG4bKk", "branch=z9hG4bK"},
		{"nmap-methods", "branch=z9hG4bKk", "branch=z8hG4bKk"},
		{"nmap-methods", "tag=W", "tag="},
		{"nmap-enum-users", "Call-ID: 7", "Call-ID: "},
		{"nmap-enum-users", "Call-ID: 7", "Call-ID: @"},
		{"nmap-call-spoof", "Call-ID: nil", "Call-ID: nils"},
		{"metasploit-options", "tag=70c00e8c", "tag=70c00e8d"},
		{"metasploit-options", "branch=z9hG4bK.", "branch=z9hG4bK-"},
		{"metasploit-options", "branch=z9hG4bK.1", "branch=z9hG4bK.12"},
		{"metasploit-enumerator", "tag=7", "tag=77"},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_ALL);
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_free char *path = xasprintf(SCANNERS "%s.sip", cases[i].file);
		size_t size, before;
		auto_free char *text = read_message(path, &size);
		auto_free char *changed = xcalloc(1, size + 64);
		char *at = strstr(text, cases[i].from);

		if (!at)
			fail_msg("%s has no %s", path, cases[i].from);
		sends(&rig, text, size, SW_REASON_SCANNER_STRUCTURE);
		before = at - text;
		memcpy(changed, text, before);
		strcpy(changed + before, cases[i].to);
		strcat(changed, at + strlen(cases[i].from));
		sends(&rig, changed, strlen(changed), SW_REASON_NONE);
	}
}

static void test_report_and_off(void **state)
{
	size_t size;
	auto_free char *text = read_message(SCANNERS "svmap-options.sip", &size);

	(void)state;
	{
		auto_rig struct rig rig;

		rig_open(&rig, YAML_PLAIN "signatures: {structure: report}\n");
		sends_shadowed(&rig, text, size, SW_REASON_SCANNER_STRUCTURE);
		agent_is(&rig, "friendly-scanner", SW_ACTION_PASS);
	}
	{
		auto_rig struct rig rig;

		rig_open(&rig, YAML_PLAIN "signatures: {structure: off, user_agent: off}\n");
		sends(&rig, text, size, SW_REASON_NONE);
		agent_is(&rig, "friendly-scanner", SW_ACTION_PASS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),          cmocka_unit_test(test_inside_a_dialog),
		cmocka_unit_test(test_own_list),       cmocka_unit_test(test_short_names),
		cmocka_unit_test(test_corpus),         cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_report_and_off),
	};

	return cmocka_run_group_tests_name("signatures", tests, NULL, NULL);
}
